"""Other programs in the comparison get the same words, tools and delays, and a model that plays fair."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest
from openai import AsyncOpenAI

from app.bench import suites
from app.bench.endpoint import GoldEndpoint
from app.bench.peers import LIVEKIT, PIPECAT, Peer, livekit_process, pipecat_bot
from app.bench.peers.livekit_process import LiveKit
from app.bench.runner import Conditions
from app.bench.score import Run
from app.bench.speaking import Pace

SUITE = suites.household("assistant")
TASKS = {task.id: task for task in SUITE.tasks}
BRISK = Conditions(Pace(rate=10, likely_end=0.2, end=0.4), delay="0.05")
LONG_END = replace(BRISK, pace=replace(BRISK.pace, end=1.5))


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


def is_fair(run: Run) -> None:
    """The whole task, nothing of it before the end of the turn, the answer after its calls."""
    assert run.right and not run.faults
    assert run.calls == ["open_note(name=shopping list)", "send_sms(to=Ben, message=$1)"]
    assert run.spans[0].begin >= BRISK.pace.end and run.spans[1].begin >= run.spans[0].end
    assert run.answer_at is not None and run.effect_at is not None and run.answer_at > run.effect_at


@pytest.mark.parametrize("peer", PIPECAT)
async def test_a_stock_bot_does_the_whole_task_after_the_end_of_the_turn(peer: Peer) -> None:
    endpoint = GoldEndpoint(300)
    async with endpoint.serve() as url:
        run = await pipecat_bot.attempt(TASKS["chn-019"], SUITE.stage, peer, BRISK, endpoint, url)
    is_fair(run)


@pytest.fixture
def _has_livekit() -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv, which makes LiveKit's environment, is not here")
    make = ["uv", "sync", "--offline", "--quiet", "--script", str(livekit_process.BOT)]
    if subprocess.run(make, capture_output=True).returncode:
        pytest.skip("LiveKit Agents is not on this machine; `headstart bench peers --livekit` fetches it")


@pytest.mark.usefixtures("_has_livekit")
async def test_livekit_does_too_and_asks_its_model_before_the_end_where_it_may() -> None:
    endpoint = GoldEndpoint(300)
    asked_before_the_end: list[int] = []

    class Noting(LiveKit):
        def _tell(self, what: str, **more: object) -> None:
            if what == "end":
                asked_before_the_end.append(endpoint.requests)
            super()._tell(what, **more)

    async with endpoint.serve() as url, Noting.start() as livekit:
        for peer in LIVEKIT:
            endpoint.requests = 0
            is_fair(await livekit.attempt(TASKS["chn-019"], SUITE.stage, peer, LONG_END, endpoint, url))
    assert asked_before_the_end == [0, 1]
    assert livekit.version
