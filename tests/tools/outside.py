"""Two tools with an effect: one on the store, one on a world beyond it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tools.registry import tool
from tools.store import Store
from tools.tool import Arguments, Effect, Json, Tool, ToolContext, ToolError, ToolResult


async def _take_off(context: ToolContext, undo: Json) -> ToolResult:
    assert isinstance(undo, int)
    context.store.write("DELETE FROM notes WHERE id = ?", undo)
    return ToolResult("It is off again.")


@tool(effect=Effect.WRITE, undo=_take_off, local=True)
async def put(context: ToolContext, name: str) -> ToolResult:
    """Put a row."""
    row = context.store.write("INSERT INTO notes (name, content, created) VALUES (?, '', '')", name)
    if name == "bad":
        raise ToolError("That is bad.")
    if name == "broken":
        raise ZeroDivisionError
    return ToolResult(f"{name} is in.", row, row)


class Outside:
    """The world beyond the store: effects here outlive any rollback, and can be counted."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.before: Callable[[str], None] = lambda name: None
        self.after: Callable[[str], None] = lambda name: None

        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            await asyncio.sleep(0)
            name = str(arguments["name"])
            self.before(name)
            self.sent.append(name)
            self.after(name)
            return ToolResult(f"{name} is out.", name, name)

        async def undo(context: ToolContext, undo: Json) -> ToolResult:
            await asyncio.sleep(0)
            self.before(str(undo))
            self.sent.remove(str(undo))
            self.after(str(undo))
            return ToolResult("It is back.")

        self.tool = Tool("send", "Send it.", Effect.WRITE, put.parameters, run, undo)


def fail_with(error: BaseException) -> Callable[[str], None]:
    def fail(name: str) -> None:
        raise error

    return fail


def names(store: Store) -> list[str]:
    return [row["name"] for row in store.rows("SELECT name FROM notes WHERE created = '' ORDER BY id")]
