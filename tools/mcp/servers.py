"""All servers of a session: started together, their tools offered, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mcp import types

from tools.mcp.announced import NotUsable, as_tool, exposed_name
from tools.mcp.config import McpConfigError, ServerConfig, Trust
from tools.mcp.connection import ConnectionFailed
from tools.mcp.effects import effect_class
from tools.mcp.server import Server
from tools.mcp.text import line
from tools.tool import Effect, Tool

TOOL_LIMIT = 100  # of all servers; model APIs take 128 in all, our own among them
LOG_LIMIT = 1_000_000  # bytes of the log from which it is begun anew
_LOGGERS = ("mcp", "client", "httpx2")  # where the SDK tells what went wrong


@dataclass(frozen=True, slots=True)
class McpTools:
    """What the servers of a session offer.

    `missing` are the names of servers that did not come up; `notices` are lines for the user.
    """

    tools: tuple[Tool, ...] = ()
    missing: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@contextlib.asynccontextmanager
async def open_servers(
    configs: Sequence[ServerConfig],
    *,
    log: Path,
    seconds: float,
    taken: Collection[str] = (),
    effects: Mapping[str, Effect] | None = None,
) -> AsyncGenerator[McpTools]:
    """Start the servers and keep them until the end of the session.

    One that does not come up within `seconds` is left out. `taken` are names of tools that exist already;
    `effects` are the effect classes that the user has set, by name of the tool. The tools are those
    announced now: a server that changes its list, or a tool's description, is not followed, so that nothing
    changes under a user who has agreed to it. What programs write to their standard error goes to `log`.
    Raises McpConfigError where that cannot be written.
    """
    with _open_log(log) as errors:
        servers = [Server(config, errors) for config in configs]
        try:
            yield await _offered(servers, seconds, taken, effects or {})
        finally:
            await asyncio.gather(*(server.close() for server in servers))


async def _offered(
    servers: Sequence[Server], seconds: float, taken: Collection[str], effects: Mapping[str, Effect]
) -> McpTools:
    starts = await asyncio.gather(*(_started(server, seconds) for server in servers))
    tools: dict[str, Tool] = {}
    missing: list[str] = []
    notices: list[str] = []
    for server, started in zip(servers, starts, strict=True):
        if isinstance(started, str):
            missing.append(server.config.name)
            notices.append(f"The MCP server {server.spoken} is left out: {started}.")
            continue
        announced, has_more = started
        room = TOOL_LIMIT - len(tools)
        found, left_out = _usable(server, announced[:room], {*taken, *tools}, effects)
        tools |= found
        if has_more or len(announced) > room:
            notices.append(f"There is room for {TOOL_LIMIT} tools; others of {server.spoken} are left out.")
        if left_out:
            notices.append(line(f"Left out of the MCP server {server.spoken}: {'; '.join(left_out)}.", 300))
        if server.config.trust is Trust.NONE and any(
            effect_class(each.annotations, Trust.ANNOTATIONS) is not Effect.CONFIRM for each in announced
        ):
            notices.append(
                f"What the MCP server {server.spoken} does asks first; "
                'if you trust what it says about its tools, give it "trust": "annotations".'
            )
    return McpTools(tuple(tools.values()), tuple(missing), tuple(notices))


def _usable(
    server: Server, announced: Sequence[types.Tool], taken: Collection[str], effects: Mapping[str, Effect]
) -> tuple[dict[str, Tool], list[str]]:
    """The tools of one server by their names here, and what is left out and why."""
    tools: dict[str, Tool] = {}
    left_out: list[str] = []
    seen: set[str] = set()
    for each in announced:
        name = exposed_name(server.config.name, each.name, {*taken, *tools})
        effect = effects.get(name, effect_class(each.annotations, server.config.trust))
        try:
            if each.name in seen:
                raise NotUsable("there are two of that name")
            tools[name] = as_tool(server, each, name, effect)
        except NotUsable as error:
            left_out.append(f"{line(each.name, 60)}, {error}")
        seen.add(each.name)
    return tools, left_out


async def _started(server: Server, seconds: float) -> tuple[list[types.Tool], bool] | str:
    """What the server announces, or why there is nothing."""
    try:
        return await server.start(seconds, TOOL_LIMIT)
    except ConnectionFailed as error:
        return str(error)


@contextlib.contextmanager
def _open_log(path: Path) -> Generator[TextIO]:
    """A private file for what servers and the SDK write, which would else end up across the screen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_full = path.exists() and path.stat().st_size > LOG_LIMIT
        mode = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if is_full else os.O_APPEND)
        descriptor = os.open(path, mode, 0o600)
    except OSError as error:
        raise McpConfigError(f"{path} cannot be written: {error.strerror}; choose another --data") from None
    with open(descriptor, "a", encoding="utf-8", errors="replace") as file:
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        before = [logger.propagate for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.propagate = False
        try:
            yield file
        finally:
            for logger, propagate in zip(loggers, before, strict=True):
                logger.removeHandler(handler)
                logger.propagate = propagate
