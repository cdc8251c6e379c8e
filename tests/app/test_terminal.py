"""The screen in a real terminal: it draws itself, and whatever ends it, the terminal is as it was."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.store import Store

ROOT = Path(__file__).parents[2]
ENTER, LEAVE, SHOW_CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
PATIENCE = 60.0  # seconds


class Terminal:
    """`headstart talk` on the demo recording, in a pseudo-terminal of its own."""

    def __init__(self, data: Path) -> None:
        self.control, self.line = pty.openpty()
        termios.tcsetwinsize(self.line, (36, 120))
        self.before = termios.tcgetattr(self.line)
        self.seen = b""
        command = "from app.cli import main; main()"
        arguments = [
            "talk",
            "--input",
            "assets/demo.wav",
            "--output",
            "none",
            "--demo-data",
            "--data",
            str(data),
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-c", command, *arguments],
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            cwd=ROOT,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )

    def until(self, text: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen[-2000:]
            self._read(0.5)

    def end(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.seen[-2000:]
            self._read(0.2)
        self._read(0.0)
        return self.process.returncode

    def _read(self, seconds: float) -> None:
        while select.select([self.control], [], [], seconds)[0]:
            self.seen += os.read(self.control, 65536)
            seconds = 0.0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.control)
        os.close(self.line)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("leave", [b"q", b"\x03", signal.SIGTERM], ids=["q", "ctrl-c", "SIGTERM"])
def test_the_terminal_is_left_as_it_was(
    terminal: Terminal, tmp_path: Path, leave: bytes | signal.Signals
) -> None:
    terminal.until(ENTER)
    terminal.until(b"find_events")  # a call is on the screen, in the middle of the turn
    if isinstance(leave, bytes):
        os.write(terminal.control, leave)
    else:
        terminal.process.send_signal(leave)
    assert terminal.end() == 0, terminal.seen[-2000:]
    assert terminal.seen.rindex(LEAVE) > terminal.seen.rindex(ENTER)
    assert SHOW_CURSOR in terminal.seen
    assert termios.tcgetattr(terminal.line) == terminal.before
    with Store.open(tmp_path) as store:
        assert not store.rows("SELECT * FROM journal WHERE state = 'intent'")
