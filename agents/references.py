"""What `$n` in a call's arguments refers to, at any depth, and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tools.tool import Arguments, Json

_WHOLE = re.compile(r"\$(\d+)")
_INSIDE = re.compile(r"\$(\d+)\b")


@dataclass(frozen=True, slots=True)
class References:
    """Call IDs that arguments mention.

    A string that is nothing but `$n` is always a reference (`whole`), also to a call yet to come. Inside
    a longer string (`inside`) only the number of a call that stands is one: "I owe you $20" stays what
    the user said.
    """

    whole: frozenset[int]
    inside: frozenset[int]

    @classmethod
    def of(cls, arguments: Arguments) -> References:
        """The references in `arguments`."""
        whole: set[int] = set()
        inside: set[int] = set()
        for value in arguments.values():
            _collect(value, whole, inside)
        return cls(frozenset(whole), frozenset(inside))


def _collect(value: Json, whole: set[int], inside: set[int]) -> None:
    if isinstance(value, str):
        if match := _WHOLE.fullmatch(value):
            whole.add(int(match.group(1)))
        else:
            inside.update(map(int, _INSIDE.findall(value)))
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, whole, inside)
    elif isinstance(value, list):
        for item in value:
            _collect(item, whole, inside)


def filled(arguments: Arguments, value_of: Callable[[int], Json], stands: Callable[[int], bool]) -> Arguments:
    """The arguments with every reference replaced by the value of the call it names.

    Inside a longer string only a call that `stands` is one. A value is data: nothing in it is read as a
    reference again.
    """

    def fill(value: Json) -> Json:
        if isinstance(value, str):
            if match := _WHOLE.fullmatch(value):
                return value_of(int(match.group(1)))
            return _INSIDE.sub(
                lambda match: str(value_of(id)) if stands(id := int(match.group(1))) else match.group(), value
            )
        if isinstance(value, list):
            return [fill(item) for item in value]
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return value

    return {key: fill(value) for key, value in arguments.items()}


def spoken(text: str, say: Callable[[int], str]) -> str:
    """An answer with `$n` replaced by what is said of call n, white space tidied."""
    return " ".join(_INSIDE.sub(lambda match: say(int(match.group(1))), text).split())


def mentioned(text: str) -> frozenset[int]:
    """Call IDs that an answer mentions."""
    return frozenset(map(int, _INSIDE.findall(text)))
