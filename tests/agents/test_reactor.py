"""When the brain is interrupted and when it is asked again, whatever its patience."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.actions import Action, Answer, Call, Pause
from agents.brain import Interaction
from agents.events import Answered, CallChanged, CallState, Event, Updated
from agents.session import Session
from tests.agents.test_session import of
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually

PATIENCE = st.sampled_from([0.0, 0.1, 0.4, 1.0, 5.0])
SECONDS = st.sampled_from([0.0, 0.05, 0.2, 0.7])
TOOLS = st.sampled_from(["read", "read_slow", "write", "put"])


class Writer:
    """Writes `plan` once all words are there, each action in `seconds`; then the answer, from what it read.

    `begun` lists the places in the plan at which it began to write, again where it was interrupted.
    """

    name = "writer"

    def __init__(self, plan: Sequence[Call], seconds: Sequence[float], patience: float) -> None:
        self.patience = patience
        self.begun: list[int] = []
        self._plan = plan
        self._seconds = seconds
        self._written = 0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        update = [event for event in interaction.of_turn if isinstance(event, Updated)][-1]
        while update.final and self._written < len(self._plan):
            self.begun.append(self._written)
            await asyncio.sleep(self._seconds[self._written])
            self._written += 1
            yield self._plan[self._written - 1]
        changes = [event for event in interaction.of_turn if isinstance(event, CallChanged)]
        over = {event.call: event.text for event in changes if event.state is CallState.READY}
        if update.final and len(over) == len(self._plan):
            yield Answer(f"I have read: {' '.join(over[call.id] for call in self._plan)}")
        else:
            yield Pause()

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


def converse(brain: Writer, *, likely: float | None = None, certain: float = 0.5) -> list[Event]:
    """One turn in which the user falls silent: an end is likely after `likely` seconds, certain later."""
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(brain, toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            session.hear("one", "two")
            await asyncio.sleep(0.3)
            session.speech_ended(session.now())
            if likely is not None:
                await asyncio.sleep(likely)
                session.guess_end()
            await asyncio.sleep(certain)
            session.end_turn("one two")
            while not session.is_idle:
                await asyncio.sleep(0.05)
            session.close()

    run_virtually(main())
    return events


plans = st.lists(st.tuples(TOOLS, SECONDS), min_size=1, max_size=4)


def calls(tools: Sequence[str]) -> list[Call]:
    return [Call(id, tool, {"x": f"a{id}"}) for id, tool in enumerate(tools, 1)]


@given(plan=plans, patience=PATIENCE, likely=st.sampled_from([None, 0.1]), certain=SECONDS)
def test_a_result_discards_nothing_that_is_being_written(
    plan: list[tuple[str, float]], patience: float, likely: float | None, certain: float
) -> None:
    brain = Writer(calls([tool for tool, _ in plan]), [seconds for _, seconds in plan], patience)
    converse(brain, likely=likely, certain=certain)
    assert brain.begun == list(range(len(plan)))


@example(plan=[("read", 0.0)], patience=1.0, likely=0.1, certain=0.7)
@given(plan=plans, patience=PATIENCE, likely=st.sampled_from([None, 0.1]), certain=SECONDS)
def test_a_brain_that_needs_results_gets_to_say_its_answer(
    plan: list[tuple[str, float]], patience: float, likely: float | None, certain: float
) -> None:
    tools = [tool for tool, _ in plan]
    brain = Writer(calls(tools), [seconds for _, seconds in plan], patience)
    events = converse(brain, likely=likely, certain=certain)
    said = " ".join(f"{tool} of a{id}." for id, tool in enumerate(tools, 1))
    assert [event.text for event in of(events, Answered)] == [f"I have read: {said}"]


@pytest.mark.parametrize("patience", [0.0, 0.4, 5.0])
def test_words_break_off_what_is_being_written_once_patience_is_over(patience: float) -> None:
    """Also where a result came before them, which by itself breaks nothing off."""
    broken: list[float] = []

    class Slow(Writer):
        async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
            yield Call(1, "read", {"x": "a"})
            try:
                await asyncio.sleep(10.0)
            except asyncio.CancelledError:
                broken.append(asyncio.get_running_loop().time())
                raise
            yield Pause()

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(Slow([], [], patience), toolbox, world)
        started = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.hear("one", "")
            await asyncio.sleep(1.0)
            assert any(isinstance(event, CallChanged) and event.text for event in session.events)
            assert not broken
            session.hear("one two", "")
            await asyncio.sleep(8.0)
            assert [at - started for at in broken] == [pytest.approx(1.0 + patience)]
            session.close()

    run_virtually(main())
