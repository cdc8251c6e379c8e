"""The `gemini` brain over the strict double."""

from __future__ import annotations

from typing import TypeVar

from agents.actions import Call
from agents.brains.scripted import Step
from agents.events import Answered, CallChanged, CallState, Committed, Effected, Event, Mode, Saying
from tests.doubles.gemini import GeminiDouble
from tests.doubles.gemini_mind import Ask, plan
from tests.doubles.gemini_play import converse, saying
from tests.doubles.gemini_session import Pace
from tests.doubles.line import Network

E = TypeVar("E")
ASKS = plan(Ask("read", {"x": "two"}), Ask("write", {"x": "three"}))
GUESSES = [
    Step(2, [Call(1, "read", {"x": "two"})]),
    Step(3, [Call(2, "write", {"x": "three"})]),
]
PACE = Pace(think=0.3, chunk=0.02)


def of(events: list[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def test_the_models_calls_are_answered_from_the_guesses() -> None:
    double = GeminiDouble(ASKS, pace=PACE, network=Network(0.03))
    played = converse(double, saying("one two three four"), GUESSES)
    assert double.refused == []
    assert of(played.events, Answered)[-1].text == "read of two. write of three."
    assert played.recorder.runs == [("read", {"x": "two"}), ("write", {"x": "three"})]
    committed = of(played.events, Committed)[0].at
    ready = next(e for e in of(played.events, CallChanged) if e.call == 1 and e.state is CallState.READY)
    assert ready.at < committed < of(played.events, Effected)[0].at
    assert of(played.events, Saying)
    assert played.speeches[-1].text == "read of two. write of three."


def test_sequentially_the_same_is_done_later() -> None:
    double = GeminiDouble(ASKS, pace=PACE, network=Network(0.03))
    slow = converse(double, saying("one two three four"), GUESSES, mode=Mode.SEQUENTIAL)
    assert double.refused == []
    assert of(slow.events, Answered)[-1].text == "read of two. write of three."
    double = GeminiDouble(ASKS, pace=PACE, network=Network(0.03))
    quick = converse(double, saying("one two three four"), GUESSES)
    assert slow.recorder.runs == quick.recorder.runs
    assert of(quick.events, Saying)[0].at < of(slow.events, Saying)[0].at - 0.4
