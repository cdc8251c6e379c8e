"""`headstart serve` from a started process to its end: real children, real signals, no model."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from app.serve.command import serve
from app.serve.machine import Engine, ServeError
from app.serve.model import Model
from app.serve.plan import Plan, plan
from app.serve.run import run
from app.serve.server import started

ANSWERS = """\
import http.server, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
print("INFO Starting to load model tiny...", flush=True)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def program(folder: Path, text: str) -> Engine:
    """A command that runs `text` with Python."""
    command = folder / "vllm"
    command.write_text(f"#!{sys.executable}\n{text}")
    command.chmod(0o755)
    return Engine(command, "0+cpu")


def planned() -> Plan:
    return plan(Model("tiny"), None, None, port=free_port())


async def until(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    said = ""
    async with asyncio.timeout(30):
        while text not in said:
            await asyncio.sleep(0.02)
            said += capsys.readouterr().out
    return said


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_and_everything_it_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    engine = program(
        tmp_path,
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('child', child.pid, flush=True)\n" + ANSWERS,
    )
    what = planned()
    running = asyncio.create_task(run(engine, what, tmp_path / "log"))
    said = await until("ready:", capsys)
    assert "loading the model" in said
    assert f"headstart talk --brain vllm --url http://127.0.0.1:{what.port}/v1" in said
    for flag in what.flags:
        assert flag.why in said
    os.kill(os.getpid(), number)
    await running
    assert "ending vLLM" in capsys.readouterr().out
    found = re.search(r"child (\d+)", (tmp_path / "log").read_text())
    assert found
    async with asyncio.timeout(5):
        while is_alive(int(found[1])):
            await asyncio.sleep(0.01)
    socket.create_server(("127.0.0.1", what.port)).close()


async def test_a_signal_ends_it_while_it_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = program(tmp_path, "import time\nprint('Starting to load model', flush=True)\ntime.sleep(600)")
    running = asyncio.create_task(run(engine, planned(), tmp_path / "log"))
    await until("loading the model", capsys)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert "ready" not in capsys.readouterr().out


async def test_one_that_ends_by_itself_is_told_in_one_line(tmp_path: Path) -> None:
    engine = program(tmp_path, "raise ValueError('the moon is full')")
    with pytest.raises(ServeError) as told:
        await run(engine, planned(), tmp_path / "log")
    assert str(told.value) == (f"vLLM has ended: the moon is full; all it said is in {tmp_path / 'log'}")
    assert "Traceback" in (tmp_path / "log").read_text()


async def test_one_that_is_killed_after_it_was_ready_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = program(tmp_path, "import os\nprint('pid', os.getpid(), flush=True)\n" + ANSWERS)
    running = asyncio.create_task(run(engine, planned(), tmp_path / "log"))
    await until("ready:", capsys)
    found = re.search(r"pid (\d+)", (tmp_path / "log").read_text())
    assert found
    os.kill(int(found[1]), signal.SIGKILL)
    with pytest.raises(ServeError, match="vLLM was killed"):
        await running


async def test_one_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    engine = program(tmp_path, "")
    engine.command.chmod(0o644)
    with pytest.raises(ServeError, match=r"cannot be run \(Permission denied\)"):
        await run(engine, planned(), tmp_path / "log")


async def test_one_that_will_not_end_is_ended(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    heard = asyncio.Event()
    async with started(
        [sys.executable, "-c", stubborn], {}, tmp_path / "log", lambda line: heard.set(), patience=0.05
    ) as server:
        await heard.wait()
    assert await server.ended() == -signal.SIGKILL


async def test_its_log_keeps_every_byte_and_bars_of_progress_are_lines(tmp_path: Path) -> None:
    text = "import sys; sys.stdout.write('10%\\r20%\\r\\nw\\xf6rd\\nlast')"
    lines: list[str] = []
    async with started(
        [sys.executable, "-X", "utf8", "-c", text], {}, tmp_path / "log", lines.append
    ) as server:
        await server.ended()
    assert (tmp_path / "log").read_bytes() == "10%\r20%\r\nwörd\nlast".encode()
    assert lines == ["10%", "20%", "", "wörd"]
    assert list(server.lines)[-1] == "last"


def test_the_command_refuses_before_it_starts_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServeError, match="vLLM is not installed"):
        serve(data=tmp_path)
    command(tmp_path / "vllm")
    with pytest.raises(ServeError, match="there is no graphics card here"):
        serve(data=tmp_path)
    command(tmp_path / "nvidia-smi", "echo '0, GPU-1, NVIDIA GeForce RTX 4090, 24564, 23901, 8.9'")
    with pytest.raises(ServeError, match=r"config\.json"):
        serve(str(tmp_path), data=tmp_path)
    with pytest.raises(ServeError, match="is no adapter"):
        serve(adapter=tmp_path, data=tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServeError, match="is taken"):
        serve(port=taken.getsockname()[1], data=tmp_path)
    with pytest.raises(ServeError, match="cannot be written"):
        serve(port=free_port(), data=tmp_path / "vllm")  # a file, where a folder is meant


def command(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def test_without_a_card_the_command_is_shown_for_one_of_24_gb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    serve(port=8001, show=True)
    shown = capsys.readouterr().out
    assert "on a card of 24 GB" in shown
    assert "--port 8001" in shown
