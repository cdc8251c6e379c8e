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
from tools.clock import Part, take_part
from tools.durations import parse_duration
from tools.durations import plain as spoken_as_digits
from tools.numbers import spell
from tools.registry import tool
from tools.saying import listing, on_day, say_moment, say_time, sentence
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_SPOKEN_EVENTS = 5
_PART_HOURS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24), "night": (17, 24)}
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
    part = take_part(spoken_as_digits(day))[0] if day and first == last else None
    found = [row for row in rows if (query is None or _mentions(row, query)) and _within(row, part)]
    one_day = first if first == last else None
    return ToolResult(_report(found, one_day, part, day, query, now))


def _report(
    found: list[sqlite3.Row],
    one_day: date | None,
    part: Part | None,
    day: str | None,
    query: str | None,
    now: datetime,
) -> str:
    """The events in one sentence; each with its day unless all are on `one_day`."""
    named = f" about {query}" if query else ""
    if one_day:
        period = _period(one_day, part, now)
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


def _period(day: date, part: Part | None, now: datetime) -> str:
    """A day, or the part of it that was asked about: tomorrow morning, on Friday the 27th in the evening."""
    spoken = on_day(day, now)
    if part is None:
        return spoken
    if day == now.date():
        return "tonight" if part.name == "night" else f"this {part.name}"
    if spoken in ("tomorrow", "yesterday"):
        return f"{spoken} {part.name}"
    return f"{spoken} {'at night' if part.name == 'night' else f'in the {part.name}'}"


def _within(row: sqlite3.Row, part: Part | None) -> bool:
    """Whether an event is in a part of the day; one for the whole day is in each."""
    clock = when.Moment.from_iso(row["start"]).clock
    first, last = _PART_HOURS[part.name] if part else (0, 24)
    return clock is None or first <= clock.hour < last


def _spoken(row: sqlite3.Row, now: datetime, *, with_day: bool) -> str:
    start = when.Moment.from_iso(row["start"])
    if with_day:
        words = say_moment(start.day, start.clock, now)
        return (
            f"{row['title']} {'' if words.startswith(('today', 'tomorrow', 'yesterday')) else 'on '}{words}"
        )
    return row["title"] + (f" at {say_time(start.clock)}" if start.clock else "")


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
    if end is None:
        start, end = when.split_range(start)
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
    text = f"{title}{company} is in your calendar for {say_moment(begins.day, begins.clock, now)}"
    if overlapping := _overlapping(context.store, event):
        text += f", when you also have {listing(overlapping)}"
    return ToolResult(sentence(f"{text}."), begins.iso(), event)


def _overlapping(store: Store, event: int) -> list[str]:
    """Titles of events with a time that overlap this one."""
    rows = store.rows(
        "SELECT other.title FROM events AS new JOIN events AS other ON other.id <> new.id"
        " AND other.start < new.finish AND other.finish > new.start"
        " WHERE new.id = ? AND length(new.start) > 10 AND length(other.start) > 10 ORDER BY other.start",
        event,
    )
    return [row["title"] for row in rows]


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
