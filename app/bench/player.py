"""A brain and a clock, ready to play one task after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from enum import StrEnum

from agents.brains.local import LocalBrain
from agents.tasks import Task
from app.bench.arms import Arm
from app.bench.clock import run_virtually
from app.bench.runner import Conditions, Stage, Thinker, attempt, gold, oracle
from app.bench.score import Run
from app.bench.thinking import RealLoop, Replayed

Play = Callable[[Task, Arm], Run]


class Thinks(StrEnum):
    """Brains a comparison can have."""

    LOCAL = "local"
    GOLD = "gold"


class Clock(StrEnum):
    """Virtual: speech and tools are not waited for. Real: everything is."""

    VIRTUAL = "virtual"
    REAL = "real"


@contextlib.contextmanager
def player(
    brain: Thinks, clock: Clock, stage: Stage, conditions: Conditions, speed: float
) -> Generator[Play]:
    """Plays tasks; the model stays loaded.

    `speed` is in tokens a second; 0: what the local brain really takes. Raises BrainError.
    """
    with contextlib.ExitStack() as stack:
        real = stack.enter_context(asyncio.Runner())
        if clock is Clock.REAL:
            live = thinker(brain, stage, speed)
            think = real.run(live.__aenter__())
            stack.callback(lambda: real.run(live.__aexit__(None, None, None)))
        elif brain is Thinks.GOLD:
            think = _gold(stage, speed)
        else:
            think = _replayed(stack, speed)

        def play(task: Task, arm: Arm) -> Run:
            if arm is Arm.ORACLE:
                return oracle(task, stage, conditions)
            work = attempt(task, stage, arm, conditions, think)
            return run_virtually(work) if clock is Clock.VIRTUAL else real.run(work)

        yield play


@contextlib.asynccontextmanager
async def thinker(brain: Thinks, stage: Stage, speed: float) -> AsyncGenerator[Thinker]:
    """What makes the brain of each task, in real time. Raises BrainError."""
    if brain is Thinks.GOLD:
        yield _gold(stage, speed)
        return
    model = LocalBrain()
    try:
        await model.warm_up()
        yield lambda task, said: model
    finally:
        await model.close()


def _gold(stage: Stage, speed: float) -> Thinker:
    return gold(stage, speed or float("inf"))


def _replayed(stack: contextlib.ExitStack, speed: float) -> Thinker:
    """The local brain for a virtual clock."""
    model = LocalBrain()
    thread = RealLoop()
    stack.callback(thread.close)
    stack.callback(lambda: thread.run(model.close()))
    thread.run(model.warm_up())
    brain = Replayed(model, thread, speed or None)
    return lambda task, said: brain
