"""The tools of a run: what is built in, what MCP servers offer, and what the user has set for each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from app.settings import Settings, SettingsError, ToolSettings
from tools.assistant import assistant_tools
from tools.tool import Effect, Tool, ToolLimits
from tools.toolbox import Toolbox

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenToolbox:
    """The tools of a run, and what the user should know about how they came to be, a line each."""

    toolbox: Toolbox
    notices: tuple[str, ...] = ()


@contextlib.asynccontextmanager
async def open_toolbox(settings: Settings) -> AsyncGenerator[OpenToolbox]:
    """The tools as the settings say; MCP servers run until the end of the context.

    A server that does not come up is left out with a notice. Raises McpConfigError for a file of servers
    that is wrong, and SettingsError for settings of a tool that is not there or cannot be so.
    """
    built_in = assistant_tools()
    if settings.mcp is None:
        tools = Toolbox(_set(built_in, settings.tools, may_lack=True))
        lacking = [name for name in settings.tools if name not in tools]
        notice = f"settings of {', '.join(lacking)} wait for --mcp: no tool here is called that"
        yield OpenToolbox(tools, (notice,) if lacking else ())
        return
    # Imported here: the SDK takes two seconds on a small machine, and most runs have no server.
    from tools.mcp.announced import prefix
    from tools.mcp.config import read_servers
    from tools.mcp.servers import open_servers

    async with open_servers(
        read_servers(settings.mcp, os.environ),
        log=settings.data / "mcp.log",
        seconds=settings.mcp_seconds,
        taken=frozenset(tool.name for tool in built_in),
        effects=_effects(settings.tools),
    ) as servers:
        # Settings for the tools of a server that did not come up are right, and wait for it.
        absent = tuple(f"{prefix(name)}_" for name in servers.missing)
        settings_now = {name: each for name, each in settings.tools.items() if not name.startswith(absent)}
        yield OpenToolbox(Toolbox(_set([*built_in, *servers.tools], settings_now)), servers.notices)


def _effects(settings: Mapping[str, ToolSettings]) -> dict[str, Effect]:
    return {name: each.effect for name, each in settings.items() if each.effect is not None}


def _set(
    tools: Sequence[Tool], settings: Mapping[str, ToolSettings], *, may_lack: bool = False
) -> list[Tool]:
    """The tools with the settings applied. Raises SettingsError.

    `may_lack`: a setting may be that of a server's tool which is not asked for this time.
    """
    names = [tool.name for tool in tools]
    for name in settings:
        meant = get_close_matches(name, names, 1, 0.8)
        if name not in names and (meant or not may_lack):
            hint = f"did you mean {meant[0]}?" if meant else "see `headstart tools`"
            raise SettingsError(f"setting tools.{name}: there is no such tool; {hint}")
    return [_with(tool, settings[tool.name]) if tool.name in settings else tool for tool in tools]


def _with(tool: Tool, wanted: ToolSettings) -> Tool:
    limits = ToolLimits(
        speculative=_or(wanted.speculative, tool.limits.speculative),
        parallel=_or(wanted.parallel, tool.limits.parallel),
        seconds=_or(wanted.seconds, tool.limits.seconds),
    )
    try:
        return replace(
            tool,
            effect=_or(wanted.effect, tool.effect),
            speculate=_or(wanted.speculate, tool.speculate),
            limits=limits,
        )
    except ValueError as error:
        raise SettingsError(f"setting tools.{tool.name}: {error}") from None


def _or(wanted: T | None, otherwise: T) -> T:
    return otherwise if wanted is None else wanted
