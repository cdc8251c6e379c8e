"""vLLM in this process, with streaming input."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from agents.brain import BrainError
from agents.brains.engine import Order
from agents.brains.vllm_inside import SLICE, InsideEngine
from agents.brains.writing import COMPLETING, PAUSED
from tests.vllm.models import Models
from tests.vllm.parts import DEMO, demo_is_done, text
from tests.vllm.play import played

# vLLM warns of itself in many ways.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.filterwarnings("ignore")]
CONTEXT = 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(forms: Models) -> AsyncGenerator[InsideEngine, None]:
    engine = InsideEngine(str(forms.merged), context=CONTEXT, enforce_eager=True, block_size=32)
    await engine.open()
    yield engine
    await engine.close()


async def at_once(engine: InsideEngine, stream: Sequence[str]) -> str:
    """The same by one request of its own that computes everything in one piece."""
    from vllm import SamplingParams
    from vllm.inputs import tokens_input

    inner: Any = engine._engine
    cutter = engine._cutter
    ids = cutter.encode("".join(stream), add_special_tokens=False).ids
    stops = [id for id in engine._stops if cutter.decode([id]).strip(" ") in (PAUSED, "\n")]
    sampling = SamplingParams(temperature=0.0, max_tokens=64, stop_token_ids=stops, detokenize=False)
    outputs = inner.generate(tokens_input(ids), sampling, "at-once")
    written = [output async for output in outputs][-1].outputs[0].token_ids
    return cutter.decode(list(written))


async def test_a_turn_with_interruption_patch_and_commit(engine: InsideEngine) -> None:
    demo_is_done(await played(engine, DEMO))


async def test_what_is_written_after_interruptions_is_what_would_be_written_at_once(
    engine: InsideEngine,
) -> None:
    stream: list[str] = []
    request = None
    words = ["text Ana that", "dinner is", "ready and set", "a timer for", "ten minutes and", "call Bob"]
    for at, new in enumerate(words):
        stream.append(f" >> {new}")
        expected = await at_once(engine, stream)
        # An odd number of pieces leaves off within a slice, which the next stream then does not continue.
        await text(engine.write(stream, Order(64)), count=at + 1)
        written = await text(engine.write(stream, Order(64)))
        assert written == expected
        assert written.endswith(PAUSED)
        request = request or engine._request
        stream.append(written)
    assert engine._request is not request


async def test_within_a_turn_only_what_is_new_is_computed(engine: InsideEngine) -> None:
    await text(engine.write([" >> so"], Order(2)))
    stream = [" >> text Marco that the plumber is coming", " …", " >> at four", " …", " >> and"]
    await text(engine.write(stream, Order(64)))
    request, before = engine._request, engine.used.given - engine.used.cached
    stream += [" …", " >> set a timer"]
    await text(engine.write(stream, Order(64)))
    assert engine._request is request
    # The pause, whose token is the last of the reaction before, and the new words.
    assert engine.used.given - engine.used.cached - before == len(" … >> set a timer".split())


async def test_where_a_stream_has_changed_the_prefix_cache_has_what_came_before(engine: InsideEngine) -> None:
    begins = " >> " + " ".join(f"number {at}" for at in range(100))
    await text(engine.write([begins, " …", " >> text Ana"], Order(64)))
    request, given, cached = engine._request, engine.used.given, engine.used.cached
    await text(engine.write([begins, " …", " >> call Bob"], Order(64)))
    assert engine._request is not request
    given, cached = engine.used.given - given, engine.used.cached - cached
    assert given > 200 and given - cached <= 32 + 5  # a block that is not full, and what has changed


async def test_slices_end_where_actions_end(engine: InsideEngine) -> None:
    cutter = engine._cutter
    for text_ in (")", '")', f" {PAUSED}", "\n"):
        ids = cutter.encode(text_, add_special_tokens=False).ids
        assert ids[-1] in engine._stops
    assert all(any(mark in cutter.decode([id]) for mark in COMPLETING) for id in engine._stops)
    assert SLICE > 1


async def test_a_turn_that_outgrows_the_context_ends_in_words_and_the_engine_lives(
    engine: InsideEngine,
) -> None:
    stream = [" >> text Ana", *(f" … >> word{at}" for at in range(60))]
    written = 0
    with pytest.raises(BrainError, match="too long for the model"):
        while True:
            # As long as it likes, as near to the end as there is room.
            written += len(await text(engine.write(stream, Order(64))))
            stream.append(f" … >> {' '.join(f'again{at}' for at in range(17))}")
    assert written
    assert (await text(engine.write([" >> text Ana"], Order(64)))).endswith(PAUSED)
