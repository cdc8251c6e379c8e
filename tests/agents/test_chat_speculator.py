"""A chat endpoint that guesses, over a strict double of one: by itself, and beside the `openai` brain."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from datetime import date
from typing import Any, TypeVar, cast

import pytest

from agents import native
from agents.actions import Action, Call, Remove
from agents.brain import BrainError, Interaction
from agents.brains.chat_speculator import ChatSpeculator
from agents.cost import Meter, Price, Usage
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Effected,
    EndOfTurn,
    Event,
    Notice,
    SpeechEnded,
    TurnStarted,
    Updated,
    Used,
)
from tests.agents.test_openai import created
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually
from tests.doubles.gemini_play import saying
from tests.doubles.line import Network
from tests.doubles.openai_chat import MODEL, ChatDouble, Fault, Phase
from tests.doubles.openai_generation import Pace
from tests.doubles.openai_mind import Call as Asked
from tests.doubles.openai_mind import Context, Mind, Say
from tests.doubles.openai_play import MIND, Played, converse, speculator
from tests.doubles.openai_realtime import OpenAIDouble
from tools.tool import Effect

T = TypeVar("T")
SENTENCE = "please read two no three and then write four for me now"
PRICES = {MODEL: Price(date(2026, 11, 24), 1.0, 0.1, 4.0)}


# ---- by itself -------------------------------------------------------------------------------------


class Counted(Meter):
    """A meter that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(PRICES)
        self.usages: list[tuple[int, str, bool, Usage]] = []

    def add(self, turn: int, model: str, usage: Usage, *, guess: bool) -> None:
        self.usages.append((turn, model, guess, usage))
        super().add(turn, model, usage, guess=guess)


def told(
    text: str, *more: Event, final: bool = False, before: Sequence[Event] = (), turn: int = 1
) -> Interaction:
    """A turn in which `text` was handed over after `more` had happened."""
    of_turn: list[Event] = [TurnStarted(turn, 0.0), *more, Updated(turn, 1.0, text, final)]
    return Interaction(build(Recorder())[0], turn, of_turn, {1: before, turn: of_turn})


def issued(call: int, name: str, x: str, state: CallState = CallState.RUNNING, text: str = "") -> list[Event]:
    return [
        CallIssued(1, 0.5, call, 1, name, {"x": x}, Effect.READ),
        CallChanged(1, 0.5, call, 1, state, text=text),
    ]


def with_speculator(
    double: ChatDouble, use: Callable[[ChatSpeculator], Coroutine[Any, Any, T]], meter: Meter | None = None
) -> T:
    async def main() -> T:
        async with double:
            one = speculator(double, build(Recorder())[0], meter or Meter({}))
            try:
                await one.warm_up()
                return await use(one)
            finally:
                await one.close()

    return run_virtually(main())


def guess(double: ChatDouble, *situations: Interaction, meter: Meter | None = None) -> list[Action]:
    """The actions for the last of these situations."""

    async def use(one: ChatSpeculator) -> list[Action]:
        actions: list[Action] = []
        for situation in situations:
            actions = [action async for action in one.guess(situation)]
        return actions

    return with_speculator(double, use, meter)


def test_calls_are_patched_withdrawn_and_issued() -> None:
    standing = [*issued(1, "read", "one"), *issued(2, "write", "two", CallState.HELD)]
    double = ChatDouble(MIND)
    actions = guess(double, told("read five and confirm six", *standing))
    assert actions == [Call(1, "read", {"x": "five"}), Call(3, "confirm", {"x": "six"}), Remove(2)]
    assert double.refused == []


def test_a_call_is_there_as_soon_as_it_is_written() -> None:
    double = ChatDouble(MIND, pace=Pace(first=0.3, piece=0.1))

    async def use(one: ChatSpeculator) -> list[tuple[float, Action]]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        return [(loop.time() - start, action) async for action in one.guess(told("read one and write two"))]

    (first, read), (second, write) = with_speculator(double, use)
    assert (read, write) == (Call(1, "read", {"x": "one"}), Call(2, "write", {"x": "two"}))
    assert 0.3 < first < second - 0.3


def test_calls_that_come_whole_and_with_one_index_are_told_apart() -> None:
    double = ChatDouble(MIND, whole=True, counts=False)
    actions = guess(double, told("read one and write two and confirm three"))
    assert [action.name for action in actions if isinstance(action, Call)] == ["read", "write", "confirm"]


def test_what_it_is_told() -> None:
    before: list[Event] = [
        TurnStarted(1, 0.0),
        Updated(1, 0.1, "read one", True),
        Answered(1, 0.2, "It is one."),
    ]
    double = ChatDouble(MIND)
    guess(
        double,
        told("read"),
        told("read two", final=True, before=before, turn=2),
    )
    first, second = double.requests
    assert second["messages"][1:] == [
        {"role": "user", "content": "read one"},
        {"role": "assistant", "content": "It is one."},
        {"role": "user", "content": "<final_query_update> read two"},
    ]
    # What leads the prompt never changes, so that it is cached.
    assert first["messages"][0] == second["messages"][0] and first["tools"] == second["tools"]
    assert "Monday 2026-11-23 09:00" in first["messages"][0]["content"]
    names = [tool["function"]["name"] for tool in first["tools"]]
    assert {"read", "write", "confirm", native.REVISE, native.REMOVE} <= set(names)


def test_results_are_shown_and_used_by_reference() -> None:
    asked: list[str] = []

    def mind(context: Context) -> list[Asked | Say]:
        asked.append(context.words)
        return [Asked("write", {"x": "$1"})]

    double = ChatDouble(mind)
    ready = issued(1, "read", "one", CallState.READY, "It is seven.")
    assert guess(double, told("read one and write that", *ready)) == [Call(2, "write", {"x": "$1"})]
    assert "It is seven." in asked[0]


def test_closing_a_guess_ends_the_request() -> None:
    double = ChatDouble(MIND, pace=Pace(first=0.1, piece=0.1))

    async def use(one: ChatSpeculator) -> list[Action]:
        actions: list[Action] = []
        stream = cast(
            "AsyncGenerator[Action, None]", one.guess(told("read one and write two and confirm six"))
        )
        async with contextlib.aclosing(stream):
            async for action in stream:
                actions.append(action)
                break
        await asyncio.sleep(2.0)
        assert double.broken_off == 1
        return [action async for action in one.guess(told("read seven"))]  # and the next one works

    assert with_speculator(double, use) == [Call(1, "read", {"x": "seven"})]


def test_usage_is_counted_where_it_is_reported() -> None:
    meter = Counted()
    guess(ChatDouble(MIND), told("read one"), meter=meter)
    ((turn, model, is_guess, usage),) = meter.usages
    assert (turn, model, is_guess, usage.text_cached) == (1, MODEL, True, 64)
    assert usage.text_in > 64 and usage.text_out > 0
    assert meter.spent == pytest.approx(PRICES[MODEL].of(usage))
    silent = Counted()
    guess(ChatDouble(MIND, counts=False), told("read one"), meter=silent)
    assert silent.usages == []


async def given_up(one: ChatSpeculator, *, after: float) -> None:
    """A guess that nobody wants any more `after` seconds."""
    stream = one.guess(told("read one and write two and confirm six"))

    async def read() -> None:
        async with contextlib.aclosing(cast("AsyncGenerator[Action, None]", stream)) as actions:
            async for _ in actions:
                pass

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(after):
            await read()


@pytest.mark.parametrize("is_known", [True, False], ids=["after a report", "at first"])
@pytest.mark.parametrize("after", [0.05, 0.35, 0.8], ids=["unanswered", "begun", "half written"])
def test_what_is_given_up_is_paid_for_too_by_an_estimate(after: float, is_known: bool) -> None:
    double = ChatDouble(MIND, pace=Pace(first=0.3, piece=0.05))
    meter = Counted()

    async def use(one: ChatSpeculator) -> list[Action]:
        if is_known:
            async for _ in one.guess(told("read one")):
                pass
        await given_up(one, after=after)
        await asyncio.sleep(1.0)
        return []

    with_speculator(double, use, meter)
    estimate = meter.usages[-1][3]
    assert [usage.estimated for *_, usage in meter.usages] == [False] * is_known + [True]
    assert estimate.text_in == pytest.approx(double.charged[-1][0], rel=0.1)
    assert estimate.text_out == pytest.approx(max(0.0, (after - 0.3) / 0.05), abs=4)
    assert meter.spent == pytest.approx(sum(PRICES[MODEL].of(usage) for *_, usage in meter.usages))


def test_guesses_that_are_all_given_up_use_up_the_budget() -> None:
    double = ChatDouble(MIND, pace=Pace(first=0.3, piece=0.05))
    meter = Meter(PRICES, budget=0.01)

    async def use(one: ChatSpeculator) -> list[Action]:
        for _ in range(100):
            if not meter.may_guess:
                break
            await given_up(one, after=0.35)
        return []

    with_speculator(double, use, meter)
    assert not meter.may_guess
    charged = sum(PRICES[MODEL].of(Usage(sent, text_out=written)) for sent, written in double.charged)
    assert charged == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize("fault", [Fault(Phase.ASKED, 429), Fault(Phase.ASKED, "abort")])
def test_what_was_refused_is_not_paid_for(fault: Fault) -> None:
    meter = Counted()
    with pytest.raises(BrainError):
        guess(ChatDouble(MIND, faults=[fault]), told("read one"), meter=meter)
    assert meter.usages == []


@pytest.mark.parametrize("kind", ["abort", "error", "garbage", "hang", "end", "length"])
def test_what_broke_off_half_way_is_paid_for(kind: str) -> None:
    meter = Counted()
    with pytest.raises(BrainError):
        guess(ChatDouble(MIND, faults=[Fault(Phase.WRITING, kind)]), told("write one"), meter=meter)
    assert [usage.estimated for *_, usage in meter.usages] == [True]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (401, "does not accept the key"),
        (403, "does not accept the key"),
        (404, f"has no model {MODEL}"),
        (429, "is not taking more requests"),
        (500, "could not guess"),
        (503, "could not guess"),
        ("abort", "no connection"),
        ("hang", "no connection"),
        ("error", "could not guess"),
        ("garbage", "could not guess"),
    ],
)
def test_what_fails_is_told_in_words_that_say_what_to_do(kind: str | int, words: str) -> None:
    double = ChatDouble(MIND, faults=[Fault(Phase.ASKED, kind)])
    with pytest.raises(BrainError, match=words) as caught:
        guess(double, told("read one"))
    assert caught.value.__cause__ is None and "later" not in str(caught.value)


@pytest.mark.parametrize("kind", ["abort", "error", "garbage", "hang", "end", "length"])
def test_half_a_call_is_no_call(kind: str) -> None:
    double = ChatDouble(MIND, faults=[Fault(Phase.WRITING, kind)])
    actions: list[Action] = []

    async def use(one: ChatSpeculator) -> None:
        async for action in one.guess(told("write one")):
            actions.append(action)

    with pytest.raises(BrainError):
        with_speculator(double, use)
    assert actions == []


@pytest.mark.parametrize("kind", ["abort", "error", "garbage", "end"])
def test_calls_that_were_complete_before_it_failed_stand(kind: str) -> None:
    double = ChatDouble(MIND, faults=[Fault(Phase.WRITTEN, kind)])
    actions: list[Action] = []

    async def use(one: ChatSpeculator) -> None:
        async for action in one.guess(told("read one and write two")):
            actions.append(action)

    with pytest.raises(BrainError):
        with_speculator(double, use)
    assert actions == [Call(1, "read", {"x": "one"})]


def test_warming_up_tells_a_wrong_key_and_a_server_that_is_not_there() -> None:
    async def warm(double: ChatDouble, **more: str) -> None:
        one = speculator(double, build(Recorder())[0], Meter({}), **more)
        try:
            await one.warm_up()
        finally:
            await one.close()

    async def main() -> None:
        double = ChatDouble(MIND)
        async with double:
            with pytest.raises(BrainError, match="does not accept the key"):
                await warm(double, key="sk-wrong")
            await warm(double, model="large")  # not every endpoint can list: the first guess will tell
            one = speculator(double, build(Recorder())[0], Meter({}))
        with pytest.raises(BrainError, match="no connection to 127.0.0.1"):
            await one.warm_up()
        await one.close()

    run_virtually(main())


# ---- beside OpenAI Realtime ------------------------------------------------------------------------


def of(events: Sequence[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def beside(guesser: ChatDouble, *texts: str, mind: Mind = MIND, **more: Any) -> tuple[OpenAIDouble, Played]:
    server = OpenAIDouble(mind, pace=Pace(first=0.3, piece=0.02), network=Network(0.03))
    return server, converse(server, saying(*texts), guesser=guesser, **more)


def test_it_guesses_and_the_realtime_model_speaks() -> None:
    guesser = ChatDouble(MIND, pace=Pace(first=0.2, piece=0.01), network=Network(0.03))
    server, played = beside(guesser, SENTENCE)
    events = played.events
    assert guesser.refused == [] and server.refused == []
    assert guesser.requests and created(server, oob=True) == []
    (ended,) = of(events, SpeechEnded)
    first, patch, held = of(events, CallIssued)
    assert first.at < ended.at and first.arguments == {"x": "two"}
    assert (patch.call, patch.version, patch.arguments) == (1, 2, {"x": "three"})
    states = [event.state for event in of(events, CallChanged) if event.call == held.call]
    assert states == [CallState.HELD, CallState.RUNNING, CallState.READY]
    (effect,) = of(events, Effected)
    assert held.at < ended.at < of(events, EndOfTurn)[0].at <= of(events, Committed)[0].at < effect.at
    assert of(events, Answered)[0].text == "read of three. write of four."


def test_it_is_told_of_the_turns_before() -> None:
    guesser = ChatDouble(MIND)
    beside(guesser, "read one", "write two")
    assert [one["content"] for one in guesser.requests[-1]["messages"][1:3]] == ["read one", "read of one."]


def test_each_model_is_counted_by_its_own_price_and_the_budget_stops_guessing_only() -> None:
    prices = {**PRICES, "gpt-realtime-2.1": Price(date(2026, 11, 24), 4.0, 0.4, 24.0, 32.0, 0.4, 64.0)}
    guesser = ChatDouble(MIND)
    _, played = beside(guesser, SENTENCE, "read one and write two", prices=prices, budget=0.001)
    used = of(played.events, Used)
    assert {(one.model, one.guess) for one in used if one.turn == 1} >= {(MODEL, True)}
    assert {one.model for one in used if not one.guess} >= {"gpt-realtime-2.1"}
    assert [one.dollars for one in used if one.model == MODEL] == [
        pytest.approx(PRICES[MODEL].of(Usage(one.text_in, one.text_cached, one.text_out)))
        for one in used
        if one.model == MODEL
    ]
    assert not [one for one in used if one.turn == 2 and one.model == MODEL]
    assert of(played.events, Answered)[-1].text == "read of one. write of two."


ALWAYS = range(1, 100)


@pytest.mark.parametrize("kind", [401, 429, 503, "abort", "garbage"])
def test_when_it_fails_the_conversation_goes_on_without_it_and_that_is_told_once(kind: str | int) -> None:
    guesser = ChatDouble(MIND, faults=[Fault(Phase.ASKED, kind, nth) for nth in ALWAYS])
    server, played = beside(guesser, SENTENCE, "write five")
    answers = [answer.text for answer in of(played.events, Answered)]
    assert sorted(answers[0].split()) == sorted("read of three. write of four.".split())
    assert answers[1] == "write of five."
    assert played.recorder.effects() == [("write", {"x": "four"}), ("write", {"x": "five"})]
    assert len([one for one in of(played.events, Notice) if one.error]) == 1
    assert server.refused == []


@pytest.mark.parametrize("kind", [429, "abort", "end"])
def test_when_it_fails_at_the_last_words_what_was_called_is_still_held_against_them(kind: str | int) -> None:
    """The last request it gets right is that after "two": from then on it is gone."""
    said = "write two no three"
    guesser = ChatDouble(MIND, faults=[Fault(Phase.ASKED, kind, nth) for nth in ALWAYS[2:]])
    _, played = beside(guesser, said)
    assert [one.arguments for one in of(played.events, CallIssued)] == [{"x": "two"}, {"x": "three"}]
    assert played.recorder.effects() == [("write", {"x": "three"})]
    assert of(played.events, Answered)[0].text == "write of three."


@pytest.mark.parametrize("kind", ["abort", "hang", "error", "garbage", "end", "length"])
@pytest.mark.parametrize("phase", [Phase.WRITING, Phase.WRITTEN])
@pytest.mark.parametrize("nth", [1, 3])
def test_whatever_breaks_in_the_middle_the_right_effects_happen_once(
    kind: str, phase: Phase, nth: int
) -> None:
    guesser = ChatDouble(MIND, pace=Pace(first=0.1, piece=0.02), faults=[Fault(phase, kind, nth)])
    _, played = beside(guesser, SENTENCE, "put five")
    assert played.recorder.standing() == [("write", {"x": "four"}), ("put", {"x": "five"})]
    assert len(of(played.events, Answered)) == 2
    certain = {one.turn: one.at for one in of(played.events, EndOfTurn)}
    assert all(effect.at >= certain[effect.turn] for effect in of(played.events, Effected))
