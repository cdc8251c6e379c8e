"""The `openai` brain over the strict double."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, TypeVar

import pytest

from agents.cost import Price
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    EndOfTurn,
    Event,
    Mode,
    Notice,
    Saying,
    SpeechEnded,
    TurnEnded,
    Updated,
    Used,
)
from agents.session import Session
from tests.doubles.gemini_play import say, saying
from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_mind import Call, Context, Say
from tests.doubles.openai_play import MIND, Player, converse
from tests.doubles.openai_realtime import OpenAIDouble

E = TypeVar("E")
PACE = Pace(first=0.3, piece=0.02)
SENTENCE = "please read two no three and then write four for me now"
DONE = "read of three. write of four."


def of(events: list[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def double(**more: Any) -> OpenAIDouble:
    return OpenAIDouble(MIND, **{"pace": PACE, "network": Network(0.03), **more})


def created(server: OpenAIDouble, *, oob: bool) -> list[dict[str, Any]]:
    """The responses that were asked for, out of band or not."""
    asked = [event["response"] for event in server.sent("response.create")]
    return [one for one in asked if (one.get("conversation") == "none") == oob]


def items(server: OpenAIDouble) -> list[dict[str, Any]]:
    return [event["item"] for event in server.sent("conversation.item.create")]


def test_it_calls_early_patches_holds_and_answers_in_its_own_voice() -> None:
    server = double()
    played = converse(server, saying(SENTENCE))
    events = played.events
    assert server.refused == []
    assert [run for run in played.recorder.runs if run[0] == "write"] == [("write", {"x": "four"})]
    (ended,) = of(events, SpeechEnded)
    first, patch, held = of(events, CallIssued)
    assert first.at < ended.at and (first.call, first.version, first.arguments) == (1, 1, {"x": "two"})
    assert (patch.call, patch.version, patch.arguments) == (1, 2, {"x": "three"})
    states = [event.state for event in of(events, CallChanged) if event.call == held.call]
    assert states == [CallState.HELD, CallState.RUNNING, CallState.READY]
    assert (
        held.at
        < ended.at
        < of(events, Committed)[0].at
        < of(events, Effected)[0].at
        < of(events, Saying)[0].at
    )
    assert of(events, Answered)[0].text == DONE
    assert played.speeches[0].text == DONE and not played.speeches[0].is_cut
    assert played.speeches[0].received == pytest.approx(0.06 * len(DONE), abs=0.05)


def test_sequentially_the_same_is_done_later() -> None:
    quick = converse(double(), saying(SENTENCE))
    server = double()
    slow = converse(server, saying(SENTENCE), mode=Mode.SEQUENTIAL)
    assert server.refused == []
    assert created(server, oob=True) == []
    assert slow.recorder.standing() == quick.recorder.standing() == [("write", {"x": "four"})]
    assert of(slow.events, Answered)[0].text.split(". ") == DONE.split(". ")
    assert of(quick.events, Saying)[0].at < of(slow.events, Saying)[0].at - 0.4


def test_what_is_sent_is_what_the_protocol_takes() -> None:
    server = double()
    converse(server, saying(SENTENCE, "write five"))
    (setup,) = server.sent("session.update")
    assert setup["session"]["audio"]["input"]["turn_detection"] is None
    assert {tool["name"] for tool in setup["session"]["tools"]} >= {
        "read",
        "write",
        "revise_call",
        "remove_call",
    }
    guesses = created(server, oob=True)
    assert guesses and all(one["output_modalities"] == ["text"] for one in guesses)
    assert all(isinstance(value, str) for one in guesses for value in one["metadata"].values())
    assert guesses[0]["input"][0]["content"][0]["text"].startswith("<partial_query_update> please")
    # The second turn's guesses refer to all that stands of the first.
    second = [one for one in guesses if one["metadata"]["turn"] == "2"][-1]["input"]
    assert [one["type"] for one in second] == ["item_reference"] * 6 + ["message"]
    # Nothing of half a sentence stands in the conversation, and each result follows its call.
    said = [one for one in items(server) if one["type"] == "message"]
    assert [one["content"][0]["text"] for one in said] == [SENTENCE, "write five"]
    assert [one["type"] for one in items(server)[1:5]] == ["function_call", "function_call_output"] * 2
    assert all(len(one.get("id", "")) <= 32 for one in items(server))
    assert all("event_id" in event for who, event in server.journal if who == "client")
    assert len(created(server, oob=False)) == 2


def test_a_stale_guess_is_cancelled_by_its_id_and_its_late_events_dropped() -> None:
    server = double(pace=Pace(first=2.0, piece=0.3, late=5))
    played = converse(server, saying("read two and three and four and five and six and so on"))
    cancels = server.sent("response.cancel")
    assert cancels and all(event["response_id"].startswith("resp_") for event in cancels)
    cancelled = [
        event["response"]
        for who, event in server.journal
        if who == "server" and event["type"] == "response.done" and event["response"]["status"] == "cancelled"
    ]
    assert cancelled
    assert server.refused == []
    assert of(played.events, Answered)[0].text == "read of two."
    assert of(played.events, TurnEnded)


def test_several_turns_share_one_conversation() -> None:
    server = double()
    played = converse(server, saying("read one", "write two", "hello there"))
    assert [answer.text for answer in of(played.events, Answered)] == [
        "read of one.",
        "write of two.",
        "Sorry, what?",
    ]
    assert server.refused == [] and server.connections == 1


def test_a_model_may_call_what_is_missing_while_it_answers() -> None:
    def forgetful(context: Context) -> list[Call | Say]:
        return [Say("ok")] if context.is_guess else list(MIND(context))

    server = OpenAIDouble(forgetful, pace=PACE)
    played = converse(server, saying("read one and write two"))
    assert of(played.events, Answered)[0].text == "read of one. write of two."
    assert played.recorder.effects() == [("write", {"x": "two"})]
    outputs = [one for one in items(server) if one["type"] == "function_call_output"]
    assert len(outputs) == 2 and server.refused == []


def test_a_model_that_asks_again_gets_the_result_it_has_and_nothing_is_done_twice() -> None:
    asked = 0

    def stubborn(context: Context) -> list[Call | Say]:
        nonlocal asked
        if not context.is_guess and asked < 2:
            asked += 1
            return [Call("write", {"x": "two"})]
        return list(MIND(context))

    server = OpenAIDouble(stubborn, pace=PACE)
    played = converse(server, saying("write two please"))
    assert played.recorder.effects() == [("write", {"x": "two"})]
    assert of(played.events, Answered)[0].text.startswith("write of two.")
    assert server.refused == []


def test_nonsense_of_a_model_does_no_harm() -> None:
    first = True

    def confused(context: Context) -> list[Call | Say]:
        nonlocal first
        if context.is_guess and first:
            first = False
            return [
                Call("revise_call", {"id": 9, "arguments": {}}),
                Call("remove_call", {"id": "x"}),
                Call("read", {}),
            ]
        return list(MIND(context))

    server = OpenAIDouble(confused, pace=PACE)
    played = converse(server, saying("please read one"))
    assert of(played.events, Answered)[0].text.endswith("read of one.")


def test_a_question_is_asked_before_what_cannot_be_taken_back() -> None:
    async def script(session: Session) -> None:
        await say(session, "confirm two")
        while not session.is_asking:
            await asyncio.sleep(0.05)
        await say(session, "yes")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    server = double()
    played = converse(server, script)
    assert of(played.events, ConfirmAsked)[0].question == "confirm two?"
    assert of(played.events, Answered)[0].text == "confirm of two."
    assert played.recorder.effects() == [("confirm", {"x": "two"})]


def test_the_answer_can_be_said_by_our_own_voice() -> None:
    server = double()
    played = converse(server, saying(SENTENCE), own_voice=True)
    assert played.speeches == [] and of(played.events, Saying) == []
    assert of(played.events, Answered)[0].text == DONE
    assert [one["output_modalities"] for one in created(server, oob=False)] == [["text"]]


def test_with_sound_the_answer_hears_the_user_and_the_guesses_read_the_words() -> None:
    heard: list[int] = []

    def transcribe(pcm: bytes) -> str:
        heard.append(len(pcm))
        return SENTENCE

    server = double(transcribe=transcribe)
    played = converse(server, saying(SENTENCE, sound=True), sound=True)
    assert of(played.events, Answered)[0].text == DONE
    assert len(server.sent("input_audio_buffer.commit")) == 1
    assert not [one for one in items(server) if one["type"] == "message"]
    assert created(server, oob=True)
    # `say` feeds 16 kHz worth of bytes: what arrives is all of the turn, from before its first word.
    assert heard[0] / 32_000 == pytest.approx(0.3 * len(SENTENCE.split()) + 0.5, abs=0.7)


def test_what_the_answer_hears_otherwise_is_not_done_again() -> None:
    """The words say "1", the sound says "one": the model asks for what it has already, and gets that."""
    asked: list[Call] = []

    def mind(context: Context) -> list[Call | Say]:
        number = "1" if context.is_guess else "one"
        if any(done.arguments == {"x": number} for done in context.calls) or "open call" in context.words:
            return [Say(" ".join(done.output or "" for done in context.calls))]
        asked.append(Call("write", {"x": number}))
        return asked[-1:]

    server = OpenAIDouble(mind, pace=PACE, transcribe=lambda pcm: "write one")
    played = converse(server, saying("write 1", sound=True), sound=True)
    assert [call.arguments["x"] for call in asked][-1] == "one"
    assert played.recorder.effects() == [("write", {"x": "1"})]
    outputs = [one["output"] for one in items(server) if one["type"] == "function_call_output"]
    assert outputs == ["write of 1."] * 2 and server.refused == []


def test_without_sound_that_came_through_the_words_are_given() -> None:
    server = double()
    played = converse(server, saying("read one"), sound=True)  # the microphone gives nothing
    assert of(played.events, Answered)[0].text == "read of one."
    assert server.sent("input_audio_buffer.commit") == []


def test_the_user_cuts_in_and_the_model_knows_what_was_heard() -> None:
    player = Player()
    long = "one two three four five six seven eight nine ten eleven twelve"
    server = OpenAIDouble(
        lambda context: [Say("ok")] if context.is_guess else [Say(long)],
        pace=Pace(first=0.2, sound=1.5),
        network=Network(0.03),
    )

    async def script(session: Session) -> None:
        await say(session, "count please")
        while player.heard < 1.0:
            await asyncio.sleep(0.02)
        player.hush()
        await say(session, "thank you")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    converse(server, script, voice=player)
    assert server.refused == []
    (cut,) = server.sent("conversation.item.truncate")
    assert 900 <= cut["audio_end_ms"] <= 1300
    kinds = [event["type"] for who, event in server.journal if who == "client"]
    assert kinds.index("response.cancel") < kinds.index("conversation.item.truncate")


def test_an_answer_that_was_all_there_is_truncated_where_it_was_cut() -> None:
    player = Player()
    server = OpenAIDouble(lambda context: [Say("one two three four five six seven eight nine ten")])

    async def script(session: Session) -> None:
        await say(session, "count please")
        while player.heard < 0.5 or not session.is_idle:
            await asyncio.sleep(0.02)
        player.hush()
        await say(session, "thank you")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    converse(server, script, voice=player)
    assert server.refused == []
    assert 400 <= server.sent("conversation.item.truncate")[0]["audio_end_ms"] <= 900


def test_what_nobody_heard_is_taken_out_of_the_conversation() -> None:
    server = double(pace=Pace(first=0.2, piece=0.7))

    async def script(session: Session) -> None:
        await say(session, "hello there")
        while not _answering(server):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        await say(session, "write two", seconds_a_word=0.2)
        while not session.is_idle:
            await asyncio.sleep(0.05)

    played = converse(server, script, own_voice=True)
    assert server.refused == []
    (gone,) = server.sent("conversation.item.delete")
    assert gone["item_id"].startswith("item_")
    assert of(played.events, Answered)[-1].text == "write of two."


def _answering(server: OpenAIDouble) -> bool:
    return any(
        who == "server" and event["type"] == "response.created" and event["response"]["conversation_id"]
        for who, event in server.journal
    )


def test_a_session_is_replaced_before_its_cap_between_two_turns() -> None:
    server = double()
    played = converse(server, saying("write one", "write two", "write three"), rotate=3.0)
    assert server.refused == []
    assert server.connections >= 2
    assert played.recorder.effects() == [("write", {"x": word}) for word in ("one", "two", "three")]
    replayed = [
        one["content"][0]["text"] for one in items(server) if one["type"] == "message" and "id" not in one
    ]
    assert replayed[:2] == ["write one", "write of one."]


PRICES = {"gpt-realtime-2.1": Price(date(2026, 11, 24), 4.0, 0.4, 24.0, 32.0, 0.4, 64.0)}


def test_every_response_is_counted_also_a_cancelled_one() -> None:
    server = double(pace=Pace(first=1.2))
    played = converse(server, saying(SENTENCE), prices=PRICES)
    done = [e["response"] for who, e in server.journal if who == "server" and e["type"] == "response.done"]
    used = of(played.events, Used)
    assert any(one["status"] == "cancelled" for one in done)
    assert len(used) == len(done)
    assert sum(one.text_in for one in used) == sum(one["usage"]["input_tokens"] for one in done)
    last = used[-1]
    assert not last.guess and last.audio_out > 0
    assert last.dollars == pytest.approx(
        (
            (last.text_in - last.text_cached) * 4.0
            + last.text_cached * 0.4
            + last.text_out * 24.0
            + last.audio_out * 64.0
        )
        / 1e6
    )


def test_a_spent_budget_stops_guessing_and_not_the_conversation() -> None:
    server = double()
    played = converse(server, saying(SENTENCE, "read one and write two"), prices=PRICES, budget=0.004)
    assert of(played.events, Answered)[1].text.split(". ") in (["read of one", "write of two."],)
    assert not [one for one in created(server, oob=True) if one["metadata"]["turn"] == "2"]
    told = [event.text for event in of(played.events, Notice) if "budget" in event.text]
    assert len(told) == 1
    # What was called before the money ran out was still held against the last words.
    assert played.recorder.standing() == [("write", {"x": "four"}), ("write", {"x": "two"})]


def test_no_effect_before_the_commit_point_whatever_the_model_says() -> None:
    phases: list[Phase] = []
    server = double(watch=phases.append)
    played = converse(server, saying("write one", "write two and confirm three", SENTENCE))
    committed = {event.turn: event.at for event in of(played.events, Committed)}
    certain = {event.turn: event.at for event in of(played.events, EndOfTurn)}
    for effect in of(played.events, Effected):
        assert effect.at >= committed[effect.turn] >= certain[effect.turn]
    assert Phase.GUESSED in phases


def test_half_a_sentence_is_final_only_when_it_is() -> None:
    played = converse(double(), saying(SENTENCE))
    updates = of(played.events, Updated)
    assert [one.final for one in updates][-1] and not any(one.final for one in updates[:-1])
