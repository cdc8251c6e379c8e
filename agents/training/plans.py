"""Whether two plans are the same: calls by name, dependencies and arguments, not by their numbers.

An argument is the same but for case, articles and how numbers are written.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.actions import Call
from agents.training.values import in_words
from agents.words import spoken_words

_NUMBERS = {in_words(value): str(value) for value in range(100)}
_LEFT_OUT = frozenset({"a", "an", "the", "my", "some"})


def shape(calls: Sequence[Call]) -> list[str]:
    """Names and dependencies, whatever the IDs and the order."""
    return sorted(_described(call, calls, values=False) for call in calls)


def whole(calls: Sequence[Call]) -> list[str]:
    """Names, dependencies and normalised arguments."""
    return sorted(_described(call, calls, values=True) for call in calls)


def _described(call: Call, calls: Sequence[Call], values: bool, depth: int = 0) -> str:
    known = {each.id: each for each in calls}
    parts: list[str] = []
    for name, value in sorted(call.arguments.items()):
        text = str(value)
        source = known.get(int(text[1:])) if text.startswith("$") and text[1:].isdigit() else None
        if source is not None and depth < 3:
            parts.append(f"{name}=<{_described(source, calls, values, depth + 1)}>")
        elif values:
            parts.append(f"{name}={normalised(f'{value:g}' if isinstance(value, float) else text)}")
    return f"{call.name}({', '.join(parts)})"


def normalised(text: str) -> str:
    """Words without case, articles and spelled-out numbers."""
    words = [
        word for word in (w.casefold() for w in spoken_words(text.replace("-", " "))) if word not in _LEFT_OUT
    ]
    made: list[str] = []
    for word in words:
        if made and made[-1] in ("20", "30", "40", "50") and word in _NUMBERS and len(_NUMBERS[word]) == 1:
            made[-1] = str(int(made[-1]) + int(_NUMBERS[word]))
        else:
            made.append(_NUMBERS.get(word, word))
    return " ".join(made)
