"""Words as the brain sees them: without the recogniser's punctuation, which changes its mind."""

from __future__ import annotations

_EDGE = ' \t\n.,?!;:"“”…—–()[]<>'


def spoken_words(text: str) -> list[str]:
    """The words of `text`, punctuation at their edges removed; "7:30" and "I'm" stay whole."""
    return [word for word in (raw.strip(_EDGE) for raw in text.split()) if word]


def new_words(before: str, after: str) -> list[str] | None:
    """The words `after` adds to `before`, or None where it is no continuation of it.

    Case and punctuation do not count: a recogniser revises both freely.
    """
    old, new = spoken_words(before), spoken_words(after)
    if [word.casefold() for word in new[: len(old)]] != [word.casefold() for word in old]:
        return None
    return new[len(old) :]
