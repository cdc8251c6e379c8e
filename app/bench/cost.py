"""What the core itself costs: the delay it adds before a call starts.

The session, the calls, the journal and the event loop are the real ones; the brain is scripted and takes
no time, and the tools note when they are entered (`probe`). So a delay is the core's own work, plus what
it waits for other work of the same loop. Words come much faster than anybody speaks.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.events import Event, TurnEnded
from agents.executor import World
from agents.port import Limits
from agents.session import Session
from app.bench.probe import Cause, Delays, Probe, Spread
from app.bench.workload import DeclaredTurn, declare
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext

LIMIT = 1.0  # milliseconds, of the 99th percentile
FEW_CALLS = 5
CALLS_A_WORD = 5
TURNS_A_SESSION = 20
_GAP = 0.005  # seconds between two words, and longer than the brain needs for the calls of one
_QUIET = 0.02  # seconds before the end of the turn, in which every read ends


@dataclass(frozen=True, slots=True)
class TurnCost:
    """Delays in turns of `calls` calls on a store in memory or on disk."""

    calls: int
    store: str
    turns: int
    starts: int
    wrong_effects: int
    delays: Mapping[Cause, Spread]


def machine() -> dict[str, str | int]:
    """Where the figures come from: CPU model, usable cores, Python."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}


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
        session = scripted_session(probe, store, calls)
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


def scripted_session(probe: Probe, store: Store, calls: int) -> Session:
    """A session whose brain and tools are `probe`, for turns of at most `calls` calls."""
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
