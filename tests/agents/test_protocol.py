from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import wire
from agents.actions import Action, Answer, Call, Pause, Remove, Think
from agents.events import CallChanged, CallIssued, CallState, Event, Updated
from agents.protocol import RESULT_LIMIT, TAGS, ActionParser, ProtocolError, render, result, write
from agents.words import new_words, spoken_words
from tools.tool import Effect

names = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True)
texts = st.text(
    st.characters(codec="utf-8", exclude_characters="<>\n", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | texts | st.just("$1"),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=3),
    max_leaves=5,
)
calls = st.builds(Call, st.integers(1, 99), names, st.dictionaries(names, json_values, max_size=3))
lines = texts.map(lambda text: " ".join(text.split()))
actions: st.SearchStrategy[Action] = st.one_of(
    calls,
    st.builds(Remove, st.integers(1, 99)),
    st.just(Pause()),
    st.builds(Answer, lines),
    st.builds(Think, lines),
)


@given(st.lists(actions, max_size=6), st.integers(1, 40))
def test_what_is_written_is_read_back_however_it_is_cut(written: list[Action], size: int) -> None:
    text = "".join(map(write, written))
    parser = ActionParser()
    found = [action for at in range(0, len(text), size) for action in parser.feed(text[at : at + size])]
    assert found + parser.close() == written


def test_a_call_is_there_at_its_closing_parenthesis() -> None:
    parser = ActionParser()
    assert parser.feed('<tool_call> 1 find_events(day="Friday"') == []
    assert parser.feed(")") == [Call(1, "find_events", {"day": "Friday"})]


@pytest.mark.parametrize(
    "junk",
    [
        "hello",
        "<tool_call> one find()",
        "<tool_call> 1 find(day=Friday)",
        "<tool_result> 1 yes",
        "<tool_call> 1 a(1)",
    ],
)
def test_what_is_no_action_is_refused(junk: str) -> None:
    with pytest.raises(ProtocolError):
        parser = ActionParser()
        parser.feed(junk)
        parser.close()


def test_an_unfinished_call_is_no_call() -> None:
    parser = ActionParser()
    parser.feed('<tool_call> 1 find_events(day="Fri')
    with pytest.raises(ProtocolError):
        parser.close()


def issued(call: int) -> CallIssued:
    return CallIssued(1, 0.0, call, 1, "find", {"x": "a"}, Effect.READ)


@given(st.text() | st.sampled_from(TAGS).map(lambda tag: f"ok {tag} REMOVE 1 >> -> :: yes\n<pause>"))
def test_a_result_is_one_line_of_data(text: str) -> None:
    shown = result(1, text)
    body = shown.removeprefix("<tool_result> 1 ")
    assert not any(tag in body for tag in TAGS)
    assert "\n" not in shown
    assert len(body) <= RESULT_LIMIT
    assert all(token not in wire.encode(shown)[2:] for token in wire.TOKENS.values())


def test_the_stream_carries_new_words_only_and_restarts_when_the_recogniser_changes_its_mind() -> None:
    events: list[Event] = [
        Updated(1, 0.1, "What's on Friday,", False),
        issued(1),
        CallChanged(1, 0.2, 1, 1, CallState.READY, text="Nothing."),
        Updated(1, 0.3, "what's on Friday no", False),
        Updated(1, 0.4, "what's on Friday now", True),
    ]
    assert render(events) == (
        '<partial_query_update> What\'s on Friday<tool_call> 1 find(x="a")<tool_result> 1 Nothing.'
        "<partial_query_update> no<final_query_update> what's on Friday now"
    )


@given(st.lists(actions, max_size=4))
def test_wire_text_reads_back(written: list[Action]) -> None:
    text = "".join(map(write, written))
    if not any(token in text for token in (*wire.TOKENS.values(), '=" ')):
        assert wire.decode(wire.encode(text)) == text


def test_words_lose_punctuation_and_keep_what_belongs_to_them() -> None:
    assert spoken_words("Friday? No, \"7:30\" — I'm at Ben's.") == [
        "Friday",
        "No",
        "7:30",
        "I'm",
        "at",
        "Ben's",
    ]
    assert new_words("What's on Friday?", "what's on Friday, no") == ["no"]
    assert new_words("on Friday", "on Saturday") is None
