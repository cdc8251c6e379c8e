"""The invariants of the core under random schedules. A schedule is a script of brain actions tied to

words, a pace of speech, the brain's own speed and its patience, and what the user says to questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from agents import graph
from agents.actions import Action, Answer, Call, Pause, Remove
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import (
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    Event,
    Mode,
    SessionEnded,
    TurnEnded,
)
from agents.records import from_json, to_json
from agents.references import References
from agents.session import Session
from tests.agents.test_session import of, talk
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually

WORDS = "one two three four five six"


@dataclass(frozen=True)
class Schedule:
    steps: tuple[Step, ...]
    pace: float
    ending: float
    patience: float
    yes: frozenset[str]

    def alone(self, steps: Sequence[Step]) -> Schedule:
        return Schedule(tuple(steps), self.pace, self.ending, self.patience, self.yes)


values = st.sampled_from(["a", "b", "c", "bad", "$1", "$2", "$3", "half $1 and $4"])
calls = st.builds(
    lambda id, name, x: Call(id, name, {"x": x}),
    st.integers(1, 4),
    st.sampled_from(["read", "read_slow", "write", "confirm"]),
    values,
)
removes = st.builds(Remove, st.integers(1, 4))
seconds = st.sampled_from([0.0, 0.05, 0.2, 0.7])
ends: st.SearchStrategy[Action] = st.sampled_from([Answer("$1 $2 $3 $4"), Answer("Done."), Pause()])


def steps(final_changes: bool) -> st.SearchStrategy[tuple[Step, ...]]:
    early = st.lists(
        st.builds(Step, st.integers(1, 6), st.lists(calls | removes, max_size=3), seconds), max_size=4
    ).map(lambda found: sorted(found, key=lambda step: step.words or 0))
    late = st.tuples(st.lists(calls | removes, max_size=3 if final_changes else 0), ends, seconds).map(
        lambda parts: Step(None, [*parts[0], parts[1]], parts[2])
    )
    return st.tuples(early, late).map(lambda parts: (*parts[0], parts[1]))


def schedules(final_changes: bool = True) -> st.SearchStrategy[Schedule]:
    return st.builds(
        Schedule,
        steps(final_changes),
        st.sampled_from([0.05, 0.3, 1.0]),
        st.sampled_from([0.0, 0.5]),
        st.sampled_from([0.0, 0.1, 0.5]),
        st.frozensets(st.sampled_from(["confirm a?", "confirm b?", "confirm c?", "confirm <a>?"])),
    )


def live(schedule: Schedule, mode: Mode = Mode.SPECULATIVE) -> tuple[list[Event], Recorder]:
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(schedule.steps, schedule.patience), toolbox, world, mode=mode)
        session.subscribe(events.append)
        session.subscribe(
            lambda event: (
                asyncio.get_running_loop().call_later(0.3, session.confirm, event.question in schedule.yes)
                if isinstance(event, ConfirmAsked)
                else None
            )
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, WORDS, seconds_a_word=schedule.pace, ending=schedule.ending)
            session.close()

    run_virtually(main())
    return events, recorder


def decided(script: Sequence[Step]) -> list[Call]:
    """What the brain wants in the end, in ID order: the last version of every call it did not withdraw."""
    recorder = Recorder()
    toolbox, _ = build(recorder)
    wanted: dict[int, Call] = {}
    from agents.calls import LiveCall

    for step in script:
        for action in step.actions:
            if isinstance(action, Call):
                wanted[action.id] = action
            elif isinstance(action, Remove) and action.id in wanted:
                gone = {action.id}
                known = {
                    call.id: LiveCall(
                        1, call.id, 1, toolbox.get(call.name), call.arguments, References.of(call.arguments)
                    )
                    for call in wanted.values()
                }
                gone |= set(graph.dependants(known, action.id))
                wanted = {id: call for id, call in wanted.items() if id not in gone}
    return [wanted[id] for id in sorted(wanted)]


@settings(max_examples=150, deadline=None)
@given(schedules())
def test_no_effect_before_commit_and_each_at_most_once(schedule: Schedule) -> None:
    events, recorder = live(schedule)
    committed = [event.at for event in of(events, Committed)]
    assert len(committed) <= 1
    effects = of(events, Effected)
    assert all(committed and event.at >= committed[0] for event in effects)
    assert len({event.call for event in effects}) == len(effects) == len(recorder.effects())
    assert of(events, SessionEnded)[0].wrong_effects == 0


@settings(max_examples=150, deadline=None)
@given(schedules())
def test_a_turn_always_ends_with_nothing_left_hanging(schedule: Schedule) -> None:
    events, _ = live(schedule)
    assert len(of(events, TurnEnded)) == 1
    last = {(event.call, event.version): event.state for event in of(events, CallChanged)}
    assert last.keys() == {(event.call, event.version) for event in of(events, CallIssued)}
    assert set(last.values()) <= {CallState.READY, CallState.FAILED, CallState.DISCARDED}


@settings(max_examples=200, deadline=None)
@given(schedules(final_changes=False))
def test_speculation_changes_when_never_what(schedule: Schedule) -> None:
    _, early = live(schedule)
    end = schedule.steps[-1].actions[-1]
    late_schedule = schedule.alone([Step(None, [*decided(schedule.steps), end])])
    _, late = live(late_schedule, Mode.SEQUENTIAL)
    assert early.effects() == late.effects()


@settings(max_examples=100, deadline=None)
@given(schedules())
def test_a_discarded_version_changes_nothing_later(schedule: Schedule) -> None:
    events, _ = live(schedule)
    gone: set[tuple[int, int]] = set()
    for event in events:
        if isinstance(event, CallChanged):
            assert (event.call, event.version) not in gone
            if event.state is CallState.DISCARDED:
                gone.add((event.call, event.version))


@settings(max_examples=50, deadline=None)
@given(schedules())
def test_events_survive_the_record(schedule: Schedule) -> None:
    import json

    events, _ = live(schedule)
    again = [from_json(json.loads(json.dumps(to_json(event)))) for event in events]
    assert [to_json(event) for event in again] == [to_json(event) for event in events]
