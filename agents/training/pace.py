"""The clock of a simulated turn: when words are said and heard, and how long thinking and tools take.

*Speculative Interaction Agents* (section 4) turns delays into tokens of a generation speed; here both stand
on one clock of seconds, so that one turn can be lived through at any speed. The rates of speech are those
of Switchboard: 3.3 words a second (2.2 to 4.6), every tenth gap a pause.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast everything is in one turn. Times in seconds, speeds a second.

    The recogniser decodes every `hop` and is sure of a word `lag` after its end; the turn ends `ending`
    after the last word. The brain writes `tokens`, lets an action that it is writing take up to
    `patience` when words arrive, and reacts to results alone where that is 0. Calls take `delay` (low,
    high). A turn heard `at_once` reaches the brain in one final update.
    """

    words: float = 3.3
    hop: float = 0.35
    lag: float = 0.5
    ending: float = 0.5
    tokens: float = 60.0
    patience: float = 1.0
    delay: tuple[float, float] = (0.5, 1.0)
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Hearing:
    """At `at` seconds the first `count` words of the turn are certain, and with `final` that it is over."""

    at: float
    count: int
    final: bool


def drawn(rng: random.Random) -> Pace:
    """A pace at random: speakers, machines and tools of all speeds."""
    return Pace(
        words=min(5.5, max(1.8, rng.lognormvariate(1.19, 0.28))),
        hop=rng.uniform(0.25, 0.6),
        lag=rng.uniform(0.2, 0.9),
        ending=rng.uniform(0.2, 0.8),
        tokens=rng.lognormvariate(4.1, 0.5),
        patience=rng.choice((1.0, 1.0, 1.0, 0.0)),
        delay=rng.choice(((0.005, 0.02), (0.5, 1.0), (0.1, 2.5))),
        at_once=rng.random() < 0.12,
    )


def said_at(count: int, pace: Pace, rng: random.Random) -> list[float]:
    """When each of `count` words has been said (seconds from the start of the turn)."""
    times: list[float] = []
    now = 0.0
    for _ in range(count):
        now += rng.uniform(0.6, 1.4) / pace.words
        times.append(now)
        if rng.random() < 0.1:
            now += rng.expovariate(2.5)
    return times


def hearings(said: Sequence[float], pace: Pace, rng: random.Random) -> Iterator[Hearing]:
    """What the recogniser is certain of, as it becomes so; the last one is final. `said` is not empty."""
    end = said[-1] + pace.ending
    before = 0
    now = 0.0
    while not pace.at_once:
        now += pace.hop * rng.uniform(0.8, 1.2)
        if now >= end:
            break
        count = sum(time + pace.lag <= now for time in said)
        if count > before:
            before = count
            yield Hearing(now, count, False)
    yield Hearing(end, len(said), True)


def seconds(text: str, pace: Pace) -> float:
    """How long the brain writes at wire text: a token is a word or a mark, as nearly as can be said."""
    return len(_TOKEN.findall(text)) / pace.tokens
