"""Many talkers and one server: how long their answers take, and what the server does for them.

Each talker is a session of its own with the real core, tools and journal, at speaking pace. The same tasks
are said at each level, shared out among its sessions, so that levels are compared task by task.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from agents.brains.engine import Used
from agents.brains.vllm import VllmBrain
from agents.brains.vllm_server import ServedEngine
from agents.tasks import Task
from app.bench.arms import Arm
from app.bench.metrics import Counted, counted
from app.bench.runner import Conditions, Stage, attempt
from app.bench.score import Run
from app.bench.thinking import Watched

_ARRIVAL = 2.0  # seconds over which the sessions begin
_REST = 0.5  # seconds between two turns of one, on average


@dataclass(slots=True)
class Level:
    """What `sessions` talkers at the same time came to, in `seconds`.

    `reactions` are requests to the server; `interrupted` those that newer words cut off. `given` tokens were
    in their prompts, `new` of them in no prompt before; `written` are those that came back. `server` is what
    the server counted meanwhile, of whoever else it serves too; None where it does not count.
    """

    sessions: int
    runs: list[Run] = field(default_factory=list[Run])
    seconds: float = 0.0
    reactions: int = 0
    interrupted: int = 0
    given: int = 0
    new: int = 0
    written: int = 0
    server: Counted | None = None


async def level(
    sessions: int,
    tasks: Sequence[Task],
    stage: Stage,
    conditions: Conditions,
    connect: Callable[[], ServedEngine],
    url: str,
) -> Level:
    """Have `sessions` talkers say `tasks`, each the next that nobody has said.

    `connect` gives each its way to the server at `url`. Raises BrainError.
    """
    found = Level(sessions)
    engines = [connect() for _ in range(sessions)]
    brains = [Watched(VllmBrain(engine, stage.tools())) for engine in engines]
    try:
        await asyncio.gather(*(brain.inside.warm_up() for brain in brains))
        for engine in engines:
            engine.used = Used()
        before = await counted(url)
        began = time.monotonic()
        todo = iter(tasks)
        async with asyncio.TaskGroup() as group:
            for number, brain in enumerate(brains):
                group.create_task(_talk(found, brain, todo, stage, conditions, number))
        found.seconds = time.monotonic() - began
        after = await counted(url)
    finally:
        await asyncio.gather(*(brain.inside.close() for brain in brains))
    found.reactions = sum(brain.reactions for brain in brains)
    found.interrupted = sum(brain.interrupted for brain in brains)
    found.given = sum(engine.used.given for engine in engines)
    found.new = sum(engine.used.new for engine in engines)
    found.written = sum(engine.used.written for engine in engines)
    found.server = after - before if before is not None and after is not None else None
    return found


async def _talk(
    found: Level, brain: Watched, todo: Iterator[Task], stage: Stage, conditions: Conditions, number: int
) -> None:
    draw = random.Random(f"{conditions.seed}/{number}")
    await asyncio.sleep(draw.uniform(0, _ARRIVAL))
    for task in todo:
        found.runs.append(await attempt(task, stage, Arm.FULL, conditions, lambda task, said: brain))
        await asyncio.sleep(draw.uniform(0, 2 * _REST))
