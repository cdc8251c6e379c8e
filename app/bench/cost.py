"""What the core itself costs: the delay it adds before a call starts, and what many sessions take.

The session, the calls, the journal and the event loop are the real ones; the brain is scripted and takes
no time, and the tools note when they are entered (`probe`). So a delay is the core's own work, plus what
it waits for other work of the same loop. Words come much faster than anybody speaks in the measurement
of single turns, and at speaking pace in that of many sessions.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import random
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.events import Event, TurnEnded
from agents.executor import World
from agents.port import Limits
from agents.session import Session
from app.bench.probe import Cause, Delays, Moment, Probe, Spread
from app.bench.workload import DeclaredTurn, declare
from app.typed import say
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext

LIMIT = 1.0  # milliseconds, of the 99th percentile
FEW_CALLS = 5
CALLS_A_WORD = 5
TURNS_A_SESSION = 20
_GAP = 0.005  # seconds between two words, and longer than the brain needs for the calls of one
_QUIET = 0.02  # seconds before the end of the turn, in which every read ends

TURNS_A_CONVERSATION = 3
CALLS_IN_CONVERSATION = 6  # a turn
WORDS_IN_CONVERSATION = 9  # a turn
_ARRIVAL = 4.0  # seconds over which the sessions begin
_REST = 1.0  # seconds between two turns, on average
_PROBE = 0.01  # seconds between two looks at the loop


@dataclass(frozen=True, slots=True)
class TurnCost:
    """Delays in turns of `calls` calls on a store in memory or on disk."""

    calls: int
    store: str
    turns: int
    starts: int
    wrong_effects: int
    delays: Mapping[Cause, Spread]


@dataclass(frozen=True, slots=True)
class LoadCost:
    """What many sessions in one process take.

    `lag` is how late the loop came back to a task that wanted to sleep 10 ms, `idle_lag` the same while
    nothing else ran: the part of it that is the timer's. `cpu` is in cores; `memory_kb` is what a session
    keeps, with its store in memory and all its events.
    """

    sessions: int
    turns: int
    effects: int
    wrong_effects: int
    seconds: float
    events_per_second: float
    cpu: float
    memory_kb: float
    lag: Spread
    idle_lag: Spread
    delays: Mapping[Cause, Spread]


def machine() -> dict[str, str | int]:
    """Where the figures come from: CPU model, usable cores, Python."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}


# ---- single turns ----------------------------------------------------------------------------------


async def turn_cost(calls: int, turns: int, folder: Path | None = None) -> TurnCost:
    """Measure `turns` turns of `calls` calls, one after the other, on a new store in `folder` or in memory.

    One turn before them is not measured: it loads what is loaded once.
    """
    delays = Delays()
    await _turns(calls, 1, Delays(), None)
    wrong = 0
    for first in range(0, turns, TURNS_A_SESSION):
        place = None if folder is None else folder / str(first)
        wrong += await _turns(calls, min(TURNS_A_SESSION, turns - first), delays, place)
    kind = "memory" if folder is None else "disk"
    return TurnCost(calls, kind, turns, delays.starts, wrong, delays.spreads())


async def _turns(calls: int, turns: int, delays: Delays, folder: Path | None) -> int:
    """One session; how many effects were wrong."""
    words = -(-calls // CALLS_A_WORD)
    declared = [declare(f"turn {turn}", calls, words) for turn in range(turns)]
    probe = Probe(declared, delays)
    ended = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, TurnEnded):
            ended.set()

    with Store.memory() if folder is None else Store.open(folder) as store:
        session = _session(probe, store, calls)
        session.subscribe(listen)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            for turn in declared:
                ended.clear()
                session.speech_started()
                said = turn.words.split()
                for count in range(1, words + 1):
                    session.hear(" ".join(said[:count]), "")
                    await asyncio.sleep(_GAP)
                await asyncio.sleep(_QUIET)
                session.end_turn(turn.words)
                await ended.wait()
            session.close()
        return wrong_effects(store, declared)


def _session(probe: Probe, store: Store, calls: int) -> Session:
    world = World(Journal(store), ToolContext(store, datetime.now))
    limits = Limits(calls=calls, versions=3 * calls, speculative=3 * calls, parallel=calls)
    session = Session(probe, probe.toolbox(), world, limits=limits)
    session.subscribe(probe.listen)
    return session


def wrong_effects(store: Store, turns: Sequence[DeclaredTurn]) -> int:
    """Effects in the journal of `store` that `turns` do not declare, in their order, and those missing."""
    right = [(tool, dict(arguments)) for turn in turns for tool, arguments in turn.effects]
    found = [
        (entry.tool, dict(entry.arguments)) if entry.state is EntryState.DONE else None
        for entry in Journal(store).entries()
    ]
    differing = sum(one != other for one, other in zip(right, found, strict=False))
    return differing + abs(len(right) - len(found))


# ---- many sessions ---------------------------------------------------------------------------------


async def load_cost(sessions: int, turns: int = TURNS_A_CONVERSATION) -> LoadCost:
    """Hold `sessions` conversations of `turns` turns at the same time, each at speaking pace."""
    idle_lag: list[Moment] = []
    await _watch(idle_lag, asyncio.get_running_loop().time() + 0.5)
    gc.collect()
    memory = _resident()
    delays, lag, counted = Delays(), list[Moment](), _Counter()
    stores = [Store.memory() for _ in range(sessions)]
    conversations = [
        [
            declare(f"session {number} turn {turn}", CALLS_IN_CONVERSATION, WORDS_IN_CONVERSATION, ask=True)
            for turn in range(turns)
        ]
        for number in range(sessions)
    ]
    began, used = time.monotonic(), time.process_time()
    watching = asyncio.create_task(_watch(lag))
    held: list[Session] = []  # keeps what a session keeps until memory is read
    try:
        async with asyncio.TaskGroup() as group:
            for number, (store, declared) in enumerate(zip(stores, conversations, strict=True)):
                probe = Probe(declared, delays)
                session = _session(probe, store, CALLS_IN_CONVERSATION)
                session.subscribe(counted)
                held.append(session)
                group.create_task(_converse(session, declared, number))
    finally:
        watching.cancel()
    seconds, used = time.monotonic() - began, time.process_time() - used
    gc.collect()
    memory = _resident() - memory
    wrong = sum(map(wrong_effects, stores, conversations))
    effects = sum(len(Journal(store).entries()) for store in stores)
    for store in stores:
        store.close()
    return LoadCost(
        sessions=len(held),
        turns=counted.turns,
        effects=effects,
        wrong_effects=wrong,
        seconds=seconds,
        events_per_second=counted.events / seconds,
        cpu=used / seconds,
        memory_kb=memory / 1024 / sessions,
        lag=Spread.of(lag),
        idle_lag=Spread.of(idle_lag),
        delays=delays.spreads(),
    )


class _Counter:
    """Counts events and ended turns."""

    def __init__(self) -> None:
        self.events = self.turns = 0

    def __call__(self, event: Event) -> None:
        self.events += 1
        self.turns += isinstance(event, TurnEnded)


async def _converse(session: Session, turns: Sequence[DeclaredTurn], number: int) -> None:
    draw = random.Random(number)
    await asyncio.sleep(draw.uniform(0, _ARRIVAL))
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await asyncio.sleep(0)
        for turn in turns:
            await say(session, [turn.words], reply="yes please", seed=number)
            await asyncio.sleep(draw.uniform(0, 2 * _REST))
        session.close()


async def _watch(lag: list[Moment], until: float = float("inf")) -> None:
    """Note how late each sleep ends; CPU time says nothing here."""
    loop = asyncio.get_running_loop()
    while (due := loop.time() + _PROBE) < until:
        await asyncio.sleep(_PROBE)
        lag.append(Moment(round((loop.time() - due) * 1e9), 0))


def _resident() -> int:
    """Bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
