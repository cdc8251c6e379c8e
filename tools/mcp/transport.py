"""How a server is reached, and whether a request has left for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

import anyio
import httpx2
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from tools.mcp.config import HttpServer, ServerConfig, StdioServer

# Error codes of our own.
NOT_REACHED = -32097  # the request never left
NOT_ALLOWED = -32098  # it was turned away at the door
_TIMEOUT = httpx2.Timeout(30, connect=5, read=300)  # a call itself is bounded by whoever makes it

left: ContextVar[list[bool] | None] = ContextVar("left", default=None)
"""Set to a list, it gets an item as soon as a message of this task may have left for the server."""


class _Streams(Protocol):
    async def send(self, item: SessionMessage, /) -> None: ...
    async def aclose(self) -> None: ...


class _Watched:
    """The stream to a server; it takes note in `left` of what goes through it."""

    def __init__(self, inner: _Streams) -> None:
        self._inner = inner

    async def send(self, item: SessionMessage, /) -> None:
        note = left.get()
        if note is not None:
            note.append(True)  # before the message goes: a send that is cancelled may have delivered it
        try:
            await self._inner.send(item)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            if note is not None:
                note.clear()  # nobody was there to take it
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Client(httpx2.AsyncClient):
    """Answers for a server that was not there, or let nobody in, with errors of our own.

    Left to itself the first would tear down every other call to the server, and nobody could tell either
    from a failure after the request had been taken.
    """

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            response = await super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return _error(request, NOT_REACHED, "nobody answers at its address")
        if response.status_code in (401, 403):
            await response.aclose()
            return _error(request, NOT_ALLOWED, f"it wants another key (HTTP {response.status_code})")
        return response


def _error(request: httpx2.Request, code: int, message: str) -> httpx2.Response:
    content = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    return httpx2.Response(503, json=content, request=request)


@contextlib.asynccontextmanager
async def streams(server: ServerConfig, errors: TextIO) -> AsyncGenerator[tuple[Any, _Watched]]:
    """The streams from and to `server`; what a program writes to its standard error goes to `errors`.

    To be entered and left in one task. Raises OSError for a program that cannot be started.
    """
    match server:
        case StdioServer():
            program = StdioServerParameters(
                command=server.command,
                args=list(server.args),
                env=dict(server.env),
                cwd=server.cwd,
                encoding_error_handler="replace",  # stray bytes on its standard output are one bad line
            )
            async with stdio_client(program, errlog=errors) as (read, write):
                yield read, _Watched(write)
        case HttpServer():
            async with (
                _Client(headers=dict(server.headers), timeout=_TIMEOUT) as client,
                streamable_http_client(server.url, http_client=client) as (read, write),
            ):
                yield read, _Watched(write)
