"""Lengths of time as people say them ("an hour and a half")."""

from __future__ import annotations

import re
from datetime import timedelta

from tools.numbers import digits
from tools.tool import ToolError

_UNIT_SECONDS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "fortnight": 14 * 86_400,
}
UNIT = r"(?:second|sec|minute|min|hour|day|week|fortnight)s?"


def parse_duration(words: str) -> timedelta:
    """A length of time: "ten minutes", "an hour and a half". Raises ToolError for anything else."""
    text = plain(words, ordinals=False)
    text = re.sub(r"^(?:for|in) ", "", text)
    text = re.sub(r"\bhalf (?:of )?(?:an? )?(hour|minute|day)\b", r"0.5 \1", text)
    text = re.sub(
        r"\b(?:(\d+) |a )?quarters? of (?:an )?hour\b", lambda m: f"{15 * int(m[1] or 1)} minutes", text
    )
    text = re.sub(r"\b(?:a )?couple (?:of )?", "2 ", text)
    text = re.sub(rf"\b(?:an?|1) ({UNIT}) and a half\b", r"1.5 \1", text)
    text = re.sub(rf"\b(\d+) and a half ({UNIT})\b", r"\1.5 \2", text)
    text = re.sub(rf"\b(\d+) ({UNIT}) and a half\b", r"\1.5 \2", text)
    text = re.sub(rf"\ban? ({UNIT})\b", r"1 \1", text)
    iso = re.fullmatch(r"pt(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if iso and any(iso.groups()):
        hours, minutes, seconds = (int(count or 0) for count in iso.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    one = rf"(\d+(?:\.\d+)?)[ -]?({UNIT}|[hms])(?:\b|(?=\d))"
    if not re.fullmatch(rf"{one}(?:(?: and | )?{one})*", text):
        raise ToolError(f'I could not read "{words.strip()}" as a length of time.')
    short = {"h": 3600, "m": 60, "s": 1}
    total = sum(
        float(count) * (short.get(unit) or _UNIT_SECONDS[unit.removesuffix("s")])
        for count, unit in re.findall(one, text)
    )
    if not 0 < total <= 366 * 86400:
        raise ToolError("A length of time must be more than nothing and no more than a year.")
    return timedelta(seconds=round(total))


def plain(words: str, *, ordinals: bool = True) -> str:
    """Lower case, numbers as digits, without commas and the dots of a.m."""
    text = re.sub(r"\b([ap])\.? ?m\b\.?", r"\1m", words.lower().replace("\u2019", "'"))
    text = re.sub(r"[,!?]|\.$|(?<=[a-z])'s\b", " ", text)
    text = re.sub(r"\b(today|tomorrow|yesterday)s\b", r"\1", text)
    text = digits(text, ordinals=ordinals)
    text = re.sub(r"\b(\d{1,2}) (?:oh|o) (\d)\b", r"\1 0\2", text)
    return " ".join(text.split())
