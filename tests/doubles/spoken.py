"""A spoken turn from end to end: recorded speech, the real pipeline, recogniser, tools and store; only the
brain's service is a double."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agents.brain import Brain
from agents.cost import Meter
from agents.events import Answered, Event, Mode, TurnEnded
from agents.executor import World
from agents.session import Session
from app.prices import PRICES
from app.run import delay_of
from app.settings import Settings
from app.toolbox import open_toolbox
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox
from voice.models import Models
from voice.pipeline import VoiceOptions, run_voice

DEMO = Path(__file__).parents[2] / "assets" / "demo.wav"
MakeBrain = Callable[[Toolbox, Meter], Brain]


@dataclass(slots=True)
class Spoken:
    """What came of it."""

    events: list[Event] = field(default_factory=list)
    calendar: list[str] = field(default_factory=list)  # titles and times that were added

    @property
    def answer(self) -> str:
        """What was said last."""
        return next((event.text for event in reversed(self.events) if isinstance(event, Answered)), "")

    @property
    def waited(self) -> float:
        """Seconds from the end of the user's speech to the first audible word of the answer."""
        ended = next(event for event in self.events if isinstance(event, TurnEnded))
        return (ended.answer_at or float("inf")) - ended.end_of_speech


async def speak(
    make_brain: MakeBrain,
    models: Models,
    folder: Path,
    *,
    mode: Mode = Mode.SPECULATIVE,
    tool_delay: str = "0",
    source: Path = DEMO,
    sink: Path | None = None,
) -> Spoken:
    """Play `source` to a session with this brain, in an invented household, in real time."""
    spoken = Spoken()
    with Store.open(folder) as store:
        seed(store, datetime.now())
        async with open_toolbox(Settings(data=folder)) as tools:
            meter = Meter(PRICES)
            brain = make_brain(tools.toolbox, meter)
            await brain.warm_up()
            journal = Journal(store)
            world = World(journal, ToolContext(store, datetime.now), delay_of(tool_delay))
            session = Session(brain, tools.toolbox, world, mode=mode, source=source.name, meter=meter)
            session.subscribe(spoken.events.append)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(session.run())
                    await asyncio.sleep(0)
                    await run_voice(session, source, sink, options=VoiceOptions(models=models))
                    session.close()
            finally:
                await brain.close()
            spoken.calendar = [entry.text for entry in journal.entries()]
    return spoken
