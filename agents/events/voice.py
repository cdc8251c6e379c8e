"""What the assistant says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfirmAsked:
    """A `confirm` call waits for the user's spoken yes to `question`."""

    turn: int
    at: float
    call: int
    question: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer's text is complete and goes to the voice (or the terminal) now."""

    turn: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """The brain begins its answer in its own voice; the words are complete with `Answered`."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeakingStarted:
    """The first audio of an answer or a question left for the speaker."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeakingEnded:
    """The assistant stopped speaking; `interrupted` when the user cut in, `heard` what was audible."""

    turn: int
    at: float
    heard: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class AlertDue:
    """A timer ran out or a reminder's time has come; `text` is said as soon as nobody speaks."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class AlertTold:
    """The `text` of what was due was said, or the user `interrupted` it after `heard`. It is told once."""

    at: float
    text: str
    heard: str
    interrupted: bool
