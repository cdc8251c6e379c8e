"""MCP servers for a comparison: they run on a clock of their own, and can be called on any."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from app.bench.clock import VirtualLoop
from app.bench.thinking import RealLoop
from app.settings import load
from app.toolbox import OpenToolbox, open_toolbox
from tools.assistant import assistant_tools
from tools.errors import HeadstartError
from tools.tool import Arguments, Tool, ToolContext, ToolResult


@contextlib.contextmanager
def served(file: Path) -> Generator[list[Tool]]:
    """The tools of the servers in `file`, with their effect classes as the user has set them.

    Their state lasts from task to task. Raises McpConfigError and SettingsError.
    """
    thread = RealLoop()
    opened: Future[OpenToolbox] = Future()
    closing = asyncio.Event()

    async def keep_open() -> None:
        """Opens and closes in one task, as the servers' task groups demand."""
        try:
            async with open_toolbox(load(mcp=file)) as found:
                opened.set_result(found)
                await closing.wait()
        except HeadstartError as error:
            opened.set_exception(error)

    keeping = thread.start(keep_open())
    try:
        found = opened.result()
        for notice in found.notices:
            print(f"headstart: {notice}", file=sys.stderr)
        built_in = {tool.name for tool in assistant_tools()}
        yield [_from_anywhere(tool, thread) for tool in found.toolbox if tool.name not in built_in]
    finally:
        thread.do(closing.set)
        keeping.result()
        thread.close()


def _from_anywhere(tool: Tool, thread: RealLoop) -> Tool:
    """`tool`, run where its server is. A virtual clock stands meanwhile."""

    async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
        work = tool.run(context, arguments)
        if isinstance(asyncio.get_running_loop(), VirtualLoop):
            return thread.start(work).result()
        return await asyncio.wrap_future(thread.start(work))

    return replace(tool, run=run)
