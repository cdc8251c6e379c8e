"""One connection to one server, from its handshake to its end."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from typing import TextIO, cast

from mcp import Client, MCPError, types
from mcp.client.session import ClientSession
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

from tools.mcp.config import ServerConfig, StdioServer
from tools.mcp.text import line
from tools.mcp.transport import NOT_ALLOWED, NOT_REACHED, left, streams
from tools.tool import Arguments

PAGES = 20  # of a list of tools
_CLOSE_SECONDS = 8.0  # a program is asked to end, told to, and killed, two seconds apart
_log = logging.getLogger("mcp.headstart")


class ConnectionFailed(Exception):
    """No connection came about. The message is a clause: what was wrong."""


class CallFailed(Exception):
    """A call has no result. The message is a clause: what went wrong.

    `is_sure` where the server certainly did nothing; `has_left` unless the request never left for it;
    `is_gone` where the connection is of no use any more.
    """

    def __init__(self, why: str, *, is_sure: bool, has_left: bool = True, is_gone: bool = False) -> None:
        super().__init__(why)
        self.is_sure = is_sure
        self.has_left = has_left
        self.is_gone = is_gone


class Connection:
    """A connection that is being made, stands, or has ended. Made inside the running event loop.

    It lives in a task of its own: what the SDK opens must be closed in the task that opened it, and a
    failing transport cancels that task, which must be nobody else's.
    """

    def __init__(self, server: ServerConfig, errors: TextIO) -> None:
        self._server = server
        self._errors = errors
        self._closing = asyncio.Event()
        self._session: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(), name=f"MCP server {server.name}")
        self.is_open = True

    async def ready(self, seconds: float) -> None:
        """Wait until the handshake is done. Raises ConnectionFailed."""
        await asyncio.wait((self._session,), timeout=seconds)
        if not self._session.done():
            self.give_up()
            raise ConnectionFailed(f"it did not answer within {seconds:g} seconds")
        self._session.result()

    async def tools(self, limit: int) -> tuple[list[types.Tool], bool]:
        """At most `limit` tools as announced, and whether there are more. Raises ConnectionFailed."""
        session = self._session.result()
        found: list[types.Tool] = []
        cursor: str | None = None
        try:
            for _ in range(PAGES):
                page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
                found += page.tools
                cursor = page.next_cursor
                if cursor is None or len(found) > limit:
                    break
        except MCPError as error:
            raise ConnectionFailed(f"it did not list its tools: {line(error.message, 120)}") from error
        except Exception as error:  # whatever it sent, it was no list of tools
            _log.warning("list of tools of %s", self._server.name, exc_info=True)
            raise ConnectionFailed("its list of tools is not in the form MCP asks for") from error
        return found[:limit], len(found) > limit or cursor is not None

    async def call(self, name: str, arguments: Arguments) -> types.CallToolResult:
        """Call the server's tool `name`. Raises CallFailed.

        Cancelled, it tells the server that the answer is not wanted any more.
        """
        session = self._session.result()
        note: list[bool] = []
        token = left.set(note)
        try:
            result = await session.call_tool(name, dict(arguments), allow_input_required=True)
        except MCPError as error:
            raise _failure(error, has_left=bool(note)) from error
        except Exception as error:  # an answer that is none, or not what the tool's output schema promises
            _log.warning("answer of %s to %s", self._server.name, name, exc_info=True)
            raise CallFailed("gave an answer that is not what it announced", is_sure=False) from error
        finally:
            left.reset(token)
        if isinstance(result, types.InputRequiredResult):
            raise CallFailed("wants to ask something back, which is not possible here", is_sure=True)
        return result

    def give_up(self) -> None:
        """Of no use any more: end it, without waiting."""
        self.is_open = False
        if not (self._session.done() or self._closing.is_set()):
            self._task.cancel()  # once: a second time would break into its tidying up
        self._closing.set()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it."""
        return self._task.done()

    async def close(self) -> None:
        """End it and wait until it has; what will not end is left behind after a while."""
        self.give_up()
        _, pending = await asyncio.wait((self._task,), timeout=_CLOSE_SECONDS)
        if pending:
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=1)

    async def _live(self) -> None:
        try:
            # No cache, no retries, no questions back: a request leaves once or not at all.
            transport = streams(self._server, self._errors)
            version = importlib.metadata.version("headstart")
            client = Client(
                transport, cache=None, client_info=types.Implementation(name="headstart", version=version)
            )
            async with client:
                self._session.set_result(client.session)
                await self._closing.wait()
        except Exception as error:
            if self._session.done():
                _log.warning("connection to %s", self._server.name, exc_info=True)
            else:
                self._session.set_exception(ConnectionFailed(self._why(_first(error))))
        finally:
            self.is_open = False
            if not self._session.done():
                self._session.set_exception(ConnectionFailed("it was given up"))
            self._session.exception()  # whoever waited for it may have gone

    def _why(self, error: Exception) -> str:
        match error:
            case OSError() if isinstance(self._server, StdioServer):
                return f"{self._server.command} cannot be started: {error.strerror or type(error).__name__}"
            case MCPError(code=code) if code == CONNECTION_CLOSED:
                return "it ended before it was ready"
            case MCPError():
                return line(error.message, 120)
            case _:
                _log.warning("connecting to %s", self._server.name, exc_info=error)
                return f"it does not speak MCP ({type(error).__name__})"


def _failure(error: MCPError, *, has_left: bool) -> CallFailed:
    said = line(error.message, 120)
    match error.code:
        case _ if not has_left:
            return CallFailed("has gone away", is_sure=True, has_left=False, is_gone=True)
        case code if code == NOT_REACHED:
            return CallFailed("cannot be reached", is_sure=True, has_left=False)
        case code if code == CONNECTION_CLOSED:
            return CallFailed("went away before it answered", is_sure=False, is_gone=True)
        case code if code in (INVALID_PARAMS, METHOD_NOT_FOUND, NOT_ALLOWED):
            return CallFailed(f"refused: {said}", is_sure=True)
        case code if code == INVALID_REQUEST and "session" in said.casefold():
            # It was restarted and does not know this connection: it did not look at the request.
            return CallFailed("has been restarted", is_sure=True, is_gone=True)
        case _:
            return CallFailed(f"answered with an error: {said}", is_sure=False)


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
