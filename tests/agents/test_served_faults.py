"""A brain behind HTTP when the way to it fails: a real model, real sessions, broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from agents.brains.vllm import VllmBrain
from agents.brains.vllm_server import ServedEngine
from agents.events import Answered, Event, Notice
from agents.executor import World
from agents.port import Limits
from agents.session import Session
from tests.cable import Cable, Fault, cable
from tests.promises import broken_promises
from tests.served import served
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

BOX = Toolbox(assistant_tools())
NOW = datetime(2026, 11, 23, 9, 0)
PATIENCE = Limits(reaction_seconds=4.0)
WORDS = ("set a timer", "set a timer for ten minutes", "set a timer for ten minutes and text Ana hello")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as server:
        yield int(server.rpartition(":")[2])


@pytest.fixture
async def way(port: int) -> AsyncGenerator[Cable]:
    async with cable(port) as way:
        yield way


@dataclass(frozen=True, slots=True)
class Talk:
    """A running session over a way, and what happened in it."""

    session: Session
    brain: VllmBrain
    events: list[Event]
    journal: Journal

    async def say(self, *heard: str, then: Callable[[], None] | None = None) -> str:
        """Say the last of `heard` bit by bit; `then` happens when all but the end is known. The answer."""
        before = len(self.events)
        self.session.speech_started()
        for words in heard[:-1]:
            self.session.hear(words, "")
            await asyncio.sleep(0.3)
        if then is not None:
            then()
        self.session.speech_ended(self.session.now())
        self.session.end_turn(heard[-1])
        async with asyncio.timeout(20):
            while not self.session.is_idle:
                await asyncio.sleep(0.01)
                if self.session.is_asking:
                    self.session.confirm(True)
        return " ".join(event.text for event in self.events[before:] if isinstance(event, Answered))

    def keeps_its_promises(self) -> None:
        assert broken_promises(self.events, list(self.journal.entries())) == []

    @property
    def errors(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice) and event.error]


@asynccontextmanager
async def talking(way: Cable) -> AsyncGenerator[Talk]:
    brain = VllmBrain(ServedEngine(f"http://127.0.0.1:{way.port}/v1"), BOX)
    events: list[Event] = []
    with Store.memory() as store:
        seed(store, NOW)
        journal = Journal(store)
        session = Session(brain, BOX, World(journal, ToolContext(store, lambda: NOW)), limits=PATIENCE)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            try:
                yield Talk(session, brain, events, journal)
            finally:
                session.close()
        await brain.close()


async def test_without_a_fault_all_of_it_is_done(way: Cable) -> None:
    async with talking(way) as talk:
        assert "ten minutes" in await talk.say(*WORDS)
        talk.keeps_its_promises()
        assert [entry.tool for entry in talk.journal.entries()] == ["set_timer", "send_sms"]
        assert talk.errors == []


@pytest.mark.parametrize(
    ("fault", "count"), [*((Fault.CUT, count) for count in (0, 300, 2500, 6000)), (Fault.SILENT, 300)]
)
async def test_a_way_that_fails_ends_the_turn_in_words(way: Cable, fault: Fault, count: int) -> None:
    async with talking(way) as talk:
        await talk.brain.warm_up()
        way.break_after(fault, count)
        said = await talk.say(*WORDS)
        assert way.broken
        assert said.startswith("Sorry, something went wrong.")
        assert talk.errors
        talk.keeps_its_promises()
        way.mend()
        assert "five minutes" in await talk.say("set a timer for five minutes")
        talk.keeps_its_promises()
        done = [dict(entry.arguments) for entry in talk.journal.entries()]
        assert done[-1] == {"duration": "five minutes"}


async def test_a_way_that_is_mended_while_you_speak_costs_nothing_but_the_guess(way: Cable) -> None:
    async with talking(way) as talk:
        await talk.brain.warm_up()
        way.break_after(Fault.CUT, 1000)
        await talk.say(*WORDS, then=way.mend)
        assert way.broken
        assert "broke off in the middle of a reaction" in talk.errors[0]
        assert [entry.tool for entry in talk.journal.entries()] == ["set_timer", "send_sms"]
        talk.keeps_its_promises()


async def test_where_nothing_listens_it_says_what_to_start(way: Cable) -> None:
    await way.close()
    async with talking(way) as talk:
        said = await talk.say("set a timer for five minutes")
        assert f"there is no server at 127.0.0.1:{way.port}; start one with `headstart serve`" in said
        talk.keeps_its_promises()
