"""Plays a task through the real session core under an arm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
from tools.tool import Speculate, ToolContext
from tools.toolbox import Toolbox

FOREVER = 120.0  # seconds after which a task that does not end is given up


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


@dataclass(frozen=True, slots=True)
class Played:
    """What happened: events, the effects that stand, and rows written before the end of the turn.

    `may_be_early` names the tools that may write before it.
    """

    events: list[Event]
    effects: list[Performed]
    early_writes: int
    may_be_early: frozenset[str]


async def attempt(task: Task, stage: Stage, arm: Arm, conditions: Conditions, think: Thinker) -> Run:
    """Say `task` once, as typed words that come at the pace of speech."""
    setup, pace = SETUPS[arm], pace_of(arm, conditions.pace)
    said = utterance(task, pace, conditions.seed)
    brain = think(task, said)
    if conditions.network and arm is not Arm.ORACLE:
        brain = Far(brain, conditions.network)

    async def drive(session: Session) -> None:
        ended = asyncio.Event()
        session.subscribe(lambda event: ended.set() if isinstance(event, TurnEnded) else None)
        await speak(session, said, pace, partly=setup.partly, eager=setup.eager)
        await ended.wait()

    played = await perform(task, stage, arm, conditions, brain, drive)
    began = next(event.at for event in played.events if isinstance(event, TurnStarted))
    return scored(task, arm, played, speech=began + said.times[-1], end=pace.end)


def scored(task: Task, arm: Arm, played: Played, *, speech: float, end: float) -> Run:
    """What `played` came to; times as of `score`."""
    return score(
        task,
        arm,
        played.events,
        played.effects,
        speech=speech,
        end=end,
        early_writes=played.early_writes,
        may_be_early=played.may_be_early,
    )


async def perform(
    task: Task,
    stage: Stage,
    arm: Arm,
    conditions: Conditions,
    brain: Brain,
    drive: Callable[[Session], Awaitable[None]],
) -> Played:
    """Run a session in which `drive` says `task`.

    Every question is answered with yes at once, so that no arm waits for a person.
    """
    setup = SETUPS[arm]
    tools = tools_of(setup, stage.tools())
    events: list[Event] = []
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
            if isinstance(event, TurnStarted | EndOfTurn):
                writes.setdefault(type(event), store.changes)
            elif isinstance(event, ConfirmAsked):
                session.confirm(True)

        if waiting is not None:
            session.subscribe(waiting.listen)
        session.subscribe(listen)
        async with asyncio.timeout(FOREVER), asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await drive(session)
            session.close()
        found = [entry for entry in journal.entries() if entry.state is EntryState.DONE]
        effects = [Performed(entry.tool, dict(entry.arguments)) for entry in found]
    early = frozenset(tool.name for tool in tools if tool.speculate is Speculate.EARLY)
    return Played(events, effects, writes.get(EndOfTurn, 0) - writes.get(TurnStarted, 0), early)
