"""The brain over HTTP, at an endpoint that knows nothing of vLLM: llama.cpp's own server.

What only vLLM does is tested on vLLM itself, in tests/vllm.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest

from agents.actions import Answer, Answering, Call, Pause
from agents.brain import BrainError, Interaction
from agents.brains.engine import Cuts, room
from agents.brains.vllm import VllmBrain
from agents.brains.vllm_inside import InsideEngine
from agents.brains.vllm_server import ServedEngine
from agents.events import Updated
from tests.served import served
from tests.vllm.parts import DEMO, demo_is_done
from tests.vllm.play import BOX, played


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(1024) as server:
        yield f"{server}/v1"


def said(text: str, final: bool = False) -> Interaction:
    events = [Updated(1, 0.0, text, final)]
    return Interaction(BOX, 1, events)


async def test_any_completions_endpoint_will_do(url: str) -> None:
    brain = VllmBrain(ServedEngine(url), BOX)
    await brain.warm_up()
    guesses = [action async for action in brain.react(said("text Ana that"))]
    assert isinstance(guesses[-1], Pause)
    text = "text Ana that I am late and set a timer for ten minutes"
    actions = [action async for action in brain.react(said(text, final=True))]
    assert actions == [
        Call(1, "send_sms", {"to": "Ana", "message": "I am late"}),
        Call(2, "set_timer", {"duration": "ten minutes"}),
        Answering(),
        Answer("$1 $2"),
    ]
    await brain.close()


async def test_a_reaction_can_be_closed_and_the_next_one_is_unharmed(url: str) -> None:
    brain = VllmBrain(ServedEngine(url), BOX)
    asked = said("text Ana that dinner is ready and set a timer for ten minutes", final=True)
    whole = [action async for action in brain.react(asked)]
    reaction = cast(Any, brain.react(asked))
    assert await anext(reaction) == whole[0]
    await reaction.aclose()
    task = asyncio.ensure_future(anext(cast(Any, brain.react(asked))))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [action async for action in brain.react(asked)] == whole
    await brain.close()


async def test_a_turn_with_interruption_patch_and_commit(url: str) -> None:
    engine = ServedEngine(url)
    demo_is_done(await played(engine, DEMO))
    await engine.close()


async def test_what_is_wrong_is_told_in_one_line(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    brain = VllmBrain(ServedEngine(f"http://127.0.0.1:{port}/v1"), BOX)
    with pytest.raises(BrainError, match=f"no server at 127.0.0.1:{port}; .*headstart serve"):
        await brain.warm_up()
    await brain.close()
    brain = VllmBrain(ServedEngine(url, "qwen"), BOX)
    with pytest.raises(BrainError, match="has no model qwen; it has .*choose with --model"):
        await brain.warm_up()
    await brain.close()
    brain = VllmBrain(ServedEngine(url), BOX)
    words = " ".join(f"word{at}" for at in range(600))
    with pytest.raises(BrainError) as caught:
        [action async for action in brain.react(said(words))]
    assert "context" in str(caught.value) and "\n" not in str(caught.value)
    await brain.close()


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
async def test_vllm_inside_that_is_not_installed_says_what_to_do() -> None:
    brain = VllmBrain(InsideEngine("qwen"), BOX)
    with pytest.raises(BrainError, match="vLLM is not installed here: .*--extra vllm"):
        await brain.warm_up()
    await brain.close()


def test_a_stream_may_fill_the_context_but_for_one_place() -> None:
    assert room(100, context=1000, limit=160) == 160
    assert room(990, context=1000, limit=160) == 9
    with pytest.raises(BrainError, match="999 tokens of 1000"):
        room(999, context=1000, limit=160)


def test_of_a_growing_stream_only_what_is_new_is_cut() -> None:
    cuts = Cuts()
    assert cuts.known([" >> a"]) == ([], " >> a")
    cuts.keep(" >> a", [1, 2])
    cuts.keep(" >> a …", [1, 2, 3])  # as the model wrote it
    assert cuts.known([" >> a", " …", " >> b", " c"]) == ([1, 2, 3], " >> b c")
    assert cuts.known([" >> ab"]) == ([], " >> ab")
    for at in range(100):
        cuts.keep(f" >> {at}", [at])
    assert cuts.known([" >> a"]) == ([], " >> a")
    assert cuts.known([" >> 99"]) == ([99], "")
