"""Links for video meetings."""

from __future__ import annotations

import json
import secrets
from typing import Annotated

from tools import when
from tools.assistant.contacts import called, find_contact
from tools.assistant.names import several
from tools.assistant.rows import undo_insert
from tools.durations import parse_duration
from tools.registry import tool
from tools.saying import listing, say_moment
from tools.tool import Effect, Json, ToolContext, ToolResult

_ROOMS = "https://meet.jit.si"  # makes a room of any name without an account


async def _undo(context: ToolContext, undo: Json) -> ToolResult:
    row = undo_insert(context.store, "meetings", undo)
    return ToolResult(f"I dropped the meeting link for {row['topic']}.")


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def get_zoom_meeting_link(
    context: ToolContext,
    topic: Annotated[str, "What the meeting is about."],
    start: Annotated[str | None, "Day and time, as said or in ISO 8601."] = None,
    duration: Annotated[str | None, "How long, as said."] = None,
    invitees: Annotated[str | None, "Names, separated by commas."] = None,
) -> ToolResult:
    """Make a link for a video meeting."""
    now = context.now()
    begins = when.parse_moment(start, now) if start else None
    span = parse_duration(duration) if duration else None
    people = [find_contact(context.store, name) for name in several(invitees)]
    link = f"{_ROOMS}/{secrets.token_urlsafe(12)}"
    meeting = context.store.write(
        "INSERT INTO meetings (topic, start, minutes, invitees, link) VALUES (?, ?, ?, ?, ?)",
        topic,
        begins.iso() if begins else None,
        round(span.total_seconds() / 60) if span else None,
        json.dumps([person.name for person in people]) if people else None,
        link,
    )
    company = f" with {listing([called(context.store, person) for person in people])}" if people else ""
    time = f" {say_moment(begins.day, begins.clock, now)}" if begins else ""
    return ToolResult(
        f"The meeting link for {topic}{company}{time} is ready, on Jitsi since no Zoom account is connected.",
        link,
        meeting,
    )
