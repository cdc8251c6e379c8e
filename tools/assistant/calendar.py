"""The calendar: events of a day or with a time."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime, timedelta
from typing import Annotated

from tools import when
from tools.assistant.contacts import called, find_contact
from tools.assistant.names import plain, several
from tools.assistant.rows import undo_insert
from tools.durations import parse_duration
from tools.numbers import spell
from tools.registry import tool
from tools.saying import listing, on_day, say_day, say_time, sentence
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_SPOKEN_EVENTS = 5
_HORIZON_DAYS = 366  # how far ahead a search without a day looks


@tool(effect=Effect.READ)
async def find_events(
    context: ToolContext,
    day: Annotated[str | None, "A day, this week, next week or the weekend, as said."] = None,
    query: Annotated[str | None, "A word of the title, a person or a place."] = None,
) -> ToolResult:
    """Find events in the user's calendar, by day, by words, or the coming week's."""
    now = context.now()
    if day:
        first, last = when.parse_span(day, now)
    else:
        first = now.date()
        last = first + timedelta(days=_HORIZON_DAYS if query else 7)
    rows = context.store.rows(
        "SELECT * FROM events WHERE start >= ? AND start < ? ORDER BY start, id",
        first.isoformat(),
        (last + timedelta(days=1)).isoformat(),
    )
    found = [row for row in rows if query is None or _mentions(row, query)]
    one_day = first if first == last else None
    return ToolResult(_report(found, one_day, day, query, now))


def _report(
    found: list[sqlite3.Row], one_day: date | None, day: str | None, query: str | None, now: datetime
) -> str:
    """The events in one sentence; each with its day unless all are on `one_day`."""
    named = f" about {query}" if query else ""
    if one_day:
        period = on_day(one_day, now)
    elif day:
        period = plain(day)
        period = f"on the {period}" if period == "weekend" else period
    else:
        period = "" if query else "in the next seven days"
    if not found:
        place = f" {period.replace('on ', 'for ', 1)}" if period else ""
        return f"Nothing{named} is in your calendar{place}."
    spoken = [_spoken(row, now, with_day=one_day is None) for row in found[:_SPOKEN_EVENTS]]
    if more := len(found) - len(spoken):
        spoken.append(f"{spell(more)} more")
    return sentence(f"{period} you have {listing(spoken)}.")


def _spoken(row: sqlite3.Row, now: datetime, *, with_day: bool) -> str:
    start = when.Moment.from_iso(row["start"])
    day = f" {on_day(start.day, now)}" if with_day else ""
    return f"{row['title']}{day}" + (f" at {say_time(start.clock)}" if start.clock else "")


def _mentions(row: sqlite3.Row, query: str) -> bool:
    """Whether every word of the query begins a word of the event's title, place, people or notes."""
    text = " ".join(str(row[column] or "") for column in ("title", "location", "invitees", "notes"))
    words = plain(text).split()
    return all(any(word.startswith(part) for word in words) for part in plain(query).split())


async def _undo_event(context: ToolContext, undo: object) -> ToolResult:
    row = undo_insert(context.store, "events", undo)
    return ToolResult(f"{sentence(row['title'])} is out of your calendar again.")


@tool(effect=Effect.WRITE, undo=_undo_event, local=True)
async def create_calendar_event(
    context: ToolContext,
    title: Annotated[str, "What it is, as the user said it."],
    start: Annotated[str, "Day and time, as said or in ISO 8601."],
    end: Annotated[str | None, "End time, or a duration."] = None,
    invitees: Annotated[str | None, "Names, separated by commas."] = None,
    location: Annotated[str | None, "Where it is."] = None,
    notes: Annotated[str | None, "Anything to remember about it."] = None,
) -> ToolResult:
    """Put an event into the user's calendar."""
    now = context.now()
    begins = when.parse_moment(start, now)
    finish = _finish(begins, end, now)
    people = [find_contact(context.store, name) for name in several(invitees)]
    event = context.store.write(
        "INSERT INTO events (title, start, finish, invitees, location, notes) VALUES (?, ?, ?, ?, ?, ?)",
        title,
        begins.iso(),
        finish,
        json.dumps([person.name for person in people]) if people else None,
        location,
        notes,
    )
    guests = [called(context.store, person) for person in people]
    unsaid = [guest for guest in guests if plain(guest) not in plain(title).split()]
    company = f" with {listing(unsaid)}" if unsaid else ""
    time = f" at {say_time(begins.clock)}" if begins.clock else ""
    text = f"{title}{company} is in your calendar for {say_day(begins.day, now)}{time}."
    return ToolResult(sentence(text), begins.iso(), event)


def _finish(begins: when.Moment, end: str | None, now: datetime) -> str | None:
    """When an event ends, ISO 8601: as said, else an hour after its start; None for a whole day."""
    if begins.clock is None:
        return when.parse_day(end, now).isoformat() if end else None
    start = datetime.combine(begins.day, begins.clock)
    if end is None:
        return (start + timedelta(hours=1)).isoformat(timespec="minutes")
    try:
        finish = start + parse_duration(end)
    except ToolError:
        finish = when.parse_when(end, start)
    if finish <= start:
        raise ToolError("The event would end before it starts.")
    return finish.isoformat(timespec="minutes")
