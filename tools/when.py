"""Dates and times as people say them, read against the session's `now`.

What has passed means the next time it comes. Words that name several times, or come again and again, are
refused and not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tools.clock import WEEKDAY, Clock, Part, take_clock, take_part
from tools.days import read_day, read_stretch
from tools.durations import parse_duration, plain
from tools.tool import ToolError

_AGAIN = re.compile(
    rf"\b(?:every|each|daily|weekly|monthly|yearly|hourly|annually|weekdays|weekends|{WEEKDAY}s|mornings"
    r"|evenings|nights|twice|thrice)\b|\bonce a\b"
)
_SEVERAL = re.compile(r"\b(?:and|or|between)\b|\bfrom\b.*\b(?:to|until|till)\b")
_RANGE = re.compile(r"(?:(.*) )?(?:from|between) (.+?) (?:to|until|till|and) (.+)", re.IGNORECASE)
_VAGUE = r"\b(?:in|of|on|at|the|for|a)\b"


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, and a time of it where one was said; local, without a zone."""

    day: date
    clock: time | None

    def iso(self) -> str:
        """`2026-11-28T13:00`, or `2026-11-28` where no time was said."""
        return self.day.isoformat() + (f"T{self.clock:%H:%M}" if self.clock else "")

    @classmethod
    def from_iso(cls, text: str) -> Moment:
        """The inverse of `iso`. Raises ValueError for anything else."""
        full = datetime.fromisoformat(text)
        return cls(full.date(), full.time() if "T" in text else None)


def parse_moment(words: str, now: datetime) -> Moment:
    """The day, and the time if one is said. Raises ToolError for words that do not name exactly one."""
    text = plain(words)
    if exact := _iso(words.strip()):
        return exact
    if text in ("now", "right now"):
        return Moment(now.date(), now.time().replace(second=0, microsecond=0))
    try:
        return _moment(text, now)
    except (OverflowError, ValueError):  # beyond the calendar
        raise _unread(words) from None
    except _Unread:
        raise _refusal(words, text, now) from None


def parse_when(words: str, now: datetime) -> datetime:
    """The date and time; nine o'clock (or `now`, where that is later the same day) if only a day is said.

    Raises ToolError for words that are no time.
    """
    moment = parse_moment(words, now)
    if moment.clock is not None:
        return datetime.combine(moment.day, moment.clock)
    nine = datetime.combine(moment.day, time(9))
    return now if moment.day == now.date() and now > nine else nine


def parse_day(words: str, now: datetime) -> date:
    """The day. Raises ToolError for words that name none."""
    return parse_moment(words, now).day


def parse_span(words: str, now: datetime) -> tuple[date, date]:
    """First and last day of "this week", "next month", "the weekend", "March" or of a single day.

    Raises ToolError for words that name no day.
    """
    if stretch := read_stretch(plain(words), now):
        return stretch
    try:
        day = parse_day(words, now)
    except ToolError:
        match = re.fullmatch(r"(?:from )?(.+) (?:to|until|till|through) (.+)", words.strip(), re.IGNORECASE)
        if match is None:
            raise
        first = parse_day(match[1], now)
        return first, parse_day(match[2], datetime.combine(first, time()))
    return day, day


def split_range(words: str) -> tuple[str, str | None]:
    """Start and end of "Friday from two to three", as said; all of it and None where there is no end."""
    match = _RANGE.fullmatch(words.strip())
    if match is None:
        return words, None
    day, start, end = match.groups()
    return f"{day or ''} at {start}".strip(), end


def warm_up() -> None:
    """Load the date reader (about half a second), so that the first date does not wait for it."""
    read_day("today", datetime(2026, 1, 1))


class _Unread(Exception):
    """The words name no time."""


def _unread(words: str) -> ToolError:
    return ToolError(f'I could not read "{words.strip()}" as a time.')


def _refusal(words: str, text: str, now: datetime) -> ToolError:
    """Why words that were not read cannot be."""
    if _AGAIN.search(text):
        return ToolError(f'I can only take a single time, not "{words.strip()}".')
    if read_stretch(text, now):
        return ToolError(f'I need a day, and "{words.strip()}" has several.')
    return _unread(words)


def _moment(text: str, now: datetime) -> Moment:
    if span := _relative(text):
        then = now + span
        whole_days = span % timedelta(days=1) == timedelta()
        return Moment(then.date(), None if whole_days else then.time().replace(microsecond=0))
    if _AGAIN.search(text) or _SEVERAL.search(text):
        raise _Unread
    text = re.sub(r"\blast night\b", "yesterday night", text)
    part, text = take_part(text)
    clock, text = take_clock(text, part)
    if not re.sub(_VAGUE, "", text).strip():
        text = ""
    if text or (part and part.today):
        day = read_day(text, now) if text else now.date()
        if day is None:
            raise _Unread
        return _on(day, clock, part, now)
    if clock:
        return _next(clock, now)
    if part:
        return _next(Clock(part.starts(), guessed=False, late=False), now)
    raise _Unread


def _on(day: date, clock: Clock | None, part: Part | None, now: datetime) -> Moment:
    """The time on that day; where it is today's, the one still to come if it may be either."""
    today = day == now.date()
    if clock is None:
        return Moment(day, part.starts(now.time() if today else None) if part else None)
    then = datetime.combine(day, clock.time) + timedelta(days=clock.late)
    if today and clock.late and part and part.today and then - timedelta(days=1) > now:
        then -= timedelta(days=1)  # "tonight at one", said after midnight
    if today and clock.guessed and then <= now < then + timedelta(hours=12) and clock.time.hour < 12:
        then += timedelta(hours=12)
    return Moment(then.date(), then.time())


def _next(clock: Clock, now: datetime) -> Moment:
    """The next time the clock shows that; the later half of today where that is still possible."""
    today = datetime.combine(now.date(), clock.time)
    if today > now:
        return Moment(now.date(), clock.time)
    later = today + timedelta(hours=12)
    if clock.guessed and clock.time.hour < 12 and later > now:
        return Moment(now.date(), later.time())
    return Moment(now.date() + timedelta(days=1), clock.time)


def _iso(text: str) -> Moment | None:
    """What ISO 8601 says, to the minute; a zone is dropped, since all times are local."""
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        full = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(full.date(), full.time().replace(second=0, microsecond=0) if len(text) > 10 else None)


def _relative(text: str) -> timedelta | None:
    """The span of "in twenty minutes", "ten minutes", "an hour from now"; None for anything else."""
    text = re.sub(r" from (?:now|today)$", "", text)
    if re.fullmatch(r"\d{4} hours", text):  # fifteen hundred hours: a time of day
        return None
    try:
        return parse_duration(text)
    except ToolError:
        return None
