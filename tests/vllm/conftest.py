from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest

from tests.vllm.models import Models, models
from tests.vllm.server import ENVIRONMENT, serving


@pytest.fixture(scope="session", autouse=True)
def _needs_vllm() -> None:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vLLM is in an environment of its own: make test-vllm")


@pytest.fixture(scope="session")
def forms(_needs_vllm: None) -> Models:
    """The local brain's model as vLLM takes it."""
    os.environ.update(ENVIRONMENT)
    return models()


@pytest.fixture(scope="session")
def server(forms: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the base and its adapter, of which two requests run at a time."""
    flags = ("--enable-lora", "--max-lora-rank", "32", "--lora-modules", f"headstart={forms.adapter}")
    flags += ("--max-model-len", "2048", "--max-num-seqs", "2", "--scheduling-policy", "priority")
    with serving(forms.base, tmp_path_factory.mktemp("server") / "log", *flags) as url:
        yield url
