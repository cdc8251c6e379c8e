"""The grammar, and the local brain with its real weights and adapter."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import protocol, wire
from agents.actions import Action, Answer, Answering, Call, Pause, Remove
from agents.brain import BrainError, Interaction
from agents.brains.grammar import Situation, grammar
from agents.brains.local import ADAPTER, LocalBrain
from agents.brains.writing import declared
from agents.events import CallIssued, CallRemoved, Event, Updated
from agents.training.clock import Stream, streams
from agents.training.evaluate import attempt, tasks
from tests.agents.gbnf import accepts
from tools.assistant import assistant_tools
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.toolbox import Toolbox

REQUESTS = Path(__file__).parents[1] / "data" / "requests.jsonl"
BOX = Toolbox(assistant_tools())


def update(text: str, final: bool = False) -> Updated:
    return Updated(1, 0.0, text, final)


def allowed(events: list[Event], *actions: Action, box: Toolbox = BOX) -> bool:
    text = wire.encode("".join(map(protocol.write, actions)))
    return accepts(grammar(box, Situation.of(events)), text)


@given(st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_the_grammar_accepts_every_turn_the_model_learns_from(seed: int) -> None:
    for stream in itertools.islice(streams(seed), 4):
        box = Toolbox([*assistant_tools(), *declared_tools(stream)])
        events: list[Event] = []
        for segment in stream.segments:
            if segment.words is not None:
                events.append(update(" ".join(segment.words), segment.text.startswith(protocol.FINAL)))
            if segment.actions is None:
                continue
            whole = isinstance(segment.actions[-1], Pause | Answer)
            closing = () if whole else (Answer("Yes."),) if _final(events) else (Pause(),)
            actions = segment.actions
            if _final(events) and isinstance(actions[-1], Pause):
                continue  # a turn that was taken for over and was not
            assert allowed(events, *actions, *closing, box=box), (stream.text, segment.text)
            for action in actions:
                if isinstance(action, Call):
                    events.append(
                        CallIssued(1, 0.0, action.id, 1, action.name, action.arguments, Effect.READ)
                    )
                elif isinstance(action, Remove):
                    events.append(CallRemoved(1, 0.0, action.id))


def declared_tools(stream: Stream) -> list[Tool]:
    async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
        raise AssertionError("only declared")

    return [
        Tool(name, "", Effect.READ, dict(shape.parameters), run)
        for name, shape in stream.shapes.items()
        if shape.declaration
    ]


def test_tools_are_declared_as_in_training_and_the_built_in_ones_are_not() -> None:
    for stream in itertools.islice(streams(4), 40):
        tools = declared_tools(stream)
        told = "".join(declared(Toolbox([*assistant_tools(), *tools])))
        written = [shape.declaration for shape in stream.shapes.values() if shape.declaration]
        assert stream.text.startswith("".join(written))
        # All but the descriptions, which these tools have not.
        assert [line.partition(")")[0] for line in told.split(protocol.TOOL)[1:]] == [
            line.removeprefix(protocol.TOOL).partition(")")[0] for line in written
        ]


def _final(events: list[Event]) -> bool:
    last = next((event for event in reversed(events) if isinstance(event, Updated)), None)
    return last is not None and last.final


EVENTS: list[Event] = [
    update("text Ana's brother on Friday no Saturday"),
    CallIssued(1, 0.0, 1, 1, "get_weather", {"place": "Paris"}, Effect.READ),
]


@pytest.mark.parametrize(
    ("action", "fine"),
    [
        (Call(1, "get_weather", {"place": "Ana"}), True),
        (Call(1, "get_weather", {"place": "Ana", "day": "Saturday"}), True),
        (Call(2, "get_phone_number", {"name": "Ana's brother"}), True),
        (Call(2, "send_sms", {"to": "Saturday Friday", "message": "$1"}), True),
        (Call(2, "find_events", {}), True),
        (Remove(1), True),
        (Call(1, "find_events", {}), False),  # a patch keeps its tool
        (Call(3, "find_events", {}), False),  # skips an ID
        (Call(2, "launch_rocket", {}), False),
        (Call(2, "get_phone_number", {}), False),  # lacks what is required
        (Call(2, "get_phone_number", {"name": ""}), False),
        (Call(2, "get_phone_number", {"name": "Bob"}), False),  # nobody said that
        (Call(2, "get_phone_number", {"name": "Ana", "day": "Friday"}), False),
        (Call(2, "find_events", {"query": "Ana", "day": "Friday"}), False),  # not in their order
        (Call(2, "send_sms", {"to": "Ana", "message": "$44"}), False),
        (Remove(2), False),
    ],
)
def test_the_grammar_knows_tools_parameters_words_and_ids(action: Action, fine: bool) -> None:
    assert allowed(EVENTS, action, Pause()) is fine


def test_an_answer_needs_the_final_update_and_refers_to_calls_that_stand() -> None:
    final = [*EVENTS, update("text Ana's brother on Friday no Saturday", final=True)]
    assert not allowed(EVENTS, Answer("$1"))
    assert not allowed(final, Pause())
    assert allowed(final, Answer("$1"))
    assert allowed(final, Answer("I can't do that."))
    assert allowed(final, Call(2, "find_events", {}), Answer("$1 $2"))
    assert not allowed(final, Answer("$2"))
    assert not allowed(final, Answer("It costs $1 today"))
    assert not allowed([*final, CallRemoved(1, 0.0, 1)], Answer("$1"))


async def _nothing(*_: object) -> None: ...


def test_the_grammar_follows_any_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "size": {"enum": ["small", "very large"]},
            "loud": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["count"],
    }
    box = Toolbox([Tool("order", "Order.", Effect.WRITE, schema, _nothing)])  # pyright: ignore[reportArgumentType]
    events: list[Event] = [update('say "5" of \\ these large')]
    assert allowed(events, Call(1, "order", {"count": 5}), Pause(), box=box)
    assert allowed(
        events, Call(1, "order", {"count": 5, "size": "very large", "loud": True}), Pause(), box=box
    )
    assert allowed(events, Call(1, "order", {"count": 5, "tags": ["these", "of"]}), Pause(), box=box) is False
    assert not allowed(events, Call(1, "order", {"count": "5"}), Pause(), box=box)
    assert not allowed(events, Call(1, "order", {"count": 5, "size": "tiny"}), Pause(), box=box)
    # A choice that need not be made is made where it was said, and nowhere else.
    assert not allowed(events, Call(1, "order", {"count": 5, "size": "small"}), Pause(), box=box)
    schema["required"] = ["count", "size"]
    assert allowed(events, Call(1, "order", {"count": 5, "size": "small"}), Pause(), box=box)
    assert allowed(events, Pause(), box=Toolbox([]))


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("to twenty nine er no twenty two degrees", 22),  # a word that was said before
        ("for thirty nine minutes and fifty four grams and fifty five kilos", 55),
        ("send three so um hundred", 300),  # a pause in the middle
        ("send two hundred you know and fifty", 250),
        ("send 7", 7),
    ],
)
def test_any_number_that_was_said_can_be_written(words: str, number: int) -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
    box = Toolbox([Tool("order", "Order.", Effect.WRITE, schema, _nothing)])  # pyright: ignore[reportArgumentType]
    assert allowed([update(words)], Call(1, "order", {"count": number}), Pause(), box=box)
    assert not allowed([update(words)], Call(1, "order", {"count": number + 1}), Pause(), box=box)


def test_words_of_an_earlier_spelling_stay_usable_but_revised_words_do_not() -> None:
    events: list[Event] = [
        update("whether in Bern"),
        update("Weather in bern"),
        update("Weather in bern today"),
    ]
    words = Situation.of(events).words
    assert {"Bern", "bern", "Weather", "today"} <= set(words) and "whether" not in words


@pytest.fixture(scope="module")
def brain() -> LocalBrain:
    assert ADAPTER.is_file(), "the adapter is part of the repository"
    return LocalBrain()


async def collected(actions: AsyncIterator[Action]) -> list[Action]:
    return [action async for action in actions]


async def test_requests_are_planned_as_the_model_card_says(brain: LocalBrain) -> None:
    outcomes = [await attempt(brain, BOX, task, seed=4242) for task in tasks(REQUESTS)]
    wrong = [outcome.task.id for outcome in outcomes if not outcome.plan]
    assert sum(outcome.plan for outcome in outcomes) >= 20, wrong
    # On this schedule of updates; the model card says on how many others.
    assert "demo" not in [outcome.task.id for outcome in outcomes if not outcome.exact]


async def test_a_reaction_can_be_closed_and_the_next_one_is_unharmed(brain: LocalBrain) -> None:
    said = [update("text Ana that dinner is ready and set a timer for ten minutes", final=True)]
    interaction = Interaction(BOX, 1, said)
    whole = await collected(brain.react(interaction))
    assert [type(action) for action in whole] == [Call, Call, Answering, Answer]
    reaction = brain.react(interaction)
    first = await anext(reaction)
    await reaction.aclose()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert first == whole[0]
    task = asyncio.ensure_future(collected(brain.react(interaction)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await collected(brain.react(interaction)) == whole


async def test_a_missing_adapter_says_what_to_do(tmp_path: Path) -> None:
    brain = LocalBrain(tmp_path / "none.gguf")
    with pytest.raises(BrainError, match="adapter .* is missing"):
        await brain.warm_up()
    with pytest.raises(BrainError, match="adapter .* is missing"):
        await collected(brain.react(Interaction(BOX, 1, [update("hello", final=True)])))
    await brain.close()


async def test_an_adapter_of_another_model_is_an_error_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(other, "llama")
    writer.add_float32("adapter.lora.alpha", 2.0)
    for side, shape in (("a", (4, 100)), ("b", (50, 4))):
        writer.add_tensor(f"blk.0.attn_q.weight.lora_{side}", np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    junk = tmp_path / "junk.gguf"
    junk.write_text("no adapter")
    for adapter in (other, junk):
        brain = LocalBrain(adapter)
        with pytest.raises(BrainError, match="is no adapter for the local brain") as caught:
            await brain.warm_up()
        assert "\n" not in str(caught.value)
        await brain.close()


async def test_a_turn_longer_than_the_context_is_an_error_in_one_line(brain: LocalBrain) -> None:
    words = " ".join(f"word{at}" for at in range(1500))
    with pytest.raises(BrainError) as caught:
        await collected(brain.react(Interaction(BOX, 1, [update(words)])))
    assert "\n" not in str(caught.value)


async def test_drafts_change_no_word(brain: LocalBrain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.brains.local.MATCH", 1000)  # as many tokens never stand there twice
    plain = LocalBrain()
    patches = 0
    for task in tasks(REQUESTS)[:5]:
        drafted, written = [await attempt(each, BOX, task, seed=4242) for each in (brain, plain)]
        assert [step.actions for step in drafted.steps] == [step.actions for step in written.steps], task.id
        issued = [action.id for step in drafted.steps for action in step.actions if isinstance(action, Call)]
        patches += len(issued) - len(set(issued))
    assert patches, "without a call that was written twice there was nothing to draft"
    await plain.close()
