"""Runs the gold plan of a task: the real session, tools and store, with a brain that only says the plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from agents.actions import Answer
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import Answered, CallChanged, CallState, ConfirmAsked, Event
from agents.executor import World
from agents.session import Session
from agents.tasks import Performed, Task
from agents.words import spoken_words
from tests.conftest import run_virtually
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import Tool, ToolContext
from tools.toolbox import Toolbox

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Ran:
    """What stands in the journal, what was said, and what of the plan did not succeed."""

    effects: tuple[Performed, ...]
    answer: str
    failures: tuple[str, ...]


def toolbox(more: Iterable[Tool] = ()) -> Toolbox:
    """The built-in tools, the weather service played by one that knows every place; and `more`."""
    return Toolbox([*assistant_tools(httpx.MockTransport(_weather)), *more])


def household(task: Task) -> Store:
    """The store a task starts from."""
    assert task.world == "household"
    store = Store.memory()
    seed(store, task.now)
    for title, text in json.loads((DATA / "facts.json").read_text()).items():
        store.write("INSERT INTO facts (title, text) VALUES (?, ?)", title, text)
    return store


def run_gold(task: Task, tools: Toolbox) -> Ran:
    """Say the task and issue its plan; every question is answered with yes."""
    spoken = " ".join(f"${call.id}" for call in task.calls) or "Well."
    script = [Step(None, [*task.calls, Answer(spoken)])]
    events: list[Event] = []

    async def main() -> list[Performed]:
        with household(task) as store:
            journal = Journal(store)
            session = Session(
                ScriptedBrain(script), tools, World(journal, ToolContext(store, lambda: task.now))
            )
            session.subscribe(events.append)
            session.subscribe(
                lambda event: session.confirm(True) if isinstance(event, ConfirmAsked) else None
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(session.run())
                await asyncio.sleep(0)
                await _say(session, task)
                session.close()
            entries = [entry for entry in journal.entries() if entry.state is EntryState.DONE]
        return [Performed(entry.tool, dict(entry.arguments)) for entry in entries]

    effects = run_virtually(main())
    changed = [event for event in events if isinstance(event, CallChanged)]
    answers = [event.text for event in events if isinstance(event, Answered)]
    failures = [event.text for event in changed if event.state is CallState.FAILED]
    return Ran(tuple(effects), " ".join(answers), tuple(failures))


async def _say(session: Session, task: Task) -> None:
    """All words at once: a gold plan does not depend on the pace."""
    session.speech_started()
    session.hear(" ".join(spoken_words(task.said)), "")
    session.speech_ended(session.now())
    session.end_turn(task.said)
    while not session.is_idle:
        await asyncio.sleep(0.05)


def _weather(request: httpx.Request) -> httpx.Response:
    query = request.url.params
    if request.url.host == "geocoding-api.open-meteo.com":
        place = {"name": query["name"], "latitude": 38.7, "longitude": -9.1}
        return httpx.Response(200, json={"results": [place]})
    day = date.fromisoformat(query["start_date"])
    daily: dict[str, list[object]] = {
        "time": [day.isoformat()],
        "weather_code": [61],
        "temperature_2m_max": [17.6],
        "temperature_2m_min": [11.2],
        "precipitation_probability_max": [65],
    }
    return httpx.Response(200, json={"daily": daily})
