"""`headstart tools classify`: proposes effect classes for tools that carry none, and writes them if told."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from app.config import read_config, write_config
from app.settings import Settings, SettingsError
from app.tool_lists import ListedTool, read_list
from app.toolbox import open_toolbox
from tools.assistant import assistant_tools
from tools.classify import Proposal, propose
from tools.mcp.text import line
from tools.naming import namespaces
from tools.tool import Effect


@dataclass(frozen=True, slots=True)
class Found:
    """Tools that carry no effect class; how many others do; what the user should know, a line each."""

    tools: Sequence[ListedTool]
    classified: int = 0
    services: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


Proposed = Sequence[tuple[str, Proposal]]
"""What is proposed for each tool, by name."""


def proposals(found: Found) -> Proposed:
    """A proposal for each tool."""
    known = namespaces((tool.name for tool in found.tools), found.services)
    return [(tool.name, propose(tool.name, tool.description, tool.parameters, known)) for tool in found.tools]


def table(proposed: Proposed) -> str:
    """One line a tool: its name, the class, the reason. Empty for no tools."""
    width = max((len(line(name, 64)) for name, _ in proposed), default=0)
    return "\n".join(f"{line(name, 64):<{width}}  {each.effect:<8} {each.reason}" for name, each in proposed)


def counted(proposed: Proposed) -> str:
    """How many of each class: "3 tools: 1 read, 0 write, 2 confirm"."""
    effects = [each.effect for _, each in proposed]
    counts = ", ".join(f"{effects.count(effect)} {effect}" for effect in Effect)
    return f"{len(effects)} tool{'' if len(effects) == 1 else 's'}: {counts}"


async def served(settings: Settings) -> Found:
    """Tools of the MCP servers that ask first and for which the user has set no class."""
    from tools.mcp.announced import prefix
    from tools.mcp.config import read_servers

    if settings.mcp is None:
        raise SettingsError(
            "there is nothing to classify; give --mcp FILE, or --file FILE with a list of tools"
        )
    services = tuple(prefix(server.name) for server in read_servers(settings.mcp, os.environ))
    built_in = {tool.name for tool in assistant_tools()}
    async with open_toolbox(settings) as opened:
        offered = [tool for tool in opened.toolbox if tool.name not in built_in]
        # A server that is trusted has spoken for its own tools where it did not leave them at "asks first".
        unclassified = [
            ListedTool(tool.name, tool.description, tool.parameters, {})
            for tool in offered
            if tool.effect is Effect.CONFIRM and not _is_set(settings, tool.name)
        ]
    return Found(unclassified, len(offered) - len(unclassified), services, opened.notices)


def listed(file: Path) -> Found:
    """Tools of a JSON or JSONL file, in the form of MCP's tools/list or of OpenAI's functions.

    Those with an announced `readOnlyHint` or `destructiveHint` carry a class. Raises SettingsError.
    """
    tools = read_list(file)
    unclassified = [tool for tool in tools if not _is_announced(tool)]
    return Found(unclassified, len(tools) - len(unclassified))


def write(file: Path, proposed: Proposed) -> list[str]:
    """Set the class of each tool as `[tools.NAME] effect` in a TOML file; the names that were written.

    What stands in the file stays as it is, a class that is set already too. Of two tools of one name the
    graver proposal counts. Raises SettingsError.
    """
    document = read_config(file)
    tools = document.setdefault("tools", tomlkit.table(is_super_table=True))
    if not isinstance(tools, dict):
        raise SettingsError(f"{file}: tools must be a table, [tools.NAME]")
    gravest: dict[str, Effect] = {}
    for name, each in proposed:
        gravest[name] = max(gravest.get(name, each.effect), each.effect, key=list(Effect).index)
    written: list[str] = []
    for name, effect in gravest.items():
        entry = tools.setdefault(name, tomlkit.table())
        if not isinstance(entry, dict):
            raise SettingsError(f"{file}: tools.{line(name, 64)} must be a table")
        if "effect" not in entry:
            entry["effect"] = effect.value
            written.append(name)
    if written:
        write_config(file, document)
    return written


def _is_set(settings: Settings, name: str) -> bool:
    return name in settings.tools and settings.tools[name].effect is not None


def _is_announced(tool: ListedTool) -> bool:
    hints = tool.entry.get("annotations")
    return isinstance(hints, dict) and any(
        isinstance(hints.get(key), bool) for key in ("readOnlyHint", "destructiveHint")
    )


async def run(settings: Settings, file: Path | None, target: Path | None) -> None:
    """The command: print what is proposed for the tools of a list, or of the servers in the settings.

    Written into `target` where it is given. Raises SettingsError.
    """
    found = listed(file) if file else await served(settings)
    for notice in found.notices:
        print(f"headstart: {notice}", file=sys.stderr)
    proposed = proposals(found)
    if proposed:
        print(table(proposed))
        print()
    others = f"; {found.classified} have one already" if found.classified else ""
    print(f"{counted(proposed)}{others}.")
    if target is None:
        print("Nothing was written; --write puts the classes into config.toml.")
    else:
        written = write(target, proposed)
        kept = len({name for name, _ in proposed}) - len(written)
        print(f"{target}: {len(written)} written, {kept} left as they were.")
