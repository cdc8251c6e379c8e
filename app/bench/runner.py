"""Plays a task through the real session core under an arm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from agents.brain import Brain
from agents.events import ConfirmAsked, EndOfTurn, Event, TurnEnded, TurnStarted
from agents.executor import World
from agents.session import Session
from agents.tasks import Performed, Task
from app.bench.arms import SETUPS, Arm, limits_of, pace_of, tools_of
from app.bench.clock import run_virtually
from app.bench.delays import delays
from app.bench.gold import GoldBrain
from app.bench.score import Run, score
from app.bench.speaking import Pace, Utterance, speak, utterance
from app.bench.thinking import Far, OneByOne
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

FOREVER = 120.0  # seconds after which a turn that does not end is given up


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all arms meet alike. `delay` is that of calls as in `delays`, `network` in seconds a reaction."""

    pace: Pace = Pace()
    delay: str = "0.5-1"
    network: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a task is played: fresh tools and store for each, and whether answers are made of results."""

    tools: Callable[[], Toolbox]
    store: Callable[[Task], Store]
    reads: bool = False


Thinker = Callable[[Task, Utterance], Brain]


def gold(stage: Stage, speed: float) -> Thinker:
    """Makes the gold brain of a task, which writes `speed` tokens a second."""
    return lambda task, said: GoldBrain(task, said.words, speed, reads=stage.reads)


def oracle(task: Task, stage: Stage, conditions: Conditions) -> Run:
    """The physical limit: no network, no time to think, each call as soon as its arguments are said."""
    return run_virtually(attempt(task, stage, Arm.ORACLE, conditions, gold(stage, float("inf"))))


async def attempt(task: Task, stage: Stage, arm: Arm, conditions: Conditions, think: Thinker) -> Run:
    """Say `task` once. Every question is answered with yes at once, so that no arm waits for a person."""
    setup, pace = SETUPS[arm], pace_of(arm, conditions.pace)
    said = utterance(task, pace, conditions.seed)
    tools = tools_of(setup, stage.tools())
    brain = think(task, said)
    if conditions.network and arm is not Arm.ORACLE:
        brain = Far(brain, conditions.network)
    events: list[Event] = []
    ended = asyncio.Event()
    writes: dict[type[Event], int] = {}
    with stage.store(task) as store:
        journal = Journal(store)
        world = World(
            journal,
            ToolContext(store, lambda: task.now),
            delays(conditions.delay, tools, task.id, conditions.seed),
        )
        waiting = OneByOne(brain) if setup.one_by_one else None
        session = Session(waiting or brain, tools, world, mode=setup.mode, limits=limits_of(setup))

        def listen(event: Event) -> None:
            events.append(event)
            match event:
                case TurnStarted() | EndOfTurn():
                    writes.setdefault(type(event), store.changes)
                case ConfirmAsked():
                    session.confirm(True)
                case TurnEnded():
                    ended.set()
                case _:
                    pass

        if waiting is not None:
            session.subscribe(waiting.listen)
        session.subscribe(listen)
        async with asyncio.timeout(FOREVER), asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await speak(session, said, pace, partly=setup.partly, eager=setup.eager)
            await ended.wait()
            session.close()
        found = [entry for entry in journal.entries() if entry.state is EntryState.DONE]
        effects = [Performed(entry.tool, dict(entry.arguments)) for entry in found]
    return score(
        task,
        arm,
        events,
        effects,
        speech=said.times[-1] + next(event.at for event in events if isinstance(event, TurnStarted)),
        end=pace.end,
        early_writes=writes.get(EndOfTurn, 0) - writes.get(TurnStarted, 0),
    )
