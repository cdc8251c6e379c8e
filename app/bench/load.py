"""What many conversations in one process take, and how much later their answers come.

Sessions, calls, journals and the event loop are the real ones; the brain is scripted and takes no time.
Everybody speaks at the pace of speech, by a timetable that does not wait for a busy loop, so that an answer
that comes late is late by all of it.
"""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.events import ConfirmAsked, Event, TurnEnded
from agents.session import Session
from app.bench.cost import scripted_session, wrong_effects
from app.bench.probe import Cause, Delays, Moment, Probe, Spread
from app.bench.speaking import Pace, Utterance, speak
from app.bench.workload import DeclaredTurn, declare
from app.typed import WORDS_A_SECOND
from tools.journal import Journal
from tools.store import Store

TURNS = 3  # a conversation
COUNTS = (1, 10, 100, 300, 1000, 2000, 4000)  # of sessions, up to the one at which it bends
BEND = 100.0  # milliseconds by which answers come later than those of one session
_CALLS = 6  # a turn
_WORDS = 9  # a turn
_ARRIVAL = 4.0  # seconds over which the sessions begin
_REST = 1.0  # seconds between two turns, on average
_PROBE = 0.01  # seconds between two looks at the loop


@dataclass(frozen=True, slots=True)
class LoadCost:
    """What many sessions in one process take.

    `answers` is how long after the end of speech a turn was answered. `lag` is how late the loop came back to
    a task that wanted to sleep 10 ms, `idle_lag` the same while nothing else ran: the part of it that is the
    timer's. `cpu` is in cores; `memory_kb` is what a session keeps, with its store in memory and all its
    events.
    """

    sessions: int
    turns: int
    effects: int
    wrong_effects: int
    seconds: float
    events_per_second: float
    cpu: float
    memory_kb: float
    answers: Spread
    lag: Spread
    idle_lag: Spread
    delays: Mapping[Cause, Spread]


async def load_cost(sessions: int, turns: int = TURNS) -> LoadCost:
    """Hold `sessions` conversations of `turns` turns at the same time."""
    idle_lag: list[Moment] = []
    await _watch(idle_lag, asyncio.get_running_loop().time() + 0.5)
    gc.collect()
    memory = _resident()
    delays, lag, counted = Delays(), list[Moment](), _Counter()
    stores = [Store.memory() for _ in range(sessions)]
    conversations = [
        [declare(f"session {number} turn {turn}", _CALLS, _WORDS, ask=True) for turn in range(turns)]
        for number in range(sessions)
    ]
    began, used = time.monotonic(), time.process_time()
    watching = asyncio.create_task(_watch(lag))
    held: list[Session] = []  # keeps what a session keeps until memory is read
    try:
        async with asyncio.TaskGroup() as group:
            for number, (store, declared) in enumerate(zip(stores, conversations, strict=True)):
                session = scripted_session(Probe(declared, delays), store, _CALLS)
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
        answers=Spread.of(counted.answers),
        lag=Spread.of(lag),
        idle_lag=Spread.of(idle_lag),
        delays=delays.spreads(),
    )


async def until_it_bends(counts: Sequence[int]) -> AsyncIterator[LoadCost]:
    """The load of one count of sessions after the other, as far as the first at which answers come later."""
    alone: LoadCost | None = None
    for sessions in counts:
        found = await load_cost(sessions)
        yield found
        alone = alone or found
        if bends(found, alone):
            return


def bends(found: LoadCost, alone: LoadCost) -> bool:
    """Whether the 99th percentile of answers has come later than `alone` by more than `BEND`."""
    return found.answers.p99 - alone.answers.p99 > BEND


class _Counter:
    """Counts events and ended turns, and notes when these were answered."""

    def __init__(self) -> None:
        self.events = self.turns = 0
        self.answers: list[Moment] = []

    def __call__(self, event: Event) -> None:
        self.events += 1
        if isinstance(event, TurnEnded):
            self.turns += 1
            if event.answer_at is not None:
                self.answers.append(Moment(round((event.answer_at - event.end_of_speech) * 1e9), 0))


async def _converse(session: Session, turns: Sequence[DeclaredTurn], number: int) -> None:
    """Say one turn after the other; every question is answered with yes at once."""
    draw = random.Random(number)
    ended = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, ConfirmAsked):
            session.confirm(True)
        elif isinstance(event, TurnEnded):
            ended.set()

    session.subscribe(listen)
    await asyncio.sleep(draw.uniform(0, _ARRIVAL))
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await asyncio.sleep(0)
        for turn in turns:
            ended.clear()
            words = tuple(turn.words.split())
            times = tuple((place + draw.random()) / WORDS_A_SECOND for place in range(1, len(words) + 1))
            await speak(session, Utterance(words, times), Pace(), partly=True, eager=True)
            await ended.wait()
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
