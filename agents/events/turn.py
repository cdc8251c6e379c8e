"""The life of a turn: it begins, goes on, is committed and ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The user began to speak."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Continued:
    """The turn goes on where turn `of` had ended too early: its words and what was done are carried over."""

    turn: int
    at: float
    of: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """The end of the turn was none, the user goes on: what has not begun is held again."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """The user has certainly finished: what the brain decides knowing the final words may commit."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit point: from here on held calls are released. `by` is pause or answer."""

    turn: int
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """Nothing is left to do in this turn.

    Times in seconds on the session clock. `head_start` is the estimate of how much later the answer
    would have come without speculation (seconds, never negative); `rolled_back` counts versions of
    calls that were discarded as wrong guesses; `waste` those of them that had run.
    """

    turn: int
    at: float
    end_of_speech: float
    answer_at: float | None
    head_start: float
    calls: int
    rolled_back: int
    waste: int
