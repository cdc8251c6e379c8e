"""The day, or the stretch of days, in a phrase ("next Friday", "the first of December", "this week").

`dateparser` reads weekdays, months and distances. It guesses freely, so only phrases of a shape it reads
as people mean them reach it: a wrong date is worse than none. "Friday" is the coming one, "next Friday"
that of next week.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from tools.clock import MONTH, WEEKDAY, WEEKDAYS
from tools.numbers import ordinal
from tools.tool import ToolError

_MONTHS: Sequence[str] = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FEASTS = {
    r"christmas eve": "24 december",
    r"christmas(?: day)?": "25 december",
    r"boxing day": "26 december",
    r"new year'?s? eve": "31 december",
    r"new year'?s?(?: day)?": "1 january",
    r"valentine'?s?(?: day)?": "14 february",
    r"halloween": "31 october",
}
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?: (?P<year>(?:19|20)\d\d))?"
_SAFE = re.compile(
    rf"today|tomorrow|yesterday|(?:last )?{WEEKDAY}"
    r"|\d+ (?:day|week|month|year)s? ago|in \d+ (?:day|week|month|year)s?"
    rf"|{MONTH} {_NUMBER}{_YEAR}|{_NUMBER} {MONTH}{_YEAR.replace('year', 'later')}"
)
_LEADING = r"(?:on|at|the|this|coming|for|by|around|about|starting|please|from|of|a|an) "


def read_day(text: str, now: datetime) -> date | None:
    """The date that `text`, free of any clock, names; None where it names none.

    Raises ToolError where it contradicts itself ("Monday the 28th").
    """
    text = re.sub(rf"^(?:{_LEADING})+", "", text)
    text = re.sub(r" (?:on|at|please|for|by|around|about)$", "", text)
    if text == "weekend":
        text = "saturday"
    for feast, dated in _FEASTS.items():
        if re.fullmatch(feast, text):
            text = dated
    if (found := _next_week(text, now)) or (found := _distance(text, now)) or (found := _end(text, now)):
        return found
    text = re.sub(rf"\bthe (?=\d)|\bof (?={MONTH})", "", text)
    # A year is said in twos: twenty twenty seven.
    text = re.sub(rf"({MONTH} {_NUMBER}|{_NUMBER} {MONTH}) 20 (\d\d)$", r"\1 20\2", text)
    text = re.sub(r"^(?:in )?(\d+|a) (month|year)(s?)(?: from (?:now|today))?$", _ahead, text)
    text, weekday = _take_weekday(text)
    if dated := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", text):
        day = _day_of_month(int(dated[1]), now.date())
    elif slashes := re.fullmatch(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?", text):
        day = _slashed(int(slashes[1]), int(slashes[2]), slashes[3], now)
    else:
        day = _parsed(text, now) if _SAFE.fullmatch(text) else None
    if day and weekday and f"{day:%A}".lower() != weekday:
        raise ToolError(f"The {ordinal(day.day)} of {day:%B} is a {day:%A}, not a {weekday.capitalize()}.")
    return day


def read_stretch(text: str, now: datetime) -> tuple[date, date] | None:
    """First and last day of "this week", "next month", "the weekend" or "March"; None for anything else.

    What has passed of the current one is left out.
    """
    today = now.date()
    if re.fullmatch(r"(?:the )?(?:rest|remainder) of (?:the |this )?day", text):
        return today, today
    coming = re.search(r"\b(?:coming|next|following)\b", text) is not None
    text = re.sub(r"^(?:on|at|in|for|during|over) ", "", text)
    text = re.sub(r"^(?:the )?(?:(?:rest|remainder) of )?(?:the |this |current |coming )*", "", text)
    text = text.replace("following", "next")
    if text == "week" and coming:
        return today, today + timedelta(days=7)
    if match := re.fullmatch(r"(next |last )?(week|weekend|month|year)", text):
        step = {"next ": 1, "last ": -1}.get(match[1], 0)
        first, last = _stretch(match[2], step, today)
        return (max(first, today) if step == 0 else first), last
    if match := re.fullmatch(r"next (\d{1,3}|couple of|few) (day|week)s?", text):
        count = {"couple of": 2, "few": 3}.get(match[1]) or int(match[1])
        return today, today + timedelta(days=count * (7 if match[2] == "week" else 1))
    if match := re.fullmatch(rf"({MONTH}){_YEAR}", text):
        month = _MONTHS.index(text[:3]) + 1
        year = int(match["year"]) if match["year"] else today.year + (month < today.month)
        first, last = _month(year, month)
        return (max(first, today) if first <= today <= last else first), last
    return None


def _stretch(kind: str, step: int, today: date) -> tuple[date, date]:
    if kind == "year":
        return date(today.year + step, 1, 1), date(today.year + step, 12, 31)
    if kind == "month":
        years, month = divmod(today.month - 1 + step, 12)
        return _month(today.year + years, month + 1)
    monday = today + timedelta(days=7 * step - today.weekday())
    first = monday if kind == "week" else monday + timedelta(days=5)
    return first, monday + timedelta(days=6)


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _next_week(text: str, now: datetime) -> date | None:
    """Such as "next Friday", "Friday next week" and "next week on Friday"; "Friday this week"."""
    monday = now.date() - timedelta(days=now.weekday())
    for pattern, weeks in (
        (rf"next ({WEEKDAY})|({WEEKDAY})(?: of)? next week|next week(?: on)? ({WEEKDAY})", 1),
        (rf"({WEEKDAY})(?: of)? this week|week(?: on)? ({WEEKDAY}) this", 0),
    ):
        if match := re.fullmatch(pattern, text):
            return monday + timedelta(days=7 * weeks + WEEKDAYS.index(next(filter(None, match.groups()))))
    return None


def _distance(text: str, now: datetime) -> date | None:
    """Days and weeks counted from a day: "a week on Tuesday", "Tuesday week", "two days before Christmas"."""
    match = re.fullmatch(r"(?:(\d+) )?(day|week|fortnight)s? (?:(from|after|on|before) )?(.+)", text)
    if match:
        count, unit, side, rest = match.groups()
    elif match := re.fullmatch(rf"({WEEKDAY}|tomorrow|today) (week|fortnight)", text):
        count, unit, side, rest = None, match[2], "from", match[1]
    else:
        return None
    if unit == "day" and side not in ("from", "after", "before") or rest == "ago":
        return None
    start = read_day("today" if rest == "now" else rest, now)
    days = int(count or 1) * {"day": 1, "week": 7, "fortnight": 14}[unit]
    if start is None or days > 3660:
        return None
    return start + timedelta(days=-days if side == "before" else days)


def _end(text: str, now: datetime) -> date | None:
    """The last day of a month or year; the end of a week could be three days."""
    match = re.fullmatch(r"(?:end|last day) of (?:the )?(?:this )?(.+)", text)
    if match is None or "week" in match[1]:
        return None
    stretch = read_stretch(match[1], now)
    return stretch[1] if stretch else None


def _take_weekday(text: str) -> tuple[str, str]:
    """A date without the weekday that goes with it ("Saturday the 28th"), and that weekday."""
    match = re.search(rf"\b({WEEKDAY})\b", text)
    if match is None or not re.search(r"\d", text):
        return text, ""
    return " ".join(f"{text[: match.start()]} {text[match.end() :]}".split()), match[1]


def _ahead(match: re.Match[str]) -> str:
    """What "two months from now" is to the date reader."""
    return f"in {1 if match[1] == 'a' else match[1]} {match[2]}{match[3]}"


def _parsed(text: str, now: datetime) -> date | None:
    import dateparser  # about 0.3 s: loaded when first needed, or by `when.warm_up`

    found = dateparser.parse(
        text,
        languages=["en"],
        settings={"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future", "RETURN_AS_TIMEZONE_AWARE": False},
    )
    return found.date() if found else None


def _slashed(first: int, second: int, year: str | None, now: datetime) -> date | None:
    """A date in figures; None where day and month could be either."""
    day, month = max(first, second), min(first, second)
    if first != second and day <= 12 or not 1 <= month <= 12:
        return None
    return _parsed(f"{day} {_MONTHS[month - 1]}{f' {year}' if year else ''}", now)


def _day_of_month(day: int, today: date) -> date | None:
    """The next date, today included, with that number."""
    for months in range(3):  # among three months in a row one has 31 days
        year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
        if 1 <= day <= monthrange(year, month + 1)[1] and date(year, month + 1, day) >= today:
            return date(year, month + 1, day)
    return None
