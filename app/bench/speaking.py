"""How a task is spoken and heard: when each word is said, when it is certain, when the turn is over.

The end of the turn is assumed to be noticed as late as in the voice pipeline, and never in a pause; what a
real detector makes of pauses is measured with real sound only.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agents.session import Session
from agents.tasks import Task
from agents.words import spoken_words
from app.typed import CADENCE, END_OF_TURN, LIKELY_END, SPREAD, WORDS_A_SECOND

SETTLING = 0.5  # seconds until two hypotheses of the streaming recogniser agree on a word


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds; `rate` is words a second, and stretches the times a task brings along as well.

    The recogniser says every `cadence` which words it is certain of, those that were said `lag` ago; with a
    `chunk` it says so whenever that many more are certain. After the last word the turn is likely over
    after `likely_end`, when all words are known, and certainly after `end`.
    """

    rate: float = WORDS_A_SECOND
    cadence: float = CADENCE
    lag: float = SETTLING
    chunk: int = 0
    likely_end: float = LIKELY_END
    end: float = END_OF_TURN


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words, and for each the second from the start of the turn at which it has been said."""

    words: tuple[str, ...]
    times: tuple[float, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.words)


def utterance(task: Task, pace: Pace, seed: int) -> Utterance:
    """How `task` is spoken: at its own times where it has some, else drawn from `seed` and its ID."""
    stretch = WORDS_A_SECOND / pace.rate
    if task.words:
        return Utterance(
            tuple(word for word, _ in task.words), tuple(stretch * time for _, time in task.words)
        )
    draw = random.Random(f"{seed}/{task.id}")
    words = spoken_words(task.said)
    times: list[float] = []
    now = 0.0
    for _ in words:
        now += stretch * draw.lognormvariate(0, SPREAD) / WORDS_A_SECOND
        times.append(now)
    return Utterance(tuple(words), tuple(times))


def certain(said: Utterance, pace: Pace) -> Iterator[tuple[float, int]]:
    """Seconds from the start, and how many words are certain then; before all are known."""
    last = said.times[-1] + pace.likely_end
    before = 0
    if pace.chunk:
        moments = [time + pace.lag for time in said.times[pace.chunk - 1 :: pace.chunk]]
    else:
        moments = [pace.cadence * tick for tick in range(1, int(last / pace.cadence) + 1)]
    for at in moments:
        count = sum(time + pace.lag <= at + 1e-9 for time in said.times)
        if before < count and at < last:
            before = count
            yield at, count


async def speak(session: Session, said: Utterance, pace: Pace, *, partly: bool, eager: bool) -> None:
    """Say it to `session`; `partly` also while it is being said, `eager` also at its likely end."""
    steps: list[tuple[float, Callable[[], None]]] = []
    session.speech_started()
    began = session.now()  # not before the turn does, or a slow machine would end it too early
    end = began + said.times[-1]

    def hear(count: int) -> Callable[[], None]:
        return lambda: session.hear(" ".join(said.words[:count]), "")

    def likely_end() -> None:
        session.hear(said.text, "")
        session.guess_end()

    if partly:
        steps += [(began + at, hear(count)) for at, count in certain(said, pace)]
    steps.append((end, lambda: session.speech_ended(end)))
    if eager:
        steps.append((end + pace.likely_end, likely_end))
    steps.append((end + pace.end, lambda: session.end_turn(said.text)))
    await _take(session, sorted(steps, key=lambda step: step[0]))


async def _take(session: Session, steps: Sequence[tuple[float, Callable[[], None]]]) -> None:
    for at, step in steps:
        await asyncio.sleep(max(0.0, at - session.now()))
        step()
