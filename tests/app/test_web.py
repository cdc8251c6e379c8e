"""A replay in the browser: a real server, a real Chromium, and what a person can read in its window."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from agents.events import SCHEMA_VERSION
from app.record import RecordError
from app.web import serve
from tests.app.browser import PATIENCE, Page, browser, chromium

ROOT = Path(__file__).parents[2]
REPLAY = [sys.executable, "-c", "from app.cli import main; main()", "replay"]


@contextmanager
def served(record: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server, and the address it announced."""
    process = subprocess.Popen(
        [*REPLAY, str(record), "--web", "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,  # so that ctrl-c can reach its whole group, as in a terminal
    )
    try:
        assert process.stdout is not None
        announced = process.stdout.readline()
        assert announced.startswith("http://127.0.0.1:"), process.communicate()
        yield process, announced.split()[0]
    finally:
        process.kill()
        process.communicate()


def shows(page: Page, *texts: str) -> str:
    """Wait until the page shows all of these, and say what it shows."""
    deadline = time.monotonic() + PATIENCE
    while True:
        ready = page.evaluate("document.querySelector('.xterm-screen canvas') !== null")
        text = page.marked_text() if ready else ""
        if all(part in text for part in texts):
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium here; install it with: apt-get install chromium")
    with browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_the_browser_shows_the_calls_of_a_replay(page: Page, sample_path: Path) -> None:
    with served(sample_path, "--speed", "1000") as (process, address):
        page.open(address)
        text = shows(page, "find_events", "ENDED")
        assert "create_cal" in text
        assert "Lunch with Ana is on Saturday at 13:00." in " ".join(text.replace("│", " ").split())
        picture = Image.open(io.BytesIO(page.picture())).convert("RGB")
        colours = picture.getcolors(maxcolors=picture.width * picture.height)
        assert colours is not None
        assert len(colours) > 50  # letters, drawn and smoothed in the colours of their states

        os.killpg(process.pid, signal.SIGINT)  # ctrl-c while somebody watches
        _, complaints = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert complaints == ""
        with pytest.raises(ProcessLookupError):  # nor is a visitor's replay left
            os.killpg(process.pid, 0)


def test_the_page_asks_nobody_else(page: Page, sample_path: Path) -> None:
    with served(sample_path) as (process, address):
        page.open(address)
        shows(page, "local")
        fetched = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert fetched
        assert [name for name in fetched if not name.startswith((address, "data:"))] == []
        process.terminate()  # the server alone: it sees to its visitors, and waits for none of them
        assert process.communicate(timeout=PATIENCE / 3) == ("", "")
        assert process.returncode == 0


def test_no_other_page_may_watch(sample_path: Path) -> None:
    with served(sample_path) as (_, address):
        for origin in ("http://example.org", "http://127.0.0.1:1", None):
            headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
            if origin is not None:
                headers["Origin"] = origin
            with pytest.raises(HTTPError) as refused:
                urlopen(Request(f"{address}/ws", headers=headers), timeout=PATIENCE)
            with refused.value as answer:
                assert answer.code == 403


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order(sample_path: Path, number: signal.Signals) -> None:
    with served(sample_path) as (process, address):
        with urlopen(address, timeout=PATIENCE) as answer:
            assert b"sample.jsonl" in answer.read()
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest, complaints) == (0, "", "")


def test_a_taken_port_is_one_line(sample_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        run = subprocess.run(
            [*REPLAY, str(sample_path), "--web", "--port", port],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=PATIENCE,
        )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"headstart: port {port} is taken; choose another one with --port\n"


def test_what_no_visitor_could_see_is_refused_at_once(sample_path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text(f'{{"headstart":{SCHEMA_VERSION}}}\n{{"event"')
    with pytest.raises(RecordError, match="line 2 is cut short"):
        serve(broken, 0)
    with pytest.raises(RecordError, match="there is no theme 'pink'"):
        serve(sample_path, 0, theme="pink")
