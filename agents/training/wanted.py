"""What a speaker wants, in indices of words, and where the words of each value stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.training.slots import Part

Arguments = Mapping[str, tuple[int, ...] | int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call as far as it is known. Values: indices of words, or the request whose result is meant.

    `clear` when the tool is, `over` when the speaker has gone on to something else, `live` until the
    speaker takes it back.
    """

    tool: str
    arguments: Arguments = field(default_factory=dict[str, "tuple[int, ...] | int"])
    clear: bool = False
    over: bool = False
    live: bool = True


@dataclass(slots=True)
class Said:
    """Where the words of one part stand: those that lead into it, and those of each of its pieces."""

    lead: list[int]
    pieces: list[list[int]]

    @property
    def value(self) -> list[int]:
        """All of its words."""
        return [index for piece in self.pieces for index in piece]


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that was filled: which, the parts of its value, and where they were said."""

    request: int
    parameter: str
    parts: list[Part]
    said: list[Said]
