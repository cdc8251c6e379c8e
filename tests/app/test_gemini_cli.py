"""`--brain gemini` as a person types it; only Google is a double."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.gemini import GeminiDouble
from tests.doubles.gemini_mind import Ask, plan
from tests.doubles.gemini_models import KEY, on_words
from tests.doubles.tls import loopback
from tests.today import plans

ROOT = Path(__file__).parents[2]
LOOK = Ask("find_events", {"day": "Saturday"})


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int | None
    out: str
    err: str


@pytest.fixture
async def double() -> AsyncIterator[GeminiDouble]:
    async with GeminiDouble(plan(LOOK), guess=on_words({"Saturday": [LOOK]})) as double:
        yield double


async def headstart(*arguments: str, folder: Path, url: str, key: str = KEY, **settings: Any) -> Ran:
    """The real command, which believes that `url` is Google."""
    certificate = folder / "loopback.pem"
    certificate.write_bytes(loopback().certificate)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        "SSL_CERT_FILE": str(certificate),
        "HEADSTART_GEMINI": json.dumps({"url": url, **settings}),
        "GEMINI_API_KEY": key,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        *arguments,
        "--brain",
        "gemini",
        "--data",
        str(folder / "data"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return Ran(process.returncode, out.decode(), err.decode())


async def test_a_conversation_and_its_record_without_the_key(double: GeminiDouble, tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    ran = await headstart(
        "say",
        "what's on Saturday",
        "--json",
        "--demo-data",
        "--record",
        str(record),
        folder=tmp_path,
        url=double.url,
    )
    assert ran.code == 0, ran.err
    assert double.refused == []
    events = [json.loads(line) for line in ran.out.splitlines()]
    (answer,) = [e["text"] for e in events if e["event"] == "Answered"]
    assert answer.startswith(await plans("Saturday"))
    assert {e["model"] for e in events if e["event"] == "Used"} == {"gemini-3.8-live", "gemini-3.8-flash"}
    assert all(e["dollars"] for e in events if e["event"] == "Used")
    written = _files(tmp_path)
    assert str(record) in written
    assert not [path for path, content in written.items() if KEY.encode() in content]
    assert KEY not in ran.out + ran.err


def _files(folder: Path) -> dict[str, bytes]:
    """Everything that was written, by its path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("no key", "set GEMINI_API_KEY in the environment"),
        ("wrong key", "Google does not accept the key in GEMINI_API_KEY"),
        ("no network", "Gemini cannot be reached; check the network connection"),
        ("no model", "the model gemini-9-live is not available to this key"),
        ("no speculator", "the model gemini-9-flash is not available to this key"),
        ("not live", "the model gemini-3.8-flash is not available to this key"),
        ("limit", "Google's limit for this key is reached"),
        ("well", "gemini-3.8-live, with gemini-3.8-flash to guess"),
    ],
)
async def test_doctor_tells_what_is_wrong(double: GeminiDouble, tmp_path: Path, case: str, told: str) -> None:
    key = {"no key": "", "wrong key": "AIzaSy-of-somebody-else"}.get(case, KEY)
    settings = {
        "no model": {"model": "gemini-9-live"},
        "no speculator": {"speculator": "gemini-9-flash"},
        "not live": {"model": "gemini-3.8-flash"},
    }.get(case, {})
    double.quota = "You exceeded your current quota." if case == "limit" else ""
    url = "https://127.0.0.1:9" if case == "no network" else double.url
    ran = await headstart("doctor", "--json", folder=tmp_path, url=url, key=key, **settings)
    checks = {check["name"]: check for check in map(json.loads, ran.out.splitlines())}
    assert told in checks["brain"]["detail"]
    assert checks["brain"]["ok"] is (case == "well")
    assert not key or key not in ran.out + ran.err


@pytest.mark.parametrize("case", ["wrong key", "no network"])
async def test_what_cannot_be_begun_is_told_in_a_line(
    double: GeminiDouble, tmp_path: Path, case: str
) -> None:
    key = "AIzaSy-of-somebody-else" if case == "wrong key" else KEY
    url = "https://127.0.0.1:9" if case == "no network" else double.url
    ran = await headstart("say", "hello", folder=tmp_path, url=url, key=key)
    assert ran.code not in (0, None)
    (line,) = ran.err.splitlines()
    assert line.startswith("headstart: ") and ("GEMINI_API_KEY" in line or "network" in line)
    assert key not in ran.out + ran.err
