"""The `gemini` brain over the strict double: what it gains, and the rules of the service it must keep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from agents.actions import Call
from agents.brains.gemini_words import explained
from agents.brains.scripted import Step
from agents.cost import Price
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    Event,
    Mode,
    Notice,
    Saying,
    Updated,
    Used,
)
from agents.session import Session
from app.prices import PRICES
from tests.doubles.gemini import Fault, GeminiDouble
from tests.doubles.gemini_mind import Ask, History, Say, plan, together
from tests.doubles.gemini_models import on_words
from tests.doubles.gemini_play import Played, converse, say, saying
from tests.doubles.gemini_session import Pace, Phase
from tests.doubles.line import Network
from tests.loopback import only_loopback

E = TypeVar("E")
READ, WRITE, CONFIRM = Ask("read", {"x": "two"}), Ask("write", {"x": "three"}), Ask("confirm", {"x": "five"})
BOTH = plan(READ, WRITE)
GUESSES = [Step(2, [Call(1, "read", {"x": "two"})]), Step(3, [Call(2, "write", {"x": "three"})])]
PACE = Pace(think=0.3, chunk=0.02)
RIGHT = "read of two. write of three."


@pytest.fixture(autouse=True)
def loopback_only() -> Any:
    with only_loopback():
        yield


def double_of(mind: Any = BOTH, **more: Any) -> GeminiDouble:
    return GeminiDouble(mind, **{"pace": PACE, "network": Network(0.03), **more})


def of(events: Sequence[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def answers(played: Played) -> list[str]:
    return [event.text for event in of(played.events, Answered)]


def responses(double: GeminiDouble) -> list[dict[str, Any]]:
    """Every answer to a call that the service was sent."""
    return [one for message in double.sent("tool_response") for one in message["functionResponses"]]


# ---- what it gains ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sound", [False, True])
def test_the_models_calls_are_answered_from_the_guesses(sound: bool) -> None:
    double = double_of()
    played = converse(double, saying("one two three four", sound=sound), GUESSES, sound=sound)
    assert double.refused == []
    assert answers(played) == [RIGHT]
    assert played.recorder.runs == [("read", {"x": "two"}), ("write", {"x": "three"})]
    committed = of(played.events, Committed)[0].at
    ready = next(e for e in of(played.events, CallChanged) if e.call == 1 and e.state is CallState.READY)
    assert ready.at < committed < of(played.events, Effected)[0].at
    assert played.speeches[-1].text == RIGHT and played.speeches[-1].received > 1
    assert of(played.events, Saying)


def test_the_text_model_guesses_and_revises() -> None:
    guess = on_words(
        {
            "two": [READ],
            "three": [Ask("write", {"x": "wrong"})],
            "four": [Ask("revise_call", {"id": 2, "arguments": {"x": "three"}})],
        }
    )
    double = double_of(guess=guess)
    played = converse(double, saying("one two three four"))
    assert double.refused == []
    assert answers(played) == [RIGHT]
    assert [(e.call, e.version) for e in of(played.events, CallIssued)] == [(1, 1), (2, 1), (2, 2)]
    assert played.recorder.effects() == [("write", {"x": "three"})]


def test_sequentially_the_same_is_done_later() -> None:
    slow = converse(double_of(), saying("one two three four"), GUESSES, mode=Mode.SEQUENTIAL)
    quick = converse(double_of(), saying("one two three four"), GUESSES)
    assert answers(slow) == answers(quick) == [RIGHT]
    assert slow.recorder.runs == quick.recorder.runs
    assert of(quick.events, Saying)[0].at < of(slow.events, Saying)[0].at - 0.4


def test_what_the_model_does_not_ask_for_is_not_done() -> None:
    guesses = [*GUESSES, Step(3, [Call(3, "put", {"x": "nine"}), Call(4, "read_slow", {"x": "ten"})])]
    played = converse(double_of(), saying("one two three four"), guesses)
    assert answers(played) == [RIGHT]
    assert played.recorder.effects() == [("write", {"x": "three"})]


def test_a_guess_at_other_arguments_is_patched() -> None:
    guesses = [GUESSES[0], Step(3, [Call(2, "write", {"x": "wrong"})])]
    played = converse(double_of(), saying("one two three four"), guesses)
    assert [(e.call, e.version) for e in of(played.events, CallIssued)] == [(1, 1), (2, 1), (2, 2)]
    assert played.recorder.effects() == [("write", {"x": "three"})]


def test_a_guess_that_refers_to_a_result_is_what_the_model_means() -> None:
    guesses = [GUESSES[0], Step(3, [Call(2, "write", {"x": "$1"})])]
    mind = plan(READ, Ask("write", {"x": "<two>"}))
    played = converse(double_of(mind), saying("one two three four"), guesses)
    assert len(of(played.events, CallIssued)) == 2
    assert played.recorder.effects() == [("write", {"x": "<two>"})]


def test_own_voice_says_it_instead() -> None:
    played = converse(double_of(), saying("one two three four"), GUESSES, own_voice=True)
    assert answers(played) == [RIGHT]
    assert of(played.events, Saying) == [] and played.speeches == []


def test_a_question_is_asked_before_what_cannot_be_taken_back() -> None:
    for reply, done in (("yes", [("confirm", {"x": "five"})]), ("no", [])):

        async def script(session: Session, reply: str = reply) -> None:
            await say(session, "one two three five")
            while not session.is_asking:
                await asyncio.sleep(0.05)
            await say(session, reply, ending=0.4)
            while not session.is_idle:
                await asyncio.sleep(0.05)

        double = double_of(plan(CONFIRM))
        played = converse(double, script, [])
        assert double.refused == []
        assert of(played.events, ConfirmAsked)
        assert played.recorder.effects() == done
        assert len(answers(played)) == 1


def test_money_in_an_answer_is_no_reference() -> None:
    played = converse(double_of(plan(READ, answer="")), saying("one"), [])
    assert answers(played) == ["read of two."]
    dear = converse(double_of(lambda history: [Say("That is $1 or $20.")]), saying("one"), GUESSES)
    assert answers(dear) == ["That is $1 or $20."]


# ---- the rules -------------------------------------------------------------------------------------


def test_the_setup_is_what_the_model_takes() -> None:
    double = double_of()
    converse(double, saying("one"), [])
    (setup,) = double.sent("setup")
    assert setup["realtimeInputConfig"]["automatic_activity_detection"] == {"disabled": True}
    assert setup["contextWindowCompression"] == {"sliding_window": {}}
    assert "sessionResumption" in setup and "outputAudioTranscription" in setup
    assert setup["generationConfig"]["responseModalities"] == ["AUDIO"]
    declared = setup["tools"][0]["functionDeclarations"]
    assert {one["behavior"] for one in declared} == {"NON_BLOCKING"}


def test_nothing_of_half_a_sentence_goes_into_the_session() -> None:
    double = double_of()
    played = converse(double, saying("one two three four"), GUESSES)
    updates = [event.final for event in of(played.events, Updated)]
    assert updates.count(False) > 2
    (content,) = double.sent("client_content")
    (turn,) = content["turns"]
    told = '[Looked up while the user was speaking:]\nread({"x": "two"}): read of two.'
    assert turn == {"parts": [{"text": "one two three four"}, {"text": told}], "role": "user"}
    assert content["turnComplete"] is True


def test_sound_lies_between_the_marks_and_is_complete() -> None:
    double = double_of(plan(answer="Good day."))
    converse(double, saying("one two", sound=True), [], sound=True)
    kinds = [next(iter(message)) for message in double.sent("realtime_input")]
    assert kinds[0] == "activityStart" and kinds[-1] == "activityEnd"
    assert set(kinds[1:-1]) == {"audio"}
    assert double.refused == []


def test_results_are_added_silently_and_the_last_one_makes_it_speak() -> None:
    double = double_of(together(READ, WRITE))
    played = converse(double, saying("one two three four"), [])
    assert [(one["name"], one["scheduling"]) for one in responses(double)] == [
        ("write", "SILENT"),
        ("read", "INTERRUPT"),
    ]
    assert answers(played) == ["write of three. read of two."]


def test_what_was_looked_up_is_told_before_the_end_of_the_sound() -> None:
    """After it the model thinks already, and would be interrupted."""
    double = double_of()
    converse(double, saying("one two three four", sound=True), GUESSES, sound=True)
    kinds = [next(iter(message)) for message in double.sent("realtime_input")]
    assert kinds[-2:] == ["text", "activityEnd"]
    assert [one["name"] for one in responses(double)] == ["write"]  # it need not ask for the other


def test_an_unknown_function_and_a_failing_one_are_told_as_errors() -> None:
    mind = plan(Ask("write", {"x": "bad"}))
    double = double_of(mind)
    played = converse(double, saying("one"), [])
    (one,) = responses(double)
    assert one["response"]["error"].startswith("That went wrong.")
    assert played.recorder.effects() == []
    assert len(answers(played)) == 1


@pytest.mark.parametrize("sound", [False, True])
def test_speaking_on_withdraws_what_was_asked_for_too_early(sound: bool) -> None:
    """What seemed to be the end was none: the service has the turn, and has asked, when more words come."""
    generations: list[int] = []

    def mind(history: History) -> Sequence[Ask | Say]:
        generations.append(1)
        if len(generations) == 1:
            return [Ask("write", {"x": "early"}), Say("I am about to do that for you now, a moment please.")]
        return plan(WRITE)(history)

    double = double_of(mind, pace=Pace(think=0.2, chunk=0.2))

    async def script(session: Session) -> None:
        async def hear(*texts: str) -> None:
            for text in texts:
                await asyncio.sleep(0.2)
                if sound:
                    session.listen(bytes(6400))
                session.hear(text, "")

        session.speech_started()
        await hear("one", "one two", "one two three")
        session.guess_end()
        await asyncio.sleep(0.6)
        await hear("one two three no", "one two three no four")
        session.speech_ended(session.now())
        await asyncio.sleep(0.5)
        session.end_turn("one two three no four")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    played = converse(double, script, [], sound=sound)
    assert double.refused == []
    assert played.recorder.effects() == [("write", {"x": "three"})]
    assert answers(played) == ["write of three."]
    cancelled = [m for who, m in double.journal if who == "server" and "toolCallCancellation" in m]
    refused = [one for one in responses(double) if "went on speaking" in str(one["response"])]
    assert cancelled or refused  # no call is left open: the service would wait for it for ever


def test_an_older_model_finds_no_call_pending_when_the_user_speaks_again() -> None:
    """Such a model closes the connection (1008) at input while a call of its is open."""
    double = double_of(plan(CONFIRM, answer="Good day."))

    async def script(session: Session) -> None:
        await say(session, "one two five")
        while not session.is_asking:
            await asyncio.sleep(0.05)
        session.stop()  # the question, and with it the turn, is dropped
        await asyncio.sleep(0.1)
        await say(session, "six")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    played = converse(double, script, [], model="gemini-2.5-flash-live")
    assert double.refused == []
    assert double.connections == 1
    assert any("went on speaking" in str(one["response"]) for one in responses(double))
    assert played.recorder.effects() == []


def test_the_same_call_twice_is_one_call() -> None:
    """Some models repeat a call before its response is there."""
    asked: list[int] = []

    def mind(history: History) -> Sequence[Ask | Say]:
        asked.append(1)
        return [WRITE, WRITE] if len(asked) == 1 else [Say("Done.")]

    double = double_of(mind)
    played = converse(double, saying("one two three four"), GUESSES)
    assert played.recorder.effects() == [("write", {"x": "three"})]
    assert len(responses(double)) == 2
    assert answers(played) == ["Done."]


def test_an_effect_asked_for_again_in_the_next_round_is_not_done_again() -> None:
    rounds: list[int] = []

    def mind(history: History) -> Sequence[Ask | Say]:
        rounds.append(1)
        return [WRITE] if len(rounds) < 3 else [Say("Done.")]

    played = converse(double_of(mind), saying("one two three four"), [])
    assert played.recorder.effects() == [("write", {"x": "three"})]


def test_chatter_while_functions_run_is_no_answer() -> None:
    def mind(history: History) -> Sequence[Ask | Say]:
        moves = BOTH(history)
        return [*moves, Say("One moment, please.")] if isinstance(moves[0], Ask) else moves

    for completes in (True, False):
        double = double_of(mind, pace=replace(PACE, completes_after_call=completes))
        assert answers(converse(double, saying("one two three four"), GUESSES)) == [RIGHT]


def test_turn_after_turn_on_one_connection() -> None:
    for completes in (True, False):
        double = double_of(pace=replace(PACE, completes_after_call=completes))
        played = converse(double, saying("one two three", "four five", "six"), GUESSES)
        assert answers(played) == [RIGHT] * 3
        assert double.connections == 1


# ---- connections -----------------------------------------------------------------------------------


def test_a_session_is_resumed_by_its_handle() -> None:
    double = double_of(faults=[Fault(Phase.THINKING, "abort", 4)])  # in the second turn
    played = converse(double, saying("one two three", "four"), GUESSES)
    assert answers(played) == [RIGHT, RIGHT]
    first, second = double.sent("setup")
    assert "handle" not in first["sessionResumption"]
    assert second["sessionResumption"]["handle"] == "handle-1"
    assert all(content["turnComplete"] for content in double.sent("client_content"))  # it remembers the rest


def test_a_handle_that_is_refused_is_replaced_by_what_was_said() -> None:
    """After 58 minutes the service ends a session and may then not resume it (1007)."""
    double = double_of(faults=[Fault(Phase.THINKING, 1011, 4)])

    async def script(session: Session) -> None:
        session.subscribe(lambda event: double.forget() if isinstance(event, Answered) else None)
        await saying("one two three", "four")(session)

    played = converse(double, script, GUESSES)
    assert answers(played) == [RIGHT, RIGHT]
    assert double.refused == ["Invalid session resumption handle."]
    told = [content for content in double.sent("client_content") if not content.get("turnComplete")]
    assert "one two three" in str(told) and RIGHT in str(told)


def test_going_away_costs_no_turn() -> None:
    for phase in (Phase.IDLE, Phase.THINKING):
        double = double_of(faults=[Fault(phase, "go away")], time_left=2.0)
        played = converse(double, saying("one two three", "four", "five"), GUESSES)
        assert answers(played) == [RIGHT] * 3
        assert double.connections == 2
        assert double.sent("setup")[1]["sessionResumption"]["handle"]


@pytest.mark.parametrize(
    "phase", [Phase.LISTENING, Phase.THINKING, Phase.CALLED, Phase.ANSWERED, Phase.SPEAKING]
)
@pytest.mark.parametrize("kind", ["abort", 1011, "hang"])
def test_a_connection_lost_in_any_phase(phase: Phase, kind: str | int) -> None:
    double = double_of(faults=[Fault(phase, kind)])
    script = saying("one two three four", "five six", sound=True)
    played = converse(double, script, GUESSES, sound=True)
    assert double.refused == []
    assert answers(played) == [RIGHT, RIGHT]
    assert [event.turn for event in of(played.events, Effected)] == [1, 2]


def test_after_an_effect_the_request_is_not_made_again() -> None:
    """The connection breaks between the release of a write and its result."""
    double = double_of(plan(WRITE), faults=[Fault(Phase.ANSWERED, "abort")])
    played = converse(double, saying("one two three four"), GUESSES[:1])
    assert answers(played) == [RIGHT]  # in our own words
    assert len([c for c in double.sent("client_content") if c.get("turnComplete")]) == 1
    assert played.recorder.effects() == [("write", {"x": "three"})]


def test_what_was_sent_in_vain_is_not_sent_to_the_next_connection() -> None:
    double = double_of(faults=[Fault(Phase.CALLED, "abort")])
    converse(double, saying("one two three four", sound=True), GUESSES, sound=True)
    setups = [place for place, (_, message) in enumerate(double.journal) if "setup" in message]
    after = [message for who, message in double.journal[setups[1] :] if who == "client"]
    assert [next(iter(message)) for message in after[:2]] == ["setup", "realtime_input"]
    assert "activityStart" in after[1]["realtime_input"]


def test_messages_that_nobody_can_read_are_skipped() -> None:
    for kind in ("unknown", "garbage"):
        double = double_of(faults=[Fault(Phase.THINKING, kind), Fault(Phase.SPEAKING, kind)])
        assert answers(converse(double, saying("one two three four"), GUESSES)) == [RIGHT]
        assert double.connections == 1


def test_a_key_that_expires_is_told_and_nothing_is_retried_for_ever() -> None:
    double = double_of(faults=[Fault(Phase.THINKING, "abort")])

    async def script(session: Session) -> None:
        double.key = "another"
        await saying("one two three four", "five")(session)

    played = converse(double, script, GUESSES)
    assert len(answers(played)) == 2
    assert all("Google does not accept the key in GEMINI_API_KEY" in text for text in answers(played))
    assert double.connections < 8


def test_a_limit_in_the_middle_is_told() -> None:
    double = double_of(faults=[Fault(Phase.THINKING, "abort")])

    async def script(session: Session) -> None:
        double.quota = "You exceeded your current quota, please check your plan and billing details."
        await saying("one two three four")(session)

    (text,) = answers(converse(double, script, GUESSES))
    assert "Google's limit for this key is reached" in text


def test_trouble_with_guessing_costs_the_guesses_only() -> None:
    faults = [Fault(Phase.GUESSING, "http 503", nth) for nth in range(1, 9)]
    double = double_of(faults=faults, guess=on_words({"two": [READ]}))
    played = converse(double, saying("one two three four"))
    assert answers(played) == [RIGHT]
    told = [event.text for event in of(played.events, Notice) if event.error]
    assert told == ["Gemini is out of order just now (503); try again in a minute"]


# ---- money -----------------------------------------------------------------------------------------


def test_tokens_and_money_are_counted() -> None:
    double = double_of(guess=on_words({"two": [READ], "three": [WRITE]}))
    script = saying("one two three four", sound=True)
    played = converse(double, script, sound=True, prices=dict(PRICES))
    used = of(played.events, Used)
    live = [event for event in used if event.model == "gemini-3.8-live"]
    text = [event for event in used if event.model == "gemini-3.8-flash"]
    assert len(live) == 2 and text
    reported = [m["usageMetadata"] for who, m in double.journal if who == "server" and "usageMetadata" in m]
    for event, counts in zip(live, reported, strict=True):
        assert event.text_in + event.audio_in == counts["promptTokenCount"]  # also what the details leave out
        assert event.text_out + event.audio_out == counts["responseTokenCount"] + counts["thoughtsTokenCount"]
    assert live[-1].audio_in > 0 and live[-1].audio_out > 0
    assert all(event.guess and event.text_cached == 300 for event in text)
    assert all(event.dollars for event in used)


def test_at_the_budget_guessing_stops_and_the_conversation_goes_on() -> None:
    double = double_of(guess=on_words({"two": [READ], "three": [WRITE]}))
    dear = {"gemini-3.8-flash": Price(PRICES["gemini-3.8-flash"].as_of, 1e6, 1e6, 1e6)}
    played = converse(double, saying("one two three four", "five"), prices=dear, budget=1.0)
    assert answers(played) == [RIGHT, RIGHT]
    assert double.guesses == 1
    assert any("the budget of $1" in event.text for event in of(played.events, Notice))


# ---- words -----------------------------------------------------------------------------------------


def test_errors_hold_no_key() -> None:
    class Telling(Exception):
        code, details = 418, {"error": {"message": "key AIzaSy-secret"}}

    assert "AIza" not in str(explained(Telling("AIzaSy-secret"), "model"))
