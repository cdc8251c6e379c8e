"""A replay in the browser: the same screen, served to this machine only."""

from __future__ import annotations

import asyncio
import errno
import shlex
import signal
import socket
import sys
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from aiohttp import web
from textual_serve.server import Server

from app.export import font_faces, themed
from app.record import read_record
from app.screen import HeadstartScreen
from tools.errors import HeadstartError

HOST = "127.0.0.1"

_PAGE = files("assets") / "replay.html"
_COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "replay")


class WebError(HeadstartError):
    """The page cannot be served. The message is one line that says what to do."""


def serve(
    record: Path, port: int, *, speed: float = 1.0, start: float | None = None, theme: str | None = None
) -> None:
    """Serve the replay of `record` at `port`, 0 for any, until SIGINT or SIGTERM.

    Each visitor gets a replay of their own: from `start` seconds on, at `speed` times its pace, in `theme`.
    Raises RecordError for a record that cannot be read or an unknown theme, and WebError where the port
    cannot be had.
    """
    flags = ["--screen", f"--speed={speed}"]
    flags += [] if start is None else [f"--at={start}"]
    flags += [] if theme is None else [f"--theme={theme}"]
    themed(HeadstartScreen(lambda: 0.0, events=read_record(record)), theme)  # refuse now, not each visitor
    command = shlex.join([*_COMMAND, *flags, "--", str(record.absolute())])
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        what = "taken" if error.errno == errno.EADDRINUSE else "not to be had"
        raise WebError(f"port {port} is {what}; choose another one with --port") from error
    with listening:
        server = _ReplayServer(command, listening.getsockname()[1], record.name)
        asyncio.run(server.run(listening))


class _ReplayServer(Server):
    """textual-serve without what has no place here: its logo, and fonts from the network."""

    def __init__(self, command: str, port: int, title: str) -> None:
        super().__init__(command, HOST, port, title)
        self._visits: set[asyncio.Task[object]] = set()

    async def run(self, listening: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM."""
        over = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        runner = web.AppRunner(await self._make_app())
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            print(f"{self.public_url}  (ctrl-c ends it)", flush=True)
            await over.wait()
        finally:
            await runner.cleanup()

    async def on_startup(self, app: web.Application) -> None:
        """Print no logo."""

    async def on_shutdown(self, app: web.Application) -> None:
        """End the visitors' replays; else the server would wait for them to close their windows."""
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        page = Template(_PAGE.read_text(encoding="utf-8"))
        fonts = font_faces("Roboto Mono")  # what its terminal asks for
        text = page.substitute(title=escape(self.title), fonts=fonts, port=self.port)
        return web.Response(text=text, content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a replay for the page, and for no other page: a record is nobody else's business."""
        if request.headers.get("Origin") not in (self.public_url, f"http://localhost:{self.port}"):
            raise web.HTTPForbidden(text="only the page of this server may watch")
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            return await super().handle_websocket(request)
        finally:
            self._visits.discard(visit)
