"""What the brain does, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thought:
    """What a brain thought aloud; `interrupted` when news cut it short."""

    turn: int
    at: float
    text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Paused:
    """The brain has nothing to do until something new arrives."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Drafted:
    """The brain's answer as written, with `$n` where the result of call n belongs."""

    turn: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """A response of a model that is paid for, as its service counted it. It may come after its turn.

    Counts are tokens, the cached ones among those that went in; `estimated` where the service does not say,
    as of what was given up. `guess`: made while it was not certain that the user had finished. `dollars` is
    None where the price is not known.
    """

    turn: int
    at: float
    model: str
    guess: bool
    text_in: int
    text_cached: int
    text_out: int
    audio_in: int
    audio_cached: int
    audio_out: int
    dollars: float | None
    estimated: bool = False
