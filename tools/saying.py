"""Dates, times, durations and lists as spoken words. What is said here, `tools.when` reads back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from tools.numbers import ordinal, spell


def sentence(text: str) -> str:
    """`text` as it starts a sentence: first letter capital, the rest as it is."""
    text = text.strip()
    return text[:1].upper() + text[1:]


def listing(items: Sequence[str], last: str = "and") -> str:
    """The items as spoken: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def say_day(day: date, now: datetime) -> str:
    """`day` seen from `now`: today, tomorrow, Saturday the 28th, Saturday the 5th of December."""
    ahead = (day - now.date()).days
    if ahead in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[ahead + 1]
    words = f"{day:%A} the {ordinal(day.day)}"
    if not 0 < ahead < 7:
        words += f" of {day:%B}"
    return words if day.year == now.year or 0 < ahead < 7 else f"{words} {day.year}"


def on_day(day: date, now: datetime) -> str:
    """`say_day` as it follows a verb: "on Saturday the 28th", but "tomorrow"."""
    words = say_day(day, now)
    return words if words in ("yesterday", "today", "tomorrow") else f"on {words}"


def say_moment(day: date, clock: time | None, now: datetime) -> str:
    """A day and its time, where it has one: "Saturday the 28th at one".

    Midnight is named by the evening before it, as people do.
    """
    if clock is None:
        return say_day(day, now)
    if clock == time(0):
        day -= timedelta(days=1)
    words = f"{say_day(day, now)} at {say_time(clock)}"
    # A morning hour that has passed: without a word it would mean this evening.
    passed = day == now.date() and clock <= now.time() and 8 <= clock.hour < 12
    return f"{words} in the morning" if passed and not words.endswith("morning") else words


def say_time(moment: datetime | time) -> str:
    """The clock: one, half past seven, ten twenty, eight in the evening, noon.

    Eight in the morning to half past seven in the evening go without a part of the day, as people
    say them; every other hour names it.
    """
    hour, minute = moment.hour, moment.minute
    if minute == 0 and hour in (0, 12):
        return "noon" if hour else "midnight"
    if minute == 45:
        words = f"quarter to {_hour(hour + 1)}"
        return words + _part_of_day(hour if hour == 23 else (hour + 1) % 24)
    elif minute in (15, 30):
        words = f"{'half' if minute == 30 else 'quarter'} past {_hour(hour)}"
    elif minute == 0:
        words = _hour(hour)
    else:
        words = f"{_hour(hour)} {spell(minute) if minute > 9 else 'oh ' + spell(minute)}"
    return words + _part_of_day(hour)


def _hour(hour: int) -> str:
    return spell(hour % 12 or 12)


def _part_of_day(hour: int) -> str:
    if 8 <= hour <= 19:
        return ""
    if hour < 8:
        return " in the morning"
    return " in the evening" if hour <= 22 else " at night"


def say_duration(span: timedelta) -> str:
    """A length of time, its two largest units: "an hour and 30 minutes" is "one hour and thirty minutes".

    Rounded down to the second; from an hour on the seconds are left out.
    """
    seconds = max(0, int(span.total_seconds()))
    sizes = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    parts: list[str] = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{spell(count)} {unit}{'' if count == 1 else 's'}")
        if unit == "minute" and span >= timedelta(hours=1):
            break
    return listing(parts[:2]) or "no time"
