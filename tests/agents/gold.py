"""Runs the gold plan of a task: the real session, tools and store, with a brain that only says the plan."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from agents.actions import Answer
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import Answered, CallChanged, CallState, ConfirmAsked, Event
from agents.executor import World
from agents.session import Session
from agents.tasks import Performed, Task
from agents.words import spoken_words
from app.bench import worlds
from app.bench.worlds import toolbox
from tests.conftest import run_virtually
from tests.data.fresh_world import furnish
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

__all__ = ["DATA", "Ran", "household", "run_gold", "toolbox"]

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Ran:
    """What stands in the journal, what was said, and what of the plan did not succeed."""

    effects: tuple[Performed, ...]
    answer: str
    failures: tuple[str, ...]


def household(task: Task) -> Store:
    """The store a task starts from: the household, or that of the fresh tasks."""
    if task.world == "fresh":
        store = Store.memory()
        furnish(store, task.now)
        return store
    assert task.world == worlds.HOUSEHOLD
    return worlds.household(task, worlds.read_facts(DATA / "facts.json"))


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
