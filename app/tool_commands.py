"""`headstart tools` and `headstart tools classify`: what it can do, and when each thing may happen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.flags import Data, Mcp
from app.settings import CONFIG, Settings, load

tools = typer.Typer()


@tools.callback(invoke_without_command=True)
def tools_listed(context: typer.Context, mcp: Mcp = None, data: Data = None) -> None:
    """List what the assistant can do, and when each thing may happen."""
    from app.toolbox import open_toolbox

    if context.invoked_subcommand is not None:
        return

    async def listed(settings: Settings) -> None:
        async with open_toolbox(settings) as opened:
            width = max(24, *(len(tool.name) for tool in opened.toolbox))
            for tool in opened.toolbox:
                undo = "undo" if tool.undo else ""
                description = tool.description.partition("\n")[0]
                print(f"{tool.name:<{width}} {tool.effect:<8} {undo:<5} {description}")
            for notice in opened.notices:
                print(f"headstart: {notice}", file=sys.stderr)

    asyncio.run(listed(load(mcp=mcp, data=data)))


@tools.command("classify")
def tools_classify(
    context: typer.Context,
    mcp: Mcp = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A list of tools as JSON, instead of servers.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the proposals into config.toml; what is set there stays.")
    ] = False,
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="Another file for --write.", show_default=False)
    ] = CONFIG,
    data: Data = None,
) -> None:
    """Propose when tools may run that do not say so themselves, and why.

    Goes by their words, and holds what it does not understand. Writes nothing without --write.
    """
    from app.classify import run

    before = context.parent.params if context.parent else {}
    settings = load(mcp=mcp or before.get("mcp"), data=data or before.get("data"))
    asyncio.run(run(settings, file, config if write else None))
