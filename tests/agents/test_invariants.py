"""The core under random conversations: what is promised of every one of them, whatever races.

Hypothesis talks to a live session here, and plays schedules; `make fuzz` plays many more.
"""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from agents.actions import Action, Answer, Call, Pause, Remove
from tests.agents.fuzz.brain import Decision
from tests.agents.fuzz.check import check
from tests.agents.fuzz.regressions import REGRESSIONS
from tests.agents.fuzz.schedule import NESTED, ODD, PLAIN, REFERRING, TOOLS, Schedule, draw, play
from tests.agents.fuzz.stage import Setting, Stage
from tests.agents.fuzz.world import Delays
from tests.conftest import VirtualLoop

arguments = st.fixed_dictionaries(
    {"x": st.sampled_from([*PLAIN, *REFERRING, *ODD])}, optional={"more": st.sampled_from(NESTED)}
)
calls = st.builds(Call, st.integers(1, 4), st.sampled_from(TOOLS), arguments)
actions: st.SearchStrategy[Action] = st.one_of(
    calls,
    calls,
    calls,
    st.builds(Remove, st.integers(1, 4)),
    st.just(Pause()),
    st.just(Answer("$1 $2 $3 $4")),
)
seconds = st.sampled_from([0.0, 0.05, 0.2, 0.7, 1.5])


class Conversation(RuleBasedStateMachine):
    """A user and a brain, one move at a time, with time in between."""

    @initialize(patience=st.sampled_from([0.0, 0.1, 5.0]), delays=st.integers(0, 5))
    def begin(self, patience: float, delays: int) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.scripts: list[list[Decision]] = [[] for _ in range(20)]
        self.said: list[str] | None = None  # words of the utterance; None in silence

        async def enter() -> Stage:
            stage = Stage(self.scripts, Setting(patience, delays=Delays(delays)))
            await asyncio.sleep(0)
            return stage

        self.stage = self.runner.run(enter())

    def do(self, what: str, *said: object) -> None:
        async def move() -> None:
            self.stage.move(what, *said)

        self.runner.run(move())

    @rule(turn=st.integers(0, 2), action=actions, seconds=seconds)
    def decide(self, turn: int, action: Action, seconds: float) -> None:
        latest = max(self.stage.turn - 1, 0)
        self.scripts[min(latest + turn // 2, 19)].append(Decision(action, seconds=seconds))

    @rule(seconds=st.sampled_from([0.01, 0.25, 0.5, 1.0, 4.0]))
    def wait(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @precondition(lambda self: self.said is None)
    @rule(opening=st.sampled_from(["", "", "no", "actually"]))
    def start(self, opening: str) -> None:
        self.do("speech_started")
        self.said = opening.split()

    @precondition(lambda self: self.said is not None)
    @rule(word=st.sampled_from(["one", "two", "three"]), tail=st.sampled_from(["", "fou"]))
    def speak(self, word: str, tail: str) -> None:
        assert self.said is not None
        self.said.append(word)
        self.do("hear", " ".join(self.said), tail)

    @precondition(lambda self: self.said)
    @rule()
    def think_again(self) -> None:
        assert self.said is not None
        self.said.pop()
        self.do("hear", " ".join(self.said), "")

    @precondition(lambda self: self.said is not None)
    @rule(ending=st.sampled_from([0.0, 0.3]))
    def stop(self, ending: float) -> None:
        assert self.said is not None
        self.do("speech_ended", self.runner.get_loop().time())
        self.wait(ending)
        self.do("end_turn", " ".join(self.said))
        self.said = None

    @precondition(lambda self: self.said is None and self.stage.session.is_asking)
    @rule(reply=st.sampled_from(["yes", "no", "to ben", "undo that", ""]))
    def reply(self, reply: str) -> None:
        self.start("")
        self.said = reply.split()
        self.stop(0.0)

    @precondition(lambda self: self.stage.session.is_asking)
    @rule(yes=st.booleans())
    def press(self, yes: bool) -> None:
        self.do("confirm", yes)

    @rule(entry=st.sampled_from([None, 1, 2]))
    def undo(self, entry: int | None) -> None:
        self.do("undo", entry)

    @precondition(lambda self: self.said)
    @rule()
    def guess_end(self) -> None:
        self.do("guess_end")

    @rule()
    def let_go(self) -> None:
        self.do("stop")

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        with self.runner:
            if self.said is not None:
                self.stop(0.0)
            assert check(self.runner.run(self.stage.finish())) == []


TestConversation = Conversation.TestCase
TestConversation.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_nothing_goes_wrong_in_any_schedule(random: Random) -> None:
    assert check(play(draw(random))) == []


@pytest.mark.parametrize("schedule", REGRESSIONS.values(), ids=REGRESSIONS.keys())
def test_what_went_wrong_once(schedule: Schedule) -> None:
    assert check(play(schedule)) == []
