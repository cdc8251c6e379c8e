from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.mcp.parts import HERE, git, http_git, stdio_git
from tools.mcp.config import ServerConfig


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git("init", "-q", folder=folder)
    git("commit", "-q", "--allow-empty", "-m", "the beginning", folder=folder)
    return folder


@pytest.fixture(scope="module")
def http_port(repository: Path) -> Iterator[int]:
    """The git server over HTTP; it takes who knows the word only."""
    program = [sys.executable, str(HERE / "git_over_http.py"), str(repository), "sesame"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()


@pytest.fixture(params=["stdio", "http"])
def real(request: pytest.FixtureRequest, repository: Path) -> ServerConfig:
    if request.param == "stdio":
        return stdio_git(repository)
    return http_git(request.getfixturevalue("http_port"))
