"""A server for the length of a session: connected when it is needed, and again when it went away."""

from __future__ import annotations

import asyncio
from typing import TextIO

from mcp import types

from tools.mcp.config import ServerConfig
from tools.mcp.connection import CallFailed, Connection, ConnectionFailed
from tools.mcp.text import line
from tools.tool import Arguments, OutcomeUnknown, ToolError

_AGAIN_SECONDS = 5.0  # for connecting once more in the middle of a call


class Server:
    """One configured server. A failing call costs itself: the next one finds the server anew."""

    def __init__(self, config: ServerConfig, errors: TextIO) -> None:
        """`errors` takes what a program writes to its standard error."""
        self.config = config
        self._errors = errors
        self._connection: Connection | None = None
        self._made: list[Connection] = []
        self._connecting = asyncio.Lock()

    @property
    def spoken(self) -> str:
        """Its name in the file, as it is shown."""
        return line(self.config.name, 40)

    async def start(self, seconds: float, limit: int) -> tuple[list[types.Tool], bool]:
        """Connect; at most `limit` of its tools, and whether there are more. Raises ConnectionFailed."""
        try:
            async with asyncio.timeout(seconds):
                connection = await self._connected(seconds)
                return await connection.tools(limit)
        except (TimeoutError, ConnectionFailed) as error:
            if self._connection is not None:
                self._connection.give_up()
            if isinstance(error, ConnectionFailed):
                raise
            raise ConnectionFailed(f"it did not answer within {seconds:g} seconds") from None

    async def call(self, name: str, arguments: Arguments, *, is_effect: bool) -> types.CallToolResult:
        """The answer of its tool `name`. Raises ToolError; OutcomeUnknown for an effect that may have been.

        It is asked again, once and over a new connection, only where the first request never left, or was
        a read that a restarted server did not look at.
        """
        for is_last in (False, True):
            try:
                connection = await self._connected(_AGAIN_SECONDS)
            except ConnectionFailed as error:
                raise ToolError(f"The server {self.spoken} cannot be used: {error}.") from error
            try:
                return await connection.call(name, arguments)
            except CallFailed as error:
                if error.is_gone:
                    connection.give_up()
                    if error.is_sure and not is_last and not (is_effect and error.has_left):
                        continue
                why = f"The server {self.spoken} {error}"
                if is_effect and not error.is_sure:
                    raise OutcomeUnknown(
                        f"{why}; it is not known whether it did what it was asked."
                    ) from error
                raise ToolError(why if why.endswith(("…", ".", "!", "?")) else f"{why}.") from error
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """End every connection there was."""
        await asyncio.gather(*(connection.close() for connection in self._made))

    async def _connected(self, seconds: float) -> Connection:
        async with self._connecting:
            connection = self._connection
            if connection is None or not connection.is_open:
                connection = self._connection = Connection(self.config, self._errors)
                self._made = [*(made for made in self._made if not made.is_over), connection]
                try:
                    await connection.ready(seconds)
                except BaseException:
                    connection.give_up()
                    raise
            return connection
