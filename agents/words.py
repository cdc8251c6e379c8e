"""Words as the brain sees them: without the recogniser's punctuation, which changes its mind."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.numbers import digits

_STEM = 4  # letters that two forms of a word share
_EDGE = ' \t\n.,?!;:"“”…—–()[]<>'


def spoken_words(text: str) -> list[str]:
    """The words of `text`, punctuation at their edges removed; "7:30" and "I'm" stay whole."""
    return [word for word in (raw.strip(_EDGE) for raw in text.split()) if word]


def same_words(one: str, other: str) -> bool:
    """Whether two texts say the same: case, punctuation, and "1" for "one" aside."""
    return _said(one) == _said(other)


def _said(text: str) -> str:
    return digits(" ".join(spoken_words(text)).casefold())


def new_words(before: str, after: str) -> list[str] | None:
    """The words `after` adds to `before`, or None where it is no continuation of it.

    Case and punctuation do not count: a recogniser revises both freely.
    """
    old, new = spoken_words(before), spoken_words(after)
    if [word.casefold() for word in new[: len(old)]] != [word.casefold() for word in old]:
        return None
    return new[len(old) :]


def resembles(choice: str, words: Iterable[str]) -> bool:
    """Whether one of `words` says a part of `choice`: "beginners" or "begin" for "beginner"."""
    parts = re.findall(r"[^\W_]+", choice.casefold())
    return any(
        part == word or (min(len(part), len(word)) >= _STEM and part[:_STEM] == word[:_STEM])
        for word in (word.casefold() for word in words)
        for part in parts
    )
