"""What the user does, and how it is heard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Muted:
    """The user closed the microphone (`on`), or opened it again."""

    at: float
    on: bool


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the microphone was just now, some ten times a second: RMS from 0 to 1, full scale."""

    at: float
    level: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A hypothesis: all the words of the turn so far, the stable ones and the tail that may change."""

    turn: int
    at: float
    stable: str
    unstable: str


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The user fell silent at `at`; published later, when the silence has been noticed."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Updated:
    """Words handed to the brain: all of the turn so far, not only the new ones.

    `final`: as far as can be told the user has finished. That is a guess until `EndOfTurn` follows.
    """

    turn: int
    at: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ConfirmAnswered:
    """The user's answer to a question. Silence until the time-out is a no, with `said` empty."""

    turn: int
    at: float
    call: int
    yes: bool
    said: str
