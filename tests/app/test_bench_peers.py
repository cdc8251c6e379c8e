"""Other programs in the comparison get the same words, tools and delays, and a model that plays fair."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from openai import AsyncOpenAI

from app.bench import peers, suites
from app.bench.endpoint import GoldEndpoint
from app.bench.peers import Peer
from app.bench.runner import Conditions
from app.bench.speaking import Pace

SUITE = suites.household("assistant")
TASKS = {task.id: task for task in SUITE.tasks}
BRISK = Conditions(Pace(rate=10, likely_end=0.2, end=0.4), delay="0.05")


async def asked(url: str, messages: Sequence[dict[str, object]]) -> tuple[list[tuple[str, str]], str]:
    """The calls and the text of one completion."""
    calls: list[tuple[str, str]] = []
    text = ""
    async with AsyncOpenAI(api_key="none", base_url=url) as client:
        stream = await client.chat.completions.create(model="gold", messages=list(messages), stream=True)  # type: ignore
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
            calls += [
                (call.function.name, call.function.arguments)
                for call in chunk.choices[0].delta.tool_calls or ()
            ]
    return calls, text.strip()


async def test_the_endpoint_writes_what_the_results_so_far_allow() -> None:
    endpoint = GoldEndpoint(10_000)
    endpoint.task = TASKS["chn-019"]  # read a note, text it
    said = {"role": "user", "content": endpoint.task.said}
    note = {"role": "tool", "tool_call_id": "call_1", "content": '{"text": "It says milk.", "value": "milk"}'}
    running = note | {"content": "IN_PROGRESS"}
    sent = {"role": "tool", "tool_call_id": "call_2", "content": '{"text": "Sent.", "value": "Sent."}'}
    async with endpoint.serve() as url:
        first = [("open_note", '{"name": "shopping list"}')]
        assert await asked(url, [said]) == (first, "")
        assert await asked(url, [said, running]) == (first, "")
        assert await asked(url, [said, note]) == ([("send_sms", '{"to": "Ben", "message": "milk"}')], "")
        assert await asked(url, [said, note, sent]) == ([], "It says milk. Sent.")


@pytest.mark.parametrize("peer", Peer)
async def test_a_stock_bot_does_the_whole_task_after_the_end_of_the_turn(peer: Peer) -> None:
    endpoint = GoldEndpoint(300)
    async with endpoint.serve() as url:
        run = await peers.attempt(TASKS["chn-019"], SUITE.stage, peer, BRISK, endpoint, url)
    assert run.right and not run.faults
    assert run.calls == ["open_note(name=shopping list)", "send_sms(to=Ben, message=$1)"]
    assert run.spans[0].begin >= BRISK.pace.end and run.spans[1].begin >= run.spans[0].end
    assert run.answer_at is not None and run.effect_at is not None and run.answer_at > run.effect_at
