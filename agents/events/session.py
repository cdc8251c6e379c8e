"""The frame of a session: its beginning and end, who thinks, and what a person should know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = 3


class Mode(StrEnum):
    """When the brain is asked: as words arrive, or only once the turn is over (the baseline)."""

    SPECULATIVE = "speculative"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """First event of a record. `now` is the session's local date and time, ISO 8601."""

    at: float
    schema: int
    brain: str
    mode: Mode
    source: str  # "microphone", a file name, or "typed words"
    now: str


@dataclass(frozen=True, slots=True)
class BrainChanged:
    """Another brain thinks from here on, or in another mode."""

    at: float
    brain: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know: a limit that bit, a device that went away. One line."""

    at: float
    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Last event of a record: counts over all turns, and the times of the latest that was answered.

    `wrong_effects` counts effects found in the journal that no surviving, committed call asked for.
    """

    at: float
    turns: int
    end_of_speech: float | None
    answer_at: float | None
    head_start: float
    calls: int
    rolled_back: int
    wrong_effects: int
