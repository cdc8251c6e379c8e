"""How fast the models are on this machine, against real time, for `headstart doctor`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr

from agents.brain import Brain, Interaction
from agents.events import EndOfTurn, Event, TurnStarted, Updated
from tools.assistant import assistant_tools
from tools.toolbox import Toolbox
from voice.decoder import SAMPLE_RATE
from voice.models import Models

_TEXT = "What is on my calendar on Friday, and when is lunch with Anna?"


@dataclass(frozen=True, slots=True)
class Speed:
    """`seconds` of work for `sound` seconds of sound, at most `enough` of which leave time for the rest."""

    name: str
    seconds: float
    sound: float
    enough: float

    @property
    def is_slow(self) -> bool:
        """Whether it cannot keep up with speech."""
        return self.seconds > self.enough

    def __str__(self) -> str:
        return f"{self.name} {self.seconds:.2f} s for {self.sound:.1f} s"


def measure(models: Models) -> list[Speed]:
    """Each model of the voice on a sentence of its own, the better of two runs."""
    said = models.voice(_TEXT, seed=1)
    length = len(said) / models.voice.sample_rate
    heard = soxr.resample(said, models.voice.sample_rate, SAMPLE_RATE)
    pcm = (heard.clip(-1, 1) * 32767).astype(np.int16)

    def judge() -> None:
        models.prosody.clear()
        models.prosody.append_audio(pcm.tobytes(), is_speech=True)
        asyncio.run(models.prosody.analyze_end_of_turn())

    speeds = [
        Speed("words", _best(lambda: models.decoder.partial(pcm)), length, 1.0),
        Speed("last words", _best(lambda: models.decoder.final(pcm)), length, 1.5),
        Speed("end of turn", _best(judge), length, 1.0),
        Speed("voice", _best(lambda: models.voice(_TEXT, seed=1)), length, length / 2),
    ]
    asyncio.run(models.prosody.cleanup())
    return speeds


async def first_action(brain: Brain) -> float:
    """Seconds from the last word to the first action of `brain`, once warm; closes it. Raises BrainError."""
    try:
        await brain.warm_up()
        await _react(brain, "what time is it")
        return await _react(brain, _TEXT.lower())
    finally:
        await brain.close()


async def _react(brain: Brain, text: str) -> float:
    events: list[Event] = [TurnStarted(1, 0.0), Updated(1, 1.0, text, True), EndOfTurn(1, 1.0)]
    begun = time.perf_counter()
    async for _ in brain.react(Interaction(Toolbox(assistant_tools()), 1, events)):
        break
    return time.perf_counter() - begun


def _best(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(2):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
