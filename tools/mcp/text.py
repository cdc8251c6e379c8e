"""What a server wrote, made fit to be shown and spoken. It is data: nothing in it is obeyed."""

from __future__ import annotations

import unicodedata

from tools.tool import Json

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would reorder what is shown


def clean(text: str) -> str:
    """`text` without control characters other than line ends and tabs."""
    return "".join(
        character
        for character in text
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI)
    )


def line(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters, cut between words where it is longer."""
    words = " ".join(clean(text).split())
    if len(words) <= limit:
        return words
    cut = words[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:") + "…"


def clean_json(value: Json) -> Json:
    """`value` with every text in it cleaned."""
    match value:
        case str():
            return clean(value)
        case list():
            return [clean_json(item) for item in value]
        case dict():
            return {clean(key): clean_json(item) for key, item in value.items()}
        case _:
            return value
