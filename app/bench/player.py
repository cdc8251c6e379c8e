"""A brain and a clock, ready to play one task after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from enum import StrEnum

from agents.brain import Brain
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
        real = asyncio.Runner()
        stack.enter_context(real)
        think: Thinker
        if brain is Thinks.GOLD:
            think = gold(stage, speed or float("inf"))
        else:
            think = _local(stack, clock, real, speed)

        def play(task: Task, arm: Arm) -> Run:
            if arm is Arm.ORACLE:
                return oracle(task, stage, conditions)
            work = attempt(task, stage, arm, conditions, think)
            return run_virtually(work) if clock is Clock.VIRTUAL else real.run(work)

        yield play


def _local(stack: contextlib.ExitStack, clock: Clock, real: asyncio.Runner, speed: float) -> Thinker:
    model = LocalBrain()
    brain: Brain = model
    if clock is Clock.VIRTUAL:
        thread = RealLoop()
        stack.callback(thread.close)
        stack.callback(lambda: thread.run(model.close()))
        thread.run(model.warm_up())
        brain = Replayed(model, thread, speed or None)
    else:
        stack.callback(lambda: real.run(model.close()))
        real.run(model.warm_up())
    return lambda task, said: brain
