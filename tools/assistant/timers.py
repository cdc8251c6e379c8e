"""Timers: the store keeps when each is due, and `alerts` tells what has run out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from tools.assistant.rows import undo_insert
from tools.durations import parse_duration
from tools.registry import tool
from tools.saying import listing, say_duration, sentence
from tools.tool import Effect, Json, ToolContext, ToolResult


def timer_name(label: str | None, span: timedelta) -> str:
    """A timer among others: "your pasta timer", "your ten-minute timer"."""
    if label:
        return _named(label)
    words = say_duration(span).split()
    if len(words) == 2:
        return f"your {words[0]}-{words[1].removesuffix('s')} timer"
    return f"your timer for {' '.join(words)}"


async def _undo(context: ToolContext, undo: Json) -> ToolResult:
    row = undo_insert(context.store, "timers", undo)
    if row["due"] <= _stamp(context.now()):
        return ToolResult(sentence(f"{_named(row['label'])} had already run out."))
    return ToolResult(f"I stopped {_named(row['label'])}.")


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def set_timer(
    context: ToolContext,
    duration: Annotated[str, "How long, as said."],
    label: Annotated[str | None, "What it is for."] = None,
) -> ToolResult:
    """Start a timer."""
    span = parse_duration(duration)
    due = context.now() + span
    timer = context.store.write(
        "INSERT INTO timers (label, due, seconds) VALUES (?, ?, ?)",
        label,
        _stamp(due),
        int(span.total_seconds()),
    )
    return ToolResult(
        sentence(f"{_named(label)} is set for {say_duration(span)}."),
        due.isoformat(timespec="seconds"),
        timer,
    )


@tool(effect=Effect.READ)
async def list_timers(context: ToolContext) -> ToolResult:
    """Say which timers run and how long each has left."""
    now = context.now()
    rows = context.store.rows("SELECT * FROM timers WHERE due > ? ORDER BY due", _stamp(now))
    if not rows:
        return ToolResult("No timer is running.")
    parts: list[str] = []
    for row in rows:
        left = datetime.fromisoformat(row["due"]) - now
        parts.append(f"{_named(row['label'])} has {say_duration(max(left, timedelta(seconds=1)))} left")
    return ToolResult(sentence(f"{listing(parts)}."))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _named(label: str | None) -> str:
    """How to speak of a timer."""
    return f"your {label.casefold().removesuffix(' timer')} timer" if label else "your timer"
