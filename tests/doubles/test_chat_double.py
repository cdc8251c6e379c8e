"""A wrong client does not pass the chat double: every rule, broken by a client that is otherwise right."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.doubles.openai_chat import KEY, MODEL, ChatDouble
from tests.doubles.openai_mind import Call, Say

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
GOOD: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "system", "content": "Look."}, {"role": "user", "content": "at the moon"}],
    "tools": [LOOK],
    "tool_choice": "auto",
    "max_completion_tokens": 100,
    "stream": True,
    "stream_options": {"include_usage": True},
}


@pytest.fixture
async def double() -> AsyncIterator[ChatDouble]:
    async with ChatDouble(lambda context: [Call("look", {"at": "moon"}), Call("look", {"at": "sun"})]) as one:
        yield one


async def post(double: ChatDouble, body: object, key: str = KEY) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(
            f"{double.url}/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}
        )


def changed(at: str, value: object) -> dict[str, Any]:
    """The good request with one value put at a path like "tools.0.function"; Ellipsis takes it out."""
    body = json.loads(json.dumps(GOOD))
    *way, last = [int(step) if step.isdigit() else step for step in at.split(".")]
    place: Any = body
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("at", "value", "named"),
    [
        ("functions_call", {}, "functions_call"),
        ("tools.0.function.returns", "text", "function.returns"),
        ("tools.0.function.parameters", {"type": "text"}, "parameters"),
        ("tools.0.function.parameters", {"type": "object", "properties": []}, "parameters"),
        ("tools.0.function.name", "look at", "look at"),
        ("tools.0.function.name", ..., "function.name"),
        ("tools.0.name", "look", "tools[0].name"),
        ("tools", [LOOK, LOOK], "one name"),
        ("tools", [], "tools"),
        ("tools", ..., "tool_choice"),
        ("tool_choice", "sometimes", "tool_choice"),
        ("messages", [], "messages"),
        ("messages.1.role", "person", "role"),
        ("messages.1.role", "assistant", "user"),
        ("messages.1.role", "system", "system"),
        ("messages.1.content", "", "content"),
        ("messages.1.content", ..., "content"),
        ("messages.1.text", "hello", "text"),
        ("stream", False, "stream"),
        ("stream", ..., "stream"),
        ("stream_options.usage", True, "usage"),
        ("max_completion_tokens", "100", "max_completion_tokens"),
        ("max_completion_tokens", 0, "max_completion_tokens"),
        ("max_tokens", 100, "max_tokens"),
        ("temperature", True, "temperature"),
        ("model", 7, "model"),
    ],
)
async def test_a_wrong_request_is_refused(double: ChatDouble, at: str, value: object, named: str) -> None:
    answer = await post(double, changed(at, value))
    if at == "model":
        assert answer.status_code == 404
    else:
        assert answer.status_code == 400
        assert named in double.refused[0]
    assert double.requests == []


async def test_a_wrong_key_and_a_wrong_model_are_refused(double: ChatDouble) -> None:
    assert (await post(double, GOOD, "sk-other")).status_code == 401
    assert (await post(double, {**GOOD, "model": "large"})).status_code == 404
    assert (await post(double, "hello")).status_code == 400


def pieces(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_a_call_comes_in_pieces_named_once_then_the_reason_then_the_counts(double: ChatDouble) -> None:
    *chunks, counts = pieces(await post(double, GOOD))
    deltas = [call for one in chunks for call in one["choices"][0]["delta"].get("tool_calls", ())]
    assert [one["function"].get("name") for one in deltas if "id" in one] == ["look", "look"]
    for index, place in enumerate(("moon", "sun")):
        written = [one["function"]["arguments"] for one in deltas if one["index"] == index]
        assert len(written) > 3 and json.loads("".join(written)) == {"at": place}
    assert [one["choices"][0]["finish_reason"] for one in chunks][-1] == "tool_calls"
    assert counts["choices"] == [] and counts["usage"]["total_tokens"] > 0


async def test_whole_calls_all_have_index_0(double: ChatDouble) -> None:
    double.whole = True
    chunks = pieces(await post(double, changed("stream_options", ...)))
    calls = [call for one in chunks for call in one["choices"][0]["delta"].get("tool_calls", ())]
    assert [(one["index"], json.loads(one["function"]["arguments"])["at"]) for one in calls] == [
        (0, "moon"),
        (0, "sun"),
    ]


async def test_words_are_streamed_too(double: ChatDouble) -> None:
    double.mind = lambda context: [Say("ok then")]
    chunks = pieces(await post(double, GOOD))
    said = [one["choices"][0]["delta"].get("content") for one in chunks if one["choices"]]
    assert said == ["", "ok", "then", None]
