"""The time of day in a phrase ("half past seven", "eight in the evening", "noon").

Without a word on the part of the day, one to seven mean the afternoon and eight to twelve the hours to
noon. Read here, because date libraries do not know the clock as it is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from tools.durations import UNIT

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAYS: Sequence[str] = "monday tuesday wednesday thursday friday saturday sunday".split()
WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
_AMPM = r"(?: ?(?P<half>am|pm)\b)?"
_BEFORE = r"(?:at|by|around|about|after|from|until|till|to)"
_CLOCKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_BEFORE} )?(?:a )?(?P<part>half|quarter|\d{{1,2}})(?: minutes?)? "
        r"(?P<side>past|after|to|before) (?P<hour>\d{1,2}|noon|midnight)\b(?: ?o'?clock)?" + _AMPM,
        rf"\b(?:{_BEFORE} )?(?P<part>half) (?P<hour>\d{{1,2}})\b" + _AMPM,
        rf"\b(?:{_BEFORE} )?(?:12 )?(?P<hour>noon|midday|midnight|lunch ?time)\b",
        rf"\b{_BEFORE} (?P<hour>lunch)\b",
        rf"\b(?:{_BEFORE} )?(?P<hour>\d{{1,2}})[:.](?P<minute>[0-5]\d)(?::[0-5]\d)?\b" + _AMPM,
        rf"\b(?:{_BEFORE} )?(?P<hour>\d{{1,2}}) (?P<minute>[0-5]\d)\b" + _AMPM,
        r"\bat (?P<hour>\d{1,2})(?P<minute>[0-5]\d)\b" + _AMPM,  # recognisers write 7:30 as 730
        r"\b(?P<hour>\d{1,2})(?P<minute>[0-5]\d) ?(?P<half>am|pm)\b",
        rf"\b(?:{_BEFORE} )?(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d) hours\b",
        rf"\b(?:{_BEFORE} )?(?P<hour>\d{{1,2}}) ?(?P<half>am|pm)\b",
        rf"\b(?:{_BEFORE} )?(?P<hour>\d{{1,2}}) ?o'? ?clock\b",
        rf"\b{_BEFORE} (?P<hour>\d{{1,2}})\b(?![/.:-])(?! (?:of )?{MONTH}\b)(?! {UNIT}\b)",
        r"\b(?P<hour>\d{1,2})(?= (?:in the|at night|this|on|today|tomorrow|tonight)\b)",
        r"(?:^|(?<=today )|(?<=tomorrow )|(?<=day ))(?P<hour>\d{1,2})$",
    )
)
_PART = re.compile(
    r"\b(?:(?P<this>this)\s+|(?:in the|at|the)\s+)?(?P<part>morning|afternoon|evening|night)\b"
    r"|\b(?P<tonight>tonight)\b"
)
_PART_HOURS = {"morning": (9, 12), "afternoon": (15, 17), "evening": (19, 22), "night": (20, 24)}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day; `today` when "this evening" or "tonight" tied it to the day of speaking."""

    name: str
    today: bool

    def starts(self, now: time | None = None) -> time:
        """When it begins, as one makes plans for it; the next full hour where that has passed by `now`."""
        first, last = _PART_HOURS[self.name]
        under_way = now is not None and time(first) < now and now.hour < last
        return time(min(now.hour + 1, 23)) if now is not None and under_way else time(first)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day. `guessed` where it could be twelve hours later too.

    `late` where it belongs to the night that follows a day (midnight, one at night), so that its date is
    that of the next day.
    """

    time: time
    guessed: bool
    late: bool


def take_part(text: str) -> tuple[Part | None, str]:
    """The part of the day in `text`, and the text without it."""
    match = _PART.search(text)
    if match is None:
        return None, text
    rest = " ".join(f"{text[: match.start()]} {text[match.end() :]}".split())
    if match["tonight"]:
        return Part("night", today=True), rest
    return Part(match["part"], today=match["this"] is not None), rest


def take_clock(text: str, part: Part | None) -> tuple[Clock | None, str]:
    """The time of day in `text`, within `part` if one was said, and the text without it."""
    for pattern in _CLOCKS:
        for match in pattern.finditer(text):
            found = match.groupdict()
            if found.get("minute") and re.search(rf"\b{MONTH} $", text[: match.start("hour")]):
                continue  # "December 3 10 am" is no three minutes past anything
            clock = _clock(found, part)
            if clock is not None:
                rest = f"{text[: match.start()]} {text[match.end() :]}"
                return clock, " ".join(rest.split())
    return None, text


def _clock(found: dict[str, str | None], part: Part | None) -> Clock | None:
    word = found["hour"] or ""
    half = found.get("half") or ""
    night = part is not None and part.name == "night"
    if not word.isdigit():
        hour, guessed = (24 if word == "midnight" else 12), False
    else:
        hour, guessed = _hour(word, half, part)
        if hour is None:
            return None
        if night and (hour < 6 or hour == 12 and half != "pm"):
            hour += 12 if hour == 12 else 24
    if hour == 0 and found.get("side") in ("to", "before"):
        hour = 12 if part and part.name == "morning" else 24  # quarter to twelve, quarter to midnight
    minutes = hour * 60 + int(found.get("minute") or 0) + _offset(found)
    return Clock(time(minutes // 60 % 24, minutes % 60), guessed, minutes >= 24 * 60)


def _offset(found: dict[str, str | None]) -> int:
    """Minutes that "half", "quarter to" and the like add to the hour."""
    part = found.get("part")
    if part is None:
        return 0
    minutes = {"half": 30, "quarter": 15}.get(part) or int(part)
    return -minutes if found.get("side") in ("to", "before") else minutes


def _hour(word: str, half: str, part: Part | None) -> tuple[int | None, bool]:
    """The hour from 0 to 23 that is meant (None if there is none such), and whether that is a guess."""
    hour = int(word)
    if hour > 23 or (half and not 1 <= hour <= 12):
        return None, False
    if hour > 12 or hour == 0 or len(word) == 2 and word.startswith("0"):
        return hour, False
    name = part.name if part else ""
    if half == "am" or name == "morning" and not half:
        return hour % 12, False
    if name == "night" and not half:
        return (hour if hour == 12 or hour < 6 else hour + 12), False
    if half == "pm" or name in ("afternoon", "evening"):
        return hour % 12 + 12, False
    return (hour + 12 if hour < 8 else hour), True
