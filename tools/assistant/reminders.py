"""Reminders: things to do, with or without a time."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated

from tools import when
from tools.assistant.rows import undo_insert
from tools.registry import tool
from tools.saying import say_moment
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult


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
    if moment and (moment.day, moment.clock or time.max) < (now.date(), now.time().replace(second=0)):
        raise ToolError("That time has already passed; tell me a later one.")
    title = re.sub(r"^(?:remind me )?to ", "", title, flags=re.IGNORECASE)
    reminder = context.store.write(
        "INSERT INTO reminders (title, due, notes, list, created) VALUES (?, ?, ?, ?, ?)",
        title,
        moment.iso() if moment else None,
        notes,
        list_,
        now.isoformat(timespec="seconds"),
    )
    where = f" on your {list_.casefold().removesuffix(' list')} list" if list_ else ""
    at = f" for {say_moment(moment.day, moment.clock, now)}" if moment else ""
    return ToolResult(f"Your reminder to {title} is set{where}{at}.", title, reminder)
