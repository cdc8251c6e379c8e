"""A request said to a real session, whose model is interrupted at places that the script names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from agents.brains.engine import Engine, Order
from agents.brains.vllm import VllmBrain
from agents.events import Event
from agents.executor import World
from agents.session import Session
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import Entry, Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

BOX = Toolbox(assistant_tools())
NOW = datetime(2026, 11, 23, 9, 0)


class Watched:
    """An engine that tells what it writes, and how often it was interrupted."""

    def __init__(self, engine: Engine) -> None:
        self.used = engine.used
        self.reactions = 0
        self.pieces: list[str] = []  # of the latest reaction
        self.interrupted: list[str] = []  # what had been written when it was
        self._is_writing = False
        self._engine = engine

    async def open(self) -> None:
        await self._engine.open()

    async def write(self, stream: Sequence[str], order: Order) -> AsyncGenerator[str, None]:
        self._is_writing, self.pieces = True, []
        self.reactions += 1
        try:
            async with aclosing(self._engine.write(stream, order)) as pieces:
                async for piece in pieces:
                    self.pieces.append(piece)
                    yield piece
        finally:
            self._is_writing = False
            if not "".join(self.pieces).endswith(("…", "\n")):
                self.interrupted.append("".join(self.pieces))

    async def close(self) -> None:
        """It is closed by who made it."""

    async def until(self, reaction: int, pieces: int | None) -> None:
        """Wait until a reaction has written so many pieces, or is over."""
        while self.reactions < reaction or (
            self._is_writing and (pieces is None or len(self.pieces) < pieces)
        ):
            await asyncio.sleep(0.002)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it."""

    events: list[Event]
    entries: Sequence[Entry]
    interrupted: list[str]


async def played(engine: Engine, script: Sequence[tuple[str, int | None]]) -> Played:
    """Say the words of `script`, one part after the other, the last of which ends the turn.

    The part after one with a number comes when so many pieces have been written, else when the reaction is
    over. The brain has no patience: what is being written then is interrupted.
    """
    watched = Watched(engine)
    brain = VllmBrain(watched, BOX)
    brain.patience = 0.0
    events: list[Event] = []
    with Store.memory() as store:
        seed(store, NOW)
        journal = Journal(store)
        session = Session(brain, BOX, World(journal, ToolContext(store, lambda: NOW)))
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            said = ""
            for words, pieces in script[:-1]:
                said = f"{said} {words}".strip()
                reaction = watched.reactions + 1
                session.hear(said, "")
                await watched.until(reaction, pieces)
            session.speech_ended(session.now())
            session.end_turn(f"{said} {script[-1][0]}")
            while not session.is_idle:
                await asyncio.sleep(0.02)
            session.close()
        return Played(events, list(journal.entries()), watched.interrupted)
