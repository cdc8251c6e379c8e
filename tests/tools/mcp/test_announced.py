"""Names, classes and results: what a server says, as it is taken."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import types

from tools.mcp.announced import exposed_name
from tools.mcp.config import Trust
from tools.mcp.effects import effect_class
from tools.mcp.results import KEPT, SPOKEN, tool_result
from tools.tool import Effect, ToolError

HINT = st.sampled_from([None, False, True])
TEXT = st.text(max_size=80)


def announced(read: bool | None, destructive: bool | None, open_world: bool | None) -> types.ToolAnnotations:
    return types.ToolAnnotations(
        read_only_hint=read, destructive_hint=destructive, open_world_hint=open_world, idempotent_hint=True
    )


@pytest.mark.parametrize(
    ("read", "destructive", "open_world", "effect"),
    [
        (True, None, None, Effect.READ),
        (True, False, True, Effect.READ),
        (True, True, False, Effect.CONFIRM),  # it contradicts itself
        (False, False, False, Effect.WRITE),
        (None, False, False, Effect.WRITE),
        (None, False, None, Effect.CONFIRM),  # it may send something out
        (None, False, True, Effect.CONFIRM),
        (None, None, False, Effect.CONFIRM),  # it may destroy something
        (None, True, False, Effect.CONFIRM),
        (None, None, None, Effect.CONFIRM),
    ],
)
def test_the_class_that_annotations_give(
    read: bool | None, destructive: bool | None, open_world: bool | None, effect: Effect
) -> None:
    assert effect_class(announced(read, destructive, open_world), Trust.ANNOTATIONS) is effect


@given(HINT, HINT, HINT)
def test_without_trust_no_announcement_helps(
    read: bool | None, destructive: bool | None, open_world: bool | None
) -> None:
    assert effect_class(announced(read, destructive, open_world), Trust.NONE) is Effect.CONFIRM
    assert effect_class(None, Trust.ANNOTATIONS) is Effect.CONFIRM


@given(st.lists(st.tuples(TEXT, TEXT), max_size=12))
def test_names_are_unlike_and_such_as_model_apis_take(tools: list[tuple[str, str]]) -> None:
    taken: set[str] = {"get_weather"}
    for server, tool in tools:
        name = exposed_name(server, tool, taken)
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name)
        assert name not in taken
        taken.add(name)


def test_a_name_begins_with_its_server_once() -> None:
    assert exposed_name("git", "git_log", ()) == "git_log"
    assert exposed_name("memory", "search nodes", ()) == "memory_search_nodes"
    assert exposed_name("get", "weather", {"get_weather"}) == "get_weather_2"


def answer(*content: dict[str, Any], **more: Any) -> types.CallToolResult:
    return types.CallToolResult.model_validate({"content": content, **more})


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


@given(st.text(), st.text())
def test_a_result_is_one_short_line_that_shows_what_it_says(one: str, two: str) -> None:
    result = tool_result("Look", answer(text(one), text(two)))
    assert len(result.text) <= SPOKEN
    assert len(result.text.splitlines()) == 1
    assert "\x1b" not in result.text


def test_structured_content_is_what_a_dependent_call_gets() -> None:
    assert tool_result("Look", answer(text("3 found"), structuredContent={"n": 3})).value == {"n": 3}
    assert tool_result("Look", answer(text("5"), structuredContent={"result": "5\x00"})).value == "5"
    assert tool_result("Look", answer(structuredContent={"n": 3})).text == '{"n": 3}'


def test_what_is_too_long_is_bounded() -> None:
    result = tool_result("Look", answer(text("word " * KEPT), structuredContent={"all": "x" * KEPT}))
    assert result.text.endswith("word…")
    assert len(json.dumps(result.value)) <= KEPT + 2


def test_blocks_that_are_no_text() -> None:
    image = {"type": "image", "data": "", "mimeType": "image/png"}
    link = {"type": "resource_link", "name": "notes.md", "uri": "file:///notes.md"}
    page = {"type": "resource", "resource": {"uri": "file:///page.md", "text": "a page"}}
    assert tool_result("Look", answer(image, link, page)).text == "(an image) notes.md a page"
    assert tool_result("Look", answer()).text == "Done."


def test_a_failure_is_a_failure() -> None:
    with pytest.raises(ToolError, match="^Look failed: no such thing$"):
        tool_result("Look", answer(text("no such\n\x1b thing"), isError=True))
    with pytest.raises(ToolError, match="^Look failed.$"):
        tool_result("Look", answer(isError=True))
