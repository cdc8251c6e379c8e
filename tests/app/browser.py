"""A real browser, driven through its devtools: Chromium without a window."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0  # seconds
_NAMES = ("chromium", "chromium-browser", "google-chrome")
SIZE = (1300, 800)


def chromium() -> str | None:
    """Where Chromium is, or None."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


class Page:
    """One page in the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("id") == self._last:
                assert "error" not in message, message
                return message["result"]

    def evaluate(self, script: str) -> Any:
        """The value of a script."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, address: str) -> None:
        """Go there."""
        self.call("Page.navigate", url=address)

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def marked_text(self) -> str:
        """The text of the terminal in the page: marked with the mouse from corner to corner, and copied.

        A terminal in a page is a drawing, without text of its own in the document. Marking and copying is
        how a person gets at it. With shift held, the mouse marks even where the program wants its clicks.
        """
        self.evaluate(
            "window.copied = ''; document.addEventListener('copy', (event) => "
            "{ window.copied = event.clipboardData.getData('text/plain'); }, { once: true });"
        )
        box = self.evaluate(
            "(() => { const box = document.querySelector('.xterm-screen').getBoundingClientRect();"
            "return [box.left, box.top, box.right, box.bottom]; })()"
        )
        shift = 8
        left, top, right, bottom = box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1
        mouse = {"button": "left", "buttons": 1, "modifiers": shift, "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=left, y=top, **mouse)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=right, y=bottom, **mouse)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=right, y=bottom, **mouse)
        copy = {"key": "c", "code": "KeyC", "modifiers": 2, "commands": ["copy"]}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **copy)
        return str(self.evaluate("window.copied"))


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Page]:
    """A browser with one empty page, and a profile of its own that is left behind."""
    process = subprocess.Popen(
        [
            program,
            "--headless=new",
            "--no-sandbox",  # which root may not have
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            f"--window-size={SIZE[0]},{SIZE[1]}",
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_page(process, profile / "DevToolsActivePort"), max_size=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _page(process: subprocess.Popen[bytes], announced: Path) -> str:
    """The devtools address of the empty page."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, f"the browser ended with {process.returncode}"
        assert time.monotonic() < deadline, "the browser does not come up"
        with suppress(OSError, IndexError):  # not written yet, or not listening yet
            port = announced.read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
