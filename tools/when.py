"""Dates and times as people say them, read against the session's `now`.

Dates are read by `dateparser`; the clock ("half past seven", "Saturday at one") and parts of the day are
read here, because it does not know them as they are spoken. Without a word on the part of the day, one to
seven mean the afternoon and eight to twelve the hours to noon; what has passed means the next time it
comes. "Friday" is the coming one, "next Friday" that of next week.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tools.durations import UNIT, parse_duration, plain
from tools.numbers import ordinal
from tools.tool import ToolError

_MONTHS: Sequence[str] = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS: Sequence[str] = "monday tuesday wednesday thursday friday saturday sunday".split()
_WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"
_AMPM = r"(?: ?(?P<half>am|pm)\b)?"
_CLOCKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<part>half|quarter|\d{1,2})(?: minutes?)? (?P<side>past|after|to|before) "
        r"(?P<hour>\d{1,2}|noon|midnight)\b(?: ?o'?clock)?" + _AMPM,
        r"\b(?P<part>half) (?P<hour>\d{1,2})\b" + _AMPM,
        r"\b(?:12 )?(?P<hour>noon|midday|midnight|lunch ?time)\b",
        r"\b(?P<hour>\d{1,2})[:.](?P<minute>[0-5]\d)(?::[0-5]\d)?\b" + _AMPM,
        r"\b(?P<hour>\d{1,2}) (?P<minute>[0-5]\d)\b" + _AMPM,
        r"\b(?P<hour>\d{1,2}) ?(?P<half>am|pm)\b",
        r"\b(?P<hour>\d{1,2}) ?o'? ?clock\b",
        r"\b(?:at|by|around|about|after|from|until|till|to) (?P<hour>\d{1,2})\b(?![/.:-])"
        rf"(?! (?:of )?{_MONTH}\b)(?! {UNIT}\b)",
        r"\b(?P<hour>\d{1,2})(?= (?:in the|at night|this|on|today|tomorrow|tonight)\b)",
        rf"(?:^|\b(?:{_WEEKDAY}|today|tomorrow) )(?P<hour>\d{{1,2}})$",
    )
)
_PART = re.compile(
    r"\b(?:(?:in the|this|at|the)\s+)?(?P<part>morning|afternoon|evening|night)\b|\b(?P<tonight>tonight)\b"
)
_PART_HOURS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20}
_FILLER = re.compile(
    r"\b(?:on|at|the|this|coming|of|for|by|around|about|(?<!day )after|from(?! now\b)|starting|please|a)\b"
)
_FEASTS = {
    r"christmas eve": "24 december",
    r"christmas(?: day)?": "25 december",
    r"new year'?s? eve": "31 december",
    r"new year'?s?(?: day)?": "1 january",
}


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
    """The day, and the time if one is said. Raises ToolError for words that name neither."""
    text = plain(words)
    if exact := _iso(words.strip()):
        return exact
    if text in ("now", "right now"):
        return Moment(now.date(), now.time().replace(second=0, microsecond=0))
    if span := _relative(text):
        then = now + span
        whole_days = span % timedelta(days=1) == timedelta()
        return Moment(then.date(), None if whole_days else then.time().replace(microsecond=0))
    part, text = _take_part(text)
    clock, bare, text = _take_clock(text, part)
    day_text = " ".join(_FILLER.sub(" ", text).split())
    if part == "tonight" and not day_text:
        day_text = "today"
    if clock is None and part:
        clock = time(_PART_HOURS["night" if part == "tonight" else part.removeprefix("this ")])
    if not day_text and part and part.startswith("this "):
        day_text = "today"
    if day_text:
        return Moment(_day(day_text, words, now), clock)
    if clock is None:
        raise _unread(words)
    return _next(clock, bare, now)


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
    text = re.sub(r"^(?:on|at|in|for|during) ", "", plain(words))
    today = now.date()
    text = re.sub(r"^(?:the )?(?:rest of )?(?:the |this |coming )?", "", text)
    if match := re.fullmatch(r"(next )?(week|weekend|month)", text):
        later = match[1] is not None
        if match[2] == "month":
            return _month(today.year, today.month + later, today)
        monday = today + timedelta(days=7 * later - today.weekday())
        first = monday if match[2] == "week" else monday + timedelta(days=5)
        return max(first, today), monday + timedelta(days=6)
    if match := re.fullmatch(r"next (\d{1,3}) days", text):
        return today, today + timedelta(days=int(match[1]))
    if re.fullmatch(_MONTH, text):
        month = _MONTHS.index(text[:3]) + 1
        return _month(today.year + (month < today.month), month, today)
    day = parse_day(words, now)
    return day, day


def warm_up() -> None:
    """Load the date reader (about half a second), so that the first date does not wait for it."""
    _day("today", "today", datetime(2026, 1, 1))


def _unread(words: str) -> ToolError:
    return ToolError(f'I could not read "{words.strip()}" as a time.')


def _iso(text: str) -> Moment | None:
    """What ISO 8601 says, to the minute; a zone is dropped, since all times are local."""
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        full = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(full.date(), full.time() if len(text) > 10 else None)


def _relative(text: str) -> timedelta | None:
    """The span of "in twenty minutes", "ten minutes", "an hour from now"; None for anything else."""
    text = re.sub(r" from (?:now|today)$", "", text)
    try:
        return parse_duration(text)
    except ToolError:
        return None


def _take_part(text: str) -> tuple[str, str]:
    """The part of the day ("morning", "this evening", "tonight", "") and the text without it."""
    match = _PART.search(text)
    if match is None:
        return "", text
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    if match["tonight"]:
        return "tonight", " ".join(rest.split())
    today = "this " if match[0].startswith("this") else ""
    return today + match["part"], " ".join(rest.split())


def _take_clock(text: str, part: str) -> tuple[time | None, bool, str]:
    """The time of day, whether it could be twelve hours later too, and the text without it."""
    for pattern in _CLOCKS:
        for match in pattern.finditer(text):
            found = match.groupdict()
            if found.get("minute") and re.search(rf"\b{_MONTH} $", text[: match.start()]):
                continue  # "December 3 10 am" is no three minutes past anything
            half = found.get("half") or ""
            hour, bare = _hour(found["hour"], half, part)
            if hour is None:
                continue
            minutes = hour * 60 + int(found.get("minute") or 0) + _offset(found)
            clock = time(minutes // 60 % 24, minutes % 60)
            rest = f"{text[: match.start()]} {_kept(match)} {text[match.end() :]}"
            return clock, bare, " ".join(rest.split())
    return None, False, text


def _kept(match: re.Match[str]) -> str:
    """What a clock pattern matched besides the clock: the day word before a trailing hour."""
    word = match[0].split()[0]
    return word if re.fullmatch(rf"{_WEEKDAY}|today|tomorrow", word) else ""


def _offset(found: dict[str, str | None]) -> int:
    """Minutes that "half", "quarter to" and the like add to the hour."""
    part = found.get("part")
    if part is None:
        return 0
    minutes = {"half": 30, "quarter": 15}.get(part) or int(part)
    return -minutes if found.get("side") in ("to", "before") else minutes


def _hour(word: str | None, half: str, part: str) -> tuple[int | None, bool]:
    """The hour from 0 to 23 that is meant (None if there is none such), and whether that is a guess."""
    if word is None or not word.isdigit():
        return 0 if word == "midnight" else 12, False
    hour = int(word)
    if hour > 23 or (half and not 1 <= hour <= 12):
        return None, False
    if hour > 12 or hour == 0 or len(word) == 2 and word.startswith("0"):
        return hour, False
    part = part.removeprefix("this ")
    if half == "am" or part == "morning":
        return hour % 12, False
    if part in ("night", "tonight") and not half:
        return (hour % 12 if hour == 12 or hour < 6 else hour + 12), False
    if half == "pm" or part in ("afternoon", "evening"):
        return hour % 12 + 12, False
    return (hour + 12 if hour < 8 else hour), True


def _next(clock: time, bare: bool, now: datetime) -> Moment:
    """The next time the clock shows `clock`; the later half of today where that is still possible."""
    today = datetime.combine(now.date(), clock)
    if today > now:
        return Moment(now.date(), clock)
    later = today + timedelta(hours=12)
    if bare and clock.hour < 12 and later > now:
        return Moment(now.date(), later.time())
    return Moment(now.date() + timedelta(days=1), clock)


def _day(text: str, words: str, now: datetime) -> date:
    """The date that `text`, free of any clock, names. Raises ToolError quoting `words`."""
    import dateparser  # about 0.3 s: loaded when first needed, or by `warm_up`

    for feast, dated in _FEASTS.items():
        if re.fullmatch(feast, text):
            text = dated
    text = re.sub(r"\bweekend\b", "saturday", text)
    if coming := re.fullmatch(rf"next ({_WEEKDAY})", text):
        days = 7 - now.weekday() + _WEEKDAYS.index(coming[1])
        return now.date() + timedelta(days=days)
    weekday = ""
    if re.search(r"\d", text) and (named := re.search(rf"\b(?:next )?({_WEEKDAY})\b", text)):
        weekday = named[1]
        text = " ".join(f"{text[: named.start()]} {text[named.end() :]}".split())
    if re.fullmatch(rf"{_MONTH}|\d+", text) or re.search(r"[^\w\s:/.'+-]", text):
        raise _unread(words)
    if dated := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", text):
        day = _day_of_month(int(dated[1]), words, now.date())
    else:
        found = dateparser.parse(
            text,
            languages=["en"],
            settings={"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future", "RETURN_AS_TIMEZONE_AWARE": False},
        )
        if found is None:
            raise _unread(words)
        day = found.date()
    if weekday and f"{day:%A}".lower() != weekday:
        raise ToolError(f"The {ordinal(day.day)} of {day:%B} is a {day:%A}, not a {weekday.capitalize()}.")
    return day


def _month(year: int, month: int, today: date) -> tuple[date, date]:
    """First day, or today where that is later, and last day of a month; month 13 is next January."""
    first = date(year + month // 13, (month - 1) % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return max(first, today), last


def _day_of_month(day: int, words: str, today: date) -> date:
    """The next date, today included, with that number."""
    for months in range(3):  # among three months in a row one has 31 days
        year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
        try:
            found = date(year, month + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise _unread(words)
