"""vLLM over HTTP: abort and resubmit on its prefix cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from agents.brain import BrainError, Interaction
from agents.brains.engine import Order
from agents.brains.grammar import Situation, grammar
from agents.brains.vllm import VllmBrain
from agents.brains.vllm_server import ServedEngine
from agents.events import Updated
from tests.vllm.parts import DEMO, demo_is_done, text
from tests.vllm.play import BOX, played
from tests.vllm.server import metric

LONG = Order(100)


@pytest.fixture
async def engine(server: str) -> AsyncGenerator[ServedEngine, None]:
    engine = ServedEngine(f"{server}/v1")
    await engine.open()
    yield engine
    await engine.close()


async def test_a_turn_with_interruption_patch_and_commit(engine: ServedEngine) -> None:
    assert engine.model == "headstart"  # an adapter goes before its base
    demo_is_done(await played(engine, DEMO))


async def test_closing_a_reaction_ends_the_request(server: str, engine: ServedEngine) -> None:
    whole = await text(engine.write([" >> set a timer for ten minutes and text Ana"], LONG))
    first = await text(engine.write([" >> set a timer for ten minutes and text Ana"], LONG), count=3)
    assert first and whole.startswith(first) and len(whole) > len(first)
    while metric(server, "vllm:num_requests_running"):
        await asyncio.sleep(0.01)
    assert await text(engine.write([" >> set a timer for ten minutes and text Ana"], LONG)) == whole


async def test_what_the_server_has_computed_is_not_computed_again(engine: ServedEngine) -> None:
    stream = [" >> " + " ".join(f"number {at}" for at in range(150)), " …", " >> and"]
    await text(engine.write(stream, LONG))
    given, cached = engine.used.given, engine.used.cached
    assert given > 300
    stream += [" …", " >> a timer"]
    await text(engine.write(stream, LONG))
    given, cached = engine.used.given - given, engine.used.cached - cached
    # All but the new words and the last block of 32, which was not full.
    assert given - cached <= 32 + 5


async def test_no_grammar_is_left(engine: ServedEngine) -> None:
    """The base knows nothing of the protocol, and writes it all the same where it is held to it."""
    base = ServedEngine(f"{engine._root}/v1", "base")
    said = [Updated(1, 0.0, "set a timer for ten minutes", True)]
    rules = grammar(BOX, Situation.of(said))
    stream = [" || set a timer for ten minutes"]
    free = await text(base.write(stream, Order(40)))
    assert not free.startswith((" ->", " ::"))
    held = await text(base.write(stream, Order(160, rules, is_final=True)))
    assert held.startswith((" ->", " ::"))
    await base.close()


async def test_a_final_update_overtakes_those_that_guess(server: str) -> None:
    """Two run at a time: what is final begins before whatever guess still waits."""
    ended: list[str] = []
    on_and_on = "root ::= [a-z ]{900,1000}\n"

    async def ask(name: str, order: Order) -> None:
        engine = ServedEngine(f"{server}/v1", "base")
        await text(engine.write([f" {name} is a story about"], order))
        ended.append(name)
        await engine.close()

    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        for at in range(5):
            group.create_task(ask(f"guess-{at}", Order(60, on_and_on)))
        while metric(server, "vllm:num_requests_waiting") < 3:
            await asyncio.sleep(0.01)
        group.create_task(ask("final", Order(60, on_and_on, is_final=True)))
    assert ended.index("final") <= 2, ended


async def test_a_turn_that_outgrows_the_context_ends_in_words(engine: ServedEngine) -> None:
    said = [Updated(1, 0.0, " ".join(f"word{at}" for at in range(900)), False)]
    brain = VllmBrain(engine, BOX)
    with pytest.raises(BrainError, match="too long for the model"):
        async for _ in brain.react(Interaction(BOX, 1, said, said)):
            pass
    said = [Updated(1, 0.0, "text Ana", False)]
    assert [action async for action in brain.react(Interaction(BOX, 1, said, said))]
