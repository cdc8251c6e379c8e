"""A conversation to be measured: a real session, in an invented household that lasts as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from agents.brain import Brain
from agents.executor import World
from agents.session import Session
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox


@contextlib.asynccontextmanager
async def conversation(brain: Brain, data: Path) -> AsyncIterator[Session]:
    """With `brain`, which is warm then and closed afterwards; its store is made in the folder `data`."""
    with Store.open(data) as store:
        seed(store, datetime.now())
        await brain.warm_up()
        world = World(Journal(store), ToolContext(store, datetime.now), None)
        session = Session(brain, Toolbox(assistant_tools()), world, source="bench")
        running = asyncio.create_task(session.run())
        await asyncio.sleep(0)
        try:
            yield session
        finally:
            session.close()
            await running
            await brain.close()
