"""The screen in a real terminal: it draws itself, and whatever ends it, the terminal is as it was."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.store import Store

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds
SIZE = (120, 36)
HEADSTART = [sys.executable, "-c", "from app.cli import main; main()"]
DEMO = ["talk", "--input", "assets/demo.wav", "--output", "none", "--demo-data", "--data"]

# What happens when a part of the screen breaks as soon as there is a call to be drawn.
BROKEN = """
from app.cli import main
from app.screen.widgets import Timeline
show = Timeline.show
def broken(self, state, now):
    if state.turn and state.turn.rows:
        raise RuntimeError("the chart is broken")
    show(self, state, now)
Timeline.show = broken
main()
"""


class Terminal:
    """A shell in a pane of tmux, and what stands in it."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(folder / "tmux")]
        shell = ["env", "-i", *(f"{name}={os.environ.get(name, '')}" for name in ("PATH", "HOME"))]
        shell += ["LANG=C.UTF-8", "TERM=screen-256color", "PS1=$ ", "bash", "--norc", "--noprofile"]
        size = ["-x", str(SIZE[0]), "-y", str(SIZE[1])]
        self.tmux("new-session", "-d", *size, "-c", str(ROOT), shlex.join(shell))

    def tmux(self, *arguments: str) -> str:
        run = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, timeout=PATIENCE)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)

    def text(self) -> str:
        """What a person sees, one row a line."""
        return self.tmux("capture-pane", "-p").rstrip()

    def history(self) -> str:
        """The same, with what has scrolled away."""
        return self.tmux("capture-pane", "-p", "-S", "-").rstrip()

    def until(self, done: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + PATIENCE
        while not done(text := self.text()):
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        return text

    def modes(self) -> str:
        """Alternate screen, cursor, keypad, mouse: how programs leave traces."""
        flags = ("alternate_on", "cursor_flag", "keypad_cursor_flag", "keypad_flag", "insert_flag")
        mouse = ("mouse_any_flag", "mouse_sgr_flag", "mouse_all_flag", "mouse_button_flag")
        return self.tmux("display-message", "-p", " ".join(f"{name}=#{{{name}}}" for name in flags + mouse))

    def program(self) -> int:
        """The process that the shell runs."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        (child,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(child)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=PATIENCE)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux here; install it with: apt-get install tmux")
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


class Talk:
    """The demonstration on the screen, in a terminal whose traits are noted before and after."""

    def __init__(self, terminal: Terminal, folder: Path, program: list[str]) -> None:
        self.terminal = terminal
        self.data = folder / "data"
        self._folder = folder
        terminal.type("stty -a > " + shlex.quote(str(folder / "before")))
        terminal.type("clear; echo what was here before")
        terminal.until(lambda text: text.startswith("what was here before"))
        self._modes = terminal.modes()
        script = folder / "talk"
        script.write_text(f"exec {shlex.join([*program, *DEMO, str(self.data)])}\n")
        terminal.type(f"bash {shlex.quote(str(script))}; echo ended with $?")

    def left_clean(self) -> str:
        """Wait for the end, look at the terminal, and return what stands in it."""
        text = self.terminal.until(lambda text: "ended with" in text.rpartition("$?")[2])
        assert self.terminal.modes() == self._modes
        assert "what was here before\n$ bash" in self.terminal.history()
        self.terminal.type("stty -a > " + shlex.quote(str(self._folder / "after")))
        self.terminal.type("echo it works: $((40 + 2))")
        self.terminal.until(lambda text: text.endswith("\nit works: 42\n$"))
        assert (self._folder / "after").read_text() == (self._folder / "before").read_text()
        with Store.open(self.data) as store:
            assert not store.rows("SELECT * FROM journal WHERE state = 'intent'")
        return text


def test_the_demonstration_is_seen_and_left_with_q(terminal: Terminal, tmp_path: Path) -> None:
    talk = Talk(terminal, tmp_path, HEADSTART)
    early = terminal.until(lambda text: "find_events" in text)
    assert "after you stopped" not in early  # the call is there before the answer
    assert terminal.modes() != talk._modes
    terminal.until(lambda text: "after you stopped" in text)
    terminal.press("q")
    text = talk.left_clean()
    assert text.splitlines()[2:] == ["ended with 0", "$"]  # nothing of the screen, no complaint


def test_a_signal_in_the_middle_of_a_turn(terminal: Terminal, tmp_path: Path) -> None:
    talk = Talk(terminal, tmp_path, HEADSTART)
    terminal.until(lambda text: "find_events" in text)
    os.kill(terminal.program(), signal.SIGTERM)
    assert talk.left_clean().splitlines()[2:] == ["ended with 0", "$"]


@pytest.mark.parametrize("leave", ["q", "C-c", "SIGTERM"])
def test_a_replay_leaves_the_terminal_as_it_was(terminal: Terminal, sample_path: Path, leave: str) -> None:
    before = terminal.modes()
    replay = shlex.join([*HEADSTART, "replay", str(sample_path)])
    terminal.type(f"clear; {replay}; echo ended with $?")
    terminal.until(lambda text: "get_phone_number" in text)
    if leave == "SIGTERM":
        os.kill(terminal.program(), signal.SIGTERM)
    else:
        terminal.press(leave)
    assert terminal.until(lambda text: text.endswith("$")).splitlines() == ["ended with 0", "$"]
    assert terminal.modes() == before


def test_a_screen_that_breaks_gives_the_terminal_back_and_the_session_goes_on(
    terminal: Terminal, tmp_path: Path
) -> None:
    talk = Talk(terminal, tmp_path, [sys.executable, "-c", BROKEN])
    text = talk.left_clean()
    assert "ended with 0" in text
    assert "after you stopped" in text  # told as text
    assert "the chart is broken" in (talk.data / "screen.log").read_text()
