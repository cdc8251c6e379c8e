"""The way to a server, on which things go wrong: it is cut off in an answer, or silent from there on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from enum import StrEnum


class Fault(StrEnum):
    """What becomes of a connection."""

    CUT = "cut"
    SILENT = "silent"


class Cable:
    """Passes on what is sent to a port of this machine, until something goes wrong.

    `break_after(fault, count)`: the server may send so many bytes more, over all connections. `mend` ends it.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self.broken = 0  # connections that a fault has hit
        self._target = target
        self._fault: Fault | None = None
        self._left = 0
        self._server: asyncio.Server | None = None
        self._closed = asyncio.Event()
        self._connections: set[asyncio.Task[object]] = set()

    async def open(self) -> None:
        """Take connections at `port`."""
        self._server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection, and take no more."""
        assert self._server is not None
        self._server.close()
        self._closed.set()
        await asyncio.gather(*self._connections)

    @property
    def url(self) -> str:
        """Of the server behind it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def break_after(self, fault: Fault, count: int) -> None:
        """From now on, after so many bytes from the server, this happens."""
        self._fault, self._left = fault, count

    def mend(self) -> None:
        """New connections work again."""
        self._fault = None

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it or a fault does."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            ways = [
                asyncio.ensure_future(_copy(reader, back)),
                asyncio.ensure_future(self._answer(there, writer)),
                asyncio.ensure_future(self._closed.wait()),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                back.transport.abort()
        writer.transport.abort()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await there.read(256):
            if self._fault is not None:
                chunk = chunk[: self._left]
                self._left -= len(chunk)
            writer.write(chunk)
            await writer.drain()
            if self._fault is not None and self._left <= 0:
                self.broken += 1
                if self._fault is Fault.SILENT:
                    await asyncio.Event().wait()  # until the client has had enough
                return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(1 << 16):
        writer.write(chunk)
        await writer.drain()


@contextlib.asynccontextmanager
async def cable(target: int) -> AsyncGenerator[Cable]:
    """A way to `target` for as long as it is needed."""
    way = Cable(target)
    await way.open()
    try:
        yield way
    finally:
        await way.close()
