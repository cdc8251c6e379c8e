"""A conversation with a brain behind HTTP, in typed words: real session, tools and journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from agents.brains.vllm import VllmBrain
from agents.brains.vllm_server import ServedEngine
from agents.events import Answered, Event, Notice
from agents.executor import World
from agents.port import Limits
from agents.session import Session
from tests.promises import broken_promises
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

BOX = Toolbox(assistant_tools())
NOW = datetime(2026, 11, 23, 9, 0)


@dataclass(frozen=True, slots=True)
class Talk:
    """A running session, and what happened in it."""

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
        async with asyncio.timeout(90):
            while not self.session.is_idle:
                await asyncio.sleep(0.01)
                if self.session.is_asking:
                    self.session.confirm(True)
        return " ".join(event.text for event in self.events[before:] if isinstance(event, Answered))

    def keeps_its_promises(self) -> None:
        """Fails where it does not."""
        assert broken_promises(self.events, list(self.journal.entries())) == []

    @property
    def errors(self) -> list[str]:
        """What the user was told has gone wrong."""
        return [event.text for event in self.events if isinstance(event, Notice) and event.error]


@asynccontextmanager
async def talking(url: str, limits: Limits) -> AsyncGenerator[Talk]:
    """A session whose brain is the server at `url`."""
    brain = VllmBrain(ServedEngine(url), BOX)
    events: list[Event] = []
    with Store.memory() as store:
        seed(store, NOW)
        journal = Journal(store)
        session = Session(brain, BOX, World(journal, ToolContext(store, lambda: NOW)), limits=limits)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            try:
                yield Talk(session, brain, events, journal)
            finally:
                session.close()
        await brain.close()
