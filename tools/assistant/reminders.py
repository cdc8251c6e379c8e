"""Reminders: things to do, with or without a time."""

from __future__ import annotations

from typing import Annotated

from tools import when
from tools.assistant.rows import undo_insert
from tools.registry import tool
from tools.saying import say_day, say_time
from tools.tool import Effect, Json, ToolContext, ToolResult


async def _undo(context: ToolContext, undo: Json) -> ToolResult:
    row = undo_insert(context.store, "reminders", undo)
    return ToolResult(f'I removed the reminder "{row["title"]}".')


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def create_reminder(
    context: ToolContext,
    title: Annotated[str, "What to be reminded of, as said."],
    due: Annotated[str | None, "Day and time, as said or in ISO 8601."] = None,
    notes: Annotated[str | None, "Anything more about it."] = None,
    list_: Annotated[str | None, "The list to put it on."] = None,
) -> ToolResult:
    """Set a reminder."""
    now = context.now()
    moment = when.parse_moment(due, now) if due else None
    reminder = context.store.write(
        "INSERT INTO reminders (title, due, notes, list, created) VALUES (?, ?, ?, ?, ?)",
        title,
        moment.iso() if moment else None,
        notes,
        list_,
        now.isoformat(timespec="seconds"),
    )
    where = f" on your {list_.casefold().removesuffix(' list')} list" if list_ else ""
    time = ""
    if moment:
        time = f" for {say_day(moment.day, now)}" + (f" at {say_time(moment.clock)}" if moment.clock else "")
    task = title.removeprefix("to ")
    return ToolResult(f"Your reminder to {task} is set{where}{time}.", title, reminder)
