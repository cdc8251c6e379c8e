"""A wrong client does not pass the OpenAI double: every rule, broken by a client that is otherwise right."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import run_virtually
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_mind import Call, Context, Say
from tests.doubles.openai_realtime import KEY, Fault, OpenAIDouble

Event = dict[str, Any]

LOOK = {"type": "function", "name": "look", "description": "Look.", "parameters": {"type": "object"}}
SETUP: Event = {
    "type": "session.update",
    "session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}, "tools": [LOOK]},
}
SECOND = base64.b64encode(bytes(48_000)).decode()
LONG = "one two three four five six seven eight nine ten"


def mind(context: Context) -> list[Call | Say]:
    return [Call("look", {"at": "moon"})] if "look" in context.words else [Say(LONG)]


def user(text: str, **more: Any) -> Event:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content, **more}
    return {"type": "conversation.item.create", "item": item}


def item(**values: Any) -> Event:
    return {"type": "conversation.item.create", "item": values}


def respond(**values: Any) -> Event:
    return {"type": "response.create", "response": values}


def update(**values: Any) -> Event:
    return {"type": "session.update", "session": {"type": "realtime", **values}}


def append(pcm: bytes) -> Event:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}


COMMIT: Event = {"type": "input_audio_buffer.commit"}
CANCEL: Event = {"type": "response.cancel"}


async def socket(
    double: OpenAIDouble, *, key: str = KEY, model: str = "gpt-realtime-2.1"
) -> ClientConnection:
    url = double.url.replace("http", "ws") + f"/realtime?model={model}"
    return await connect(url, additional_headers={"Authorization": f"Bearer {key}"})


async def replies(ws: ClientConnection, *events: Event, quiet: float = 1.0) -> list[Event]:
    """What the server says to these, until it has said nothing for a while."""
    for event in events:
        await ws.send(json.dumps(event))
    found: list[Event] = []
    while True:
        try:
            async with asyncio.timeout(quiet):
                found.append(json.loads(await ws.recv()))
        except TimeoutError:
            return found


def talk(*events: Event, pace: Pace | None = None, model: str = "gpt-realtime-2.1") -> list[Event]:
    """All that the server says to a client that sends these."""

    async def main() -> list[Event]:
        async with OpenAIDouble(mind, pace=pace or Pace()) as double:
            ws = await socket(double, model=model)
            try:
                return await replies(ws, *events)
            finally:
                await ws.close()

    return run_virtually(main())


def errors(found: list[Event]) -> list[str]:
    return [event["error"]["code"] for event in found if event["type"] == "error"]


def kinds(found: list[Event], *leading: str) -> list[str]:
    return [event["type"] for event in found if event["type"].startswith(leading)]


SLOW = Pace(first=0.2, piece=0.2, sound=0.1)

WRONG: dict[str, tuple[list[Event], str]] = {
    "unknown event": ([{"type": "response.stop"}], "unknown_event"),
    "no type": ([{"kind": "response.create"}], "missing_required_parameter"),
    "beta field of the session": ([update(modalities=["text"])], "unknown_parameter"),
    "beta audio format": ([update(input_audio_format="pcm16")], "unknown_parameter"),
    "temperature is gone": ([update(temperature=0.6)], "unknown_parameter"),
    "beta field of a response": ([respond(modalities=["text"])], "unknown_parameter"),
    "unknown field deep inside": (
        [update(audio={"input": {"turn_detection": {"type": "server_vad", "eagerness": "low"}}})],
        "unknown_parameter",
    ),
    "session without a type": ([{"type": "session.update", "session": {}}], "invalid_value"),
    "both modalities": ([update(output_modalities=["audio", "text"])], "invalid_value"),
    "both modalities of a response": ([respond(output_modalities=["text", "audio"])], "invalid_value"),
    "another model": ([update(model="gpt-realtime-1.5")], "invalid_value"),
    "another rate": (
        [update(audio={"input": {"format": {"type": "audio/pcm", "rate": 16000}}})],
        "invalid_value",
    ),
    "two tools of one name": ([update(tools=[LOOK, LOOK])], "invalid_value"),
    "a name with a space": ([update(tools=[{**LOOK, "name": "look up"}])], "invalid_value"),
    "metadata that is no text": ([respond(metadata={"turn": 1})], "invalid_value"),
    "17 pairs of metadata": ([respond(metadata={str(n): "" for n in range(17)})], "invalid_value"),
    "metadata too long": ([respond(metadata={"x": "y" * 513})], "invalid_value"),
    "too many tokens": ([respond(max_output_tokens=5000)], "invalid_value"),
    "no such conversation": ([respond(conversation="other")], "invalid_value"),
    "reference to nothing": (
        [respond(conversation="none", input=[{"type": "item_reference", "id": "nobody"}])],
        "invalid_item_reference",
    ),
    "reference with more": (
        [user("hello", id="u1"), respond(input=[{"type": "item_reference", "id": "u1", "role": "user"}])],
        "invalid_value",
    ),
    "no base64": ([{"type": "input_audio_buffer.append", "audio": "%%%"}], "invalid_value"),
    "half a sample": ([append(b"123")], "invalid_value"),
    "commit of nothing": ([COMMIT], "input_audio_buffer_commit_empty"),
    "commit of 99 ms": ([append(bytes(2 * 2376)), COMMIT], "input_audio_buffer_commit_empty"),
    "commit after clear": (
        [append(bytes(48_000)), {"type": "input_audio_buffer.clear"}, COMMIT],
        "input_audio_buffer_commit_empty",
    ),
    "33 characters of ID": ([user("hello", id="x" * 33)], "string_above_max_length"),
    "the same ID twice": ([user("hello", id="u1"), user("again", id="u1")], "item_create_duplicate_item_id"),
    "after an item that is not": (
        [{**user("hello"), "previous_item_id": "nobody"}],
        "item_create_invalid_previous_item_id",
    ),
    "assistant's input_text": (
        [item(type="message", role="assistant", content=[{"type": "input_text", "text": "x"}])],
        "invalid_value",
    ),
    "a lone result": ([item(type="function_call_output", call_id="c1", output="x")], "invalid_tool_call_id"),
    "a result that is no text": (
        [
            item(type="function_call", call_id="c1", name="look", arguments="{}"),
            item(type="function_call_output", call_id="c1", output={"x": 1}),
        ],
        "invalid_value",
    ),
    "arguments that are no JSON": (
        [item(type="function_call", call_id="c1", name="look", arguments="moon")],
        "invalid_value",
    ),
    "delete of nothing": (
        [{"type": "conversation.item.delete", "item_id": "nobody"}],
        "item_delete_invalid_item_id",
    ),
    "truncate of nothing": (
        [{"type": "conversation.item.truncate", "item_id": "nobody", "content_index": 0, "audio_end_ms": 0}],
        "item_truncate_invalid_item_id",
    ),
    "truncate of the user": (
        [
            user("hello", id="u1"),
            {"type": "conversation.item.truncate", "item_id": "u1", "content_index": 0, "audio_end_ms": 0},
        ],
        "invalid_value",
    ),
    "cancel of nothing": ([CANCEL], "response_cancel_not_active"),
    "cancel of nobody": ([{**CANCEL, "response_id": "resp_x"}], "response_cancel_not_active"),
    "two answers at once": (
        [user("hello"), respond(), respond()],
        "conversation_already_has_active_response",
    ),
    "cancel misses out of band": ([respond(conversation="none"), CANCEL], "response_cancel_not_active"),
    "WebRTC only": ([{"type": "output_audio_buffer.clear"}], "invalid_request_error"),
    "transcriber with turn detection": (
        [
            update(
                audio={
                    "input": {
                        "transcription": {"model": "gpt-live-transcribe"},
                        "turn_detection": {"type": "server_vad"},
                    }
                }
            )
        ],
        "invalid_value",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_client_is_told(name: str) -> None:
    events, code = WRONG[name]
    found = talk(SETUP, *events, pace=SLOW)
    assert code in errors(found), errors(found)


def test_an_error_names_the_event_it_is_about() -> None:
    found = talk({**COMMIT, "event_id": "mine"})
    assert [event["error"]["event_id"] for event in found if event["type"] == "error"] == ["mine"]


def test_older_models_take_no_reasoning() -> None:
    wrong = update(reasoning={"effort": "low"})
    assert errors(talk(wrong, model="gpt-realtime-1.5")) == ["unsupported_parameter"]
    assert errors(talk(wrong)) == []


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [("sk-wrong", "gpt-realtime-2.1", 401), (KEY, "gpt-realtime-9", 404)],
)
def test_who_may_connect(key: str, model: str, status: int) -> None:
    async def main() -> int:
        async with OpenAIDouble(mind) as double:
            with pytest.raises(InvalidStatus) as refused:
                await socket(double, key=key, model=model)
            return refused.value.response.status_code

    assert run_virtually(main()) == status


def test_a_call_comes_in_the_order_of_the_service() -> None:
    found = talk(SETUP, user("look"), respond(output_modalities=["text"]))
    assert kinds(found, "response.", "conversation.item", "rate") == [
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.added",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = next(event for event in found if event["type"] == "response.done")["response"]
    assert done["status"] == "completed"
    assert done["usage"]["input_tokens"] > 0


def test_speech_comes_with_its_transcript_and_its_sound() -> None:
    found = talk(SETUP, user("hello"), respond())
    text = "".join(e["delta"] for e in found if e["type"] == "response.output_audio_transcript.delta")
    sound = b"".join(
        base64.b64decode(e["delta"]) for e in found if e["type"] == "response.output_audio.delta"
    )
    assert text == LONG
    assert len(sound) / 48_000 == pytest.approx(0.06 * len(LONG), abs=0.05)
    assert found[-2]["response"]["usage"]["output_token_details"]["audio_tokens"] > 0


def test_out_of_band_responses_run_side_by_side_and_leave_no_trace() -> None:
    guess = respond(conversation="none", output_modalities=["text"], metadata={"rev": "1"})
    found = talk(SETUP, user("hello", id="u1"), guess, guess, respond(), pace=SLOW)
    assert errors(found) == []
    created = [event["response"] for event in found if event["type"] == "response.created"]
    assert [one["conversation_id"] for one in created] == [None, None, "conv_1"]
    assert created[0]["metadata"] == {"rev": "1"}
    assert len(kinds(found, "conversation.item.added")) == 2  # the user's words, and the one answer


def test_late_deltas_follow_a_cancel_and_then_done() -> None:
    async def main() -> list[Event]:
        async with OpenAIDouble(mind, pace=Pace(first=0.1, piece=0.3)) as double:
            ws = await socket(double)
            before = await replies(
                ws,
                SETUP,
                user("hello"),
                respond(conversation="none", output_modalities=["text"]),
                quiet=0.2,
            )
            id = next(event for event in before if event["type"] == "response.created")["response"]["id"]
            after = await replies(ws, {**CANCEL, "response_id": id})
            await ws.close()
            return after

    found = run_virtually(main())
    deltas = kinds(found, "response.output_text.delta")
    assert 1 <= len(deltas) <= 3
    done = next(event for event in found if event["type"] == "response.done")["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")


def test_speech_is_truncated_to_what_was_heard_and_no_further() -> None:
    async def main() -> tuple[list[str], list[str]]:
        async with OpenAIDouble(mind) as double:
            ws = await socket(double)
            found = await replies(ws, SETUP, user("hello"), respond())
            id = next(e for e in found if e["type"] == "response.output_item.added")["item"]["id"]
            sent = int(0.06 * len(LONG) * 1000)
            cut = {"type": "conversation.item.truncate", "item_id": id, "content_index": 0}
            good = await replies(ws, {**cut, "audio_end_ms": 500})
            bad = await replies(ws, {**cut, "audio_end_ms": sent})
            await ws.close()
            return kinds(good, "conversation.item.truncated"), [
                event["error"]["message"] for event in bad if event["type"] == "error"
            ]

    good, bad = run_virtually(main())
    assert good == ["conversation.item.truncated"]
    assert bad and "already shorter" in bad[0]


def test_a_client_that_leaves_turn_detection_on_is_answered_unasked() -> None:
    loud = struct.pack("<24000h", *(int(9000 * math.sin(n * 0.1)) for n in range(24_000)))
    found = talk(append(loud), append(bytes(48_000)))
    assert "input_audio_buffer.speech_started" in kinds(found, "input_audio_buffer")
    assert "response.created" in kinds(found, "response")
    assert "response.created" not in kinds(talk(SETUP, append(loud), append(bytes(48_000))), "response")


def test_the_voice_stays_once_it_was_heard() -> None:
    voice = update(audio={"output": {"voice": "cedar"}})
    assert errors(talk(SETUP, voice, user("hello"))) == []

    async def main() -> list[Event]:
        async with OpenAIDouble(mind) as double:
            ws = await socket(double)
            await replies(ws, SETUP, user("hello"), respond())
            found = await replies(ws, voice)
            await ws.close()
            return found

    assert errors(run_virtually(main())) == ["cannot_update_voice"]


@pytest.mark.parametrize("kind", [1001, 1011, "abort", "expired"])
def test_faults_break_the_connection(kind: str | int) -> None:
    async def main() -> None:
        async with OpenAIDouble(mind, faults=[Fault(Phase.ANSWER, kind)]) as double:
            ws = await socket(double)
            with pytest.raises(ConnectionClosed):
                await replies(ws, SETUP, user("hello"), respond())

    run_virtually(main())
