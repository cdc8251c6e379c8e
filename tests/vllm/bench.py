"""What an interruption costs by each way to a model on vLLM, and what an update has it compute anew.

`make bench-vllm`, or `python -m tests.vllm.bench --model NAME|DIR`. Without a model it is one of chance, with
four small layers: then the ways are compared, and not what an edge GPU would take. The ways take turns, so
that whatever else the machine does meets them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from agents.brains.engine import Engine, Order
from agents.brains.vllm_inside import SLICE, InsideEngine
from agents.brains.vllm_server import ServedEngine
from tests.vllm.models import tiny
from tests.vllm.server import ENVIRONMENT, metric, serving

CONTEXTS = (512, 2048, 8192)
LONGEST = CONTEXTS[-1] + 256
NEWS = " >> no on Saturday"
BLOCK = 32


@dataclass(slots=True)
class Way:
    """A way to the model, and what it took: milliseconds, and tokens.

    `is_within` an action that is lost with the interruption, or else between two; `is_cached`, or else a
    stream of which nothing was computed before. `silent` returns when nothing runs any more.
    """

    name: str
    engine: Engine
    silent: Callable[[], Awaitable[None]]
    is_within: bool = False
    is_cached: bool = True
    silence: list[float] = field(default_factory=list)
    next_token: list[float] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)

    async def interrupt(self, run: int, context: int) -> None:
        """Have it write, interrupt it, and hand over an update."""
        key = f" >> {self.name} {run} {context} {self.is_within}"
        stream = [key, "".join(f" and {at % 10} more" for at in range(context // 4 - 8))]
        pieces = SLICE + 3 if self.is_within else SLICE
        await self._write(stream, 1)
        _, left = await self._write(stream, pieces)
        await self.silent()
        self.silence.append(1000 * (time.perf_counter() - left))
        written, left = await self._write(stream, pieces)
        following = [*stream, NEWS] if self.is_within else [*stream, written, NEWS]
        if not self.is_cached:
            following[0] = key.replace(">>", "||")
        used = self.engine.used
        before = used.given - used.cached
        async with aclosing(self.engine.write(following, Order(SLICE))) as writing:
            await anext(writing, "")
            self.next_token.append(1000 * (time.perf_counter() - left))
            # To its end, for only then does a server say what it had.
            async for _ in writing:
                pass
        self.computed.append(used.given - used.cached - before)

    async def _write(self, stream: Sequence[str], pieces: int) -> tuple[str, float]:
        """Read so many pieces of what is written; they, and when the reader left."""
        written = ""
        async with aclosing(self.engine.write(stream, Order(64))) as writing:
            for _ in range(pieces):
                written += await anext(writing, "")
            return written, time.perf_counter()

    def row(self, context: int) -> str:
        """A line of the table: medians, and the longest."""
        times = (
            f"{statistics.median(each):.0f} ({max(each):.0f})" for each in (self.silence, self.next_token)
        )
        where = "within an action" if self.is_within else "between two"
        computed = f"{statistics.median(self.computed):.0f}"
        return f"| {' | '.join((str(context), self.name, where, *times, computed))} |"


def _ways(inside: InsideEngine, served: ServedEngine, url: str) -> list[Way]:
    async def slice_over() -> None:
        request = inside._request
        assert request is not None
        await request.holds_beginning_of([*request.held, 0])

    async def request_over() -> None:
        while await asyncio.to_thread(metric, url, "vllm:num_requests_running"):
            pass

    ways: list[Way] = []
    for within in (False, True):
        ways.append(Way("streaming input", inside, slice_over, within))
        ways.append(Way("abort and resubmit", served, request_over, within))
    return [*ways, Way("nothing cached", served, request_over, is_cached=False)]


async def _measure(model: str, url: str, runs: int) -> None:
    inside = InsideEngine(model, context=LONGEST, enforce_eager=True, block_size=BLOCK)
    served = ServedEngine(f"{url}/v1")
    await inside.open()
    await served.open()
    for context in CONTEXTS:
        ways = _ways(inside, served, url)
        for run in range(-1, runs):
            for way in ways:
                await way.interrupt(run, context)
            if run < 0:  # the first of all is slower
                ways = _ways(inside, served, url)
        print("\n".join(way.row(context) for way in ways), flush=True)
    await inside.close()
    await served.close()


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a folder, or a name on a hub")
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    model = arguments.model or str(tiny())
    print("| context | way | interrupted | to silence, ms | to the next token, ms | tokens computed |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        flags = ("--max-model-len", str(LONGEST), "--max-num-seqs", "2")
        with serving(Path(model), Path(folder) / "log", *flags) as url:
            asyncio.run(_measure(model, url, arguments.runs))


if __name__ == "__main__":
    main()
