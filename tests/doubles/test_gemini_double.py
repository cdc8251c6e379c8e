"""A wrong client does not pass the Gemini double: every rule, broken by a client that is otherwise right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from google.genai.live import AsyncSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.doubles.gemini import LIVE, Fault, GeminiDouble
from tests.doubles.gemini_mind import Ask, Say, plan
from tests.doubles.gemini_models import KEY
from tests.doubles.gemini_session import Phase
from tests.doubles.tls import loopback

SETUP: dict[str, Any] = {
    "model": "models/gemini-3.8-live",
    "generationConfig": {"responseModalities": ["AUDIO"]},
    "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
    "sessionResumption": {},
    "outputAudioTranscription": {},
    "tools": [
        {
            "functionDeclarations": [
                {"name": "look", "parametersJsonSchema": {"type": "object"}},
                {"name": "halt", "behavior": "BLOCKING", "parametersJsonSchema": {"type": "object"}},
            ]
        }
    ],
}
AUDIO = {"realtime_input": {"audio": {"data": "AAAAAAAA", "mimeType": "audio/pcm;rate=16000"}}}
START = {"realtime_input": {"activityStart": {}}}
END = {"realtime_input": {"activityEnd": {}}}
LOOK = plan(Ask("look", {"at": "moon"}), answer="Nothing there.")


@pytest.fixture
async def double() -> AsyncIterator[GeminiDouble]:
    async with GeminiDouble(LOOK) as double:
        yield double


async def socket(double: GeminiDouble, key: str = KEY) -> ClientConnection:
    headers = {"x-goog-api-key": key} if key else {}
    return await connect(
        double.url.replace("https", "wss") + LIVE, additional_headers=headers, ssl=loopback().client
    )


async def closed(double: GeminiDouble, *messages: Any, key: str = KEY) -> tuple[int, str]:
    """The code and reason with which the server ends a connection that sends these messages."""
    ws = await socket(double, key)
    try:
        async with asyncio.timeout(5):
            for message in messages:
                await ws.send(message if isinstance(message, str) else json.dumps(message))
            while True:
                await ws.recv()
    except ConnectionClosed as error:
        assert error.rcvd is not None
        return error.rcvd.code, error.rcvd.reason
    finally:
        await ws.close()


def setup(**changes: Any) -> dict[str, Any]:
    return {"setup": {**SETUP, **changes}}


def responded(**response: Any) -> dict[str, Any]:
    return {"tool_response": {"functionResponses": [response]}}


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([AUDIO], "setup must be the first message"),
        ([setup(), setup()], "sent once only"),
        (["{"], "not JSON"),
        ([{"setup": SETUP, "client_content": {}}], "exactly one field"),
        ([{"hello": {}}], "unknown message"),
        ([setup(colour="red")], "colour"),
        ([setup(model="gemini-3.8-live")], "models/NAME"),
        ([setup(realtimeInputConfig={"automaticActivityDetection": {"off": True}})], "off"),
        ([setup(realtimeInputConfig={"activityHandling": "SOMETIMES"})], "SOMETIMES"),
        ([setup(realtime_input_config={}, realtimeInputConfig={})], "both casings"),
        ([setup(generationConfig={"responseModalities": ["TEXT"]})], "AUDIO only"),
        (
            [
                setup(
                    generationConfig={
                        "responseModalities": ["AUDIO"],
                        "thinkingConfig": {"thinkingBudget": 0},
                    }
                )
            ],
            "thinkingConfig",
        ),
        ([setup(proactivity={"proactiveAudio": False})], "proactivity"),
        ([setup(tools=[{"functionDeclarations": [{"name": "2x"}]}])], "no function name"),
        ([setup(tools=[{"functionDeclarations": [{"name": "a"}, {"name": "a"}]}])], "declared twice"),
        ([setup(tools=[{"functionDeclarations": [{"name": "a", "behavior": "LATER"}]}])], "LATER"),
        ([setup(sessionResumption={"handle": "of-yesterday"})], "resumption handle"),
        ([setup(), AUDIO], "audio outside"),
        ([setup(), START, START], "activityStart twice"),
        ([setup(), END], "without activityStart"),
        ([setup(), START, END], "without any audio"),
        ([setup(realtimeInputConfig={}), START], "Explicit activity control is not supported"),
        ([setup(), {"realtime_input": {"audioStreamEnd": True}}], "automatic activity detection only"),
        ([setup(), START, {"realtime_input": {"activityEnd": {}, **AUDIO["realtime_input"]}}], "one field"),
        (
            [
                setup(),
                START,
                {"realtime_input": {"audio": {"data": "AAAA", "mimeType": "audio/pcm;rate=16000"}}},
            ],
            "whole 16 bit samples",
        ),
        (
            [setup(), START, {"realtime_input": {"audio": {"data": "AAAAAAAA", "mimeType": "audio/wav"}}}],
            "audio/wav",
        ),
        (
            [setup(), START, {"client_content": {"turnComplete": True}}],
            "between activityStart and activityEnd",
        ),
        ([setup(), {"client_content": {"turns": [{"parts": [{"text": "hi"}]}]}}], "role"),
        ([setup(), {"client_content": {"turns": [{"role": "user", "parts": []}]}}], "parts with text"),
        ([setup(), {"client_content": {"turnComplete": True}}], "empty context"),
        ([setup(), responded(id="call-0", name="look", response={})], "there is no call"),
        ([setup(), responded(id="call-0", name="look", response={}, scheduling="NOW")], "NOW"),
        ([setup(), {"tool_response": {"functionResponses": []}}], "without functionResponses"),
    ],
)
async def test_what_breaks_a_rule_is_refused(double: GeminiDouble, messages: list[Any], reason: str) -> None:
    code, why = await closed(double, *messages)
    assert code == 1007
    assert reason in why or reason in double.refused[0]


async def test_keys_and_models_are_told_apart(double: GeminiDouble) -> None:
    assert await closed(double, setup(), key="nonsense") == (
        1007,
        "API key not valid. Please pass a valid API key.",
    )
    assert (await closed(double, setup(), key=""))[0] == 1008
    code, why = await closed(double, setup(model="models/gemini-9"))
    assert code == 1008
    assert "is not found" in why


# ---- through the SDK -----------------------------------------------------------------------------


def client(double: GeminiDouble) -> genai.Client:
    options = types.HttpOptions(
        base_url=double.url, api_version="v1beta", async_client_args={"ssl": loopback().client}
    )
    return genai.Client(api_key=KEY, http_options=options)


def config(**changes: Any) -> types.LiveConnectConfig:
    return types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        realtime_input_config=types.RealtimeInputConfig(
            automatic_activity_detection=types.AutomaticActivityDetection(disabled=True)
        ),
        session_resumption=types.SessionResumptionConfig(handle=changes.get("handle")),
        output_audio_transcription=types.AudioTranscriptionConfig(),
        tools=[types.Tool.model_validate(SETUP["tools"][0])],
    )


async def utter(session: AsyncSession) -> None:
    await session.send_realtime_input(activity_start=types.ActivityStart())
    await session.send_realtime_input(audio=types.Blob(data=bytes(3200), mime_type="audio/pcm;rate=16000"))
    await session.send_realtime_input(activity_end=types.ActivityEnd())


async def until(session: AsyncSession, field: str) -> types.LiveServerMessage:
    while True:
        async for message in session.receive():
            if getattr(message, field) is not None:
                return message


async def test_a_right_client_speaks_asks_and_resumes(double: GeminiDouble) -> None:
    live = client(double).aio.live
    async with live.connect(model="gemini-3.8-live", config=config()) as session:
        await utter(session)
        call = (await until(session, "tool_call")).tool_call.function_calls[0]
        await session.send_tool_response(
            function_responses=types.FunctionResponse(
                id=call.id,
                name=call.name,
                response={"output": "The moon is full."},
                scheduling=types.FunctionResponseScheduling.INTERRUPT,
            )
        )
        said = ""
        while said != "The moon is full.":
            content = (await until(session, "server_content")).server_content
            if content.output_transcription:
                said += content.output_transcription.text
        handle = None
        while not handle:
            handle = (await until(session, "session_resumption_update")).session_resumption_update.new_handle
    assert double.refused == []
    async with live.connect(model="gemini-3.8-live", config=config(handle=handle)) as session:
        await session.send_client_content(
            turns=types.Content(role="user", parts=[types.Part(text="And now?")]), turn_complete=True
        )
        await until(session, "tool_call")
    assert double.refused == []


async def test_speaking_again_interrupts_and_cancels_what_was_asked() -> None:
    def asks_and_talks(history: Any) -> list[Ask | Say]:
        return [Ask("look", {}), Say("This will take a while, so let me tell you a story.")]

    async with GeminiDouble(asks_and_talks) as double:
        double.pace = type(double.pace)(chunk=0.2)
        async with client(double).aio.live.connect(model="gemini-3.8-live", config=config()) as session:
            await utter(session)
            call = (await until(session, "tool_call")).tool_call.function_calls[0]
            await session.send_realtime_input(activity_start=types.ActivityStart())
            cancelled = (await until(session, "tool_call_cancellation")).tool_call_cancellation
            assert cancelled.ids == [call.id]
            # A response that crossed the cancellation does no harm; one to a call that is closed does.
            await session.send_tool_response(
                function_responses=types.FunctionResponse(id=call.id, name="look", response={})
            )
            await session.send_realtime_input(
                audio=types.Blob(data=bytes(3200), mime_type="audio/pcm;rate=16000")
            )
            await session.send_realtime_input(activity_end=types.ActivityEnd())
            again = (await until(session, "tool_call")).tool_call.function_calls[0]
            response = types.FunctionResponse(id=again.id, name="look", response={})
            await session.send_tool_response(function_responses=response)
            await session.send_tool_response(function_responses=response)
            with pytest.raises(errors.APIError) as error:
                await until(session, "setup_complete")
            assert error.value.code == 1007
    assert "was answered already" in double.refused[0]


async def test_new_input_cancels_a_blocking_call_or_ends_an_older_model() -> None:
    for model, outcome in (("gemini-3.8-live", None), ("gemini-2.5-flash-live", 1008)):
        async with GeminiDouble(plan(Ask("halt", {}))) as double:
            async with client(double).aio.live.connect(model=model, config=config()) as session:
                await utter(session)
                await until(session, "tool_call")
                await session.send_realtime_input(activity_start=types.ActivityStart())
                if outcome is None:
                    assert (await until(session, "tool_call_cancellation")).tool_call_cancellation.ids
                else:
                    with pytest.raises(errors.APIError) as error:
                        await until(session, "tool_call_cancellation")
                    assert error.value.code == outcome


async def test_faults_strike_where_they_are_wanted() -> None:
    async with GeminiDouble(LOOK, faults=[Fault(Phase.CALLED, 1011)]) as double:
        async with client(double).aio.live.connect(model="gemini-3.8-live", config=config()) as session:
            await utter(session)
            await until(session, "tool_call")
            with pytest.raises(errors.APIError) as error:
                await until(session, "go_away")
            assert error.value.code == 1011
