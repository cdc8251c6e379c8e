"""The default brain: SmolLM2-135M with Headstart's own adapter, in this process, on the CPU.

The model continues the stream of the current turn, held to the grammar of what can be written. It knows the
built-in tools by heart; others, of many only those that may be meant, are declared to it at the start of the
stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from agents.actions import Action
from agents.brain import BrainError, Interaction
from agents.brains.grammar import Situation, grammar
from agents.brains.merged import merged
from agents.brains.narrowing import narrowed
from agents.brains.weights import base_weights
from agents.brains.writing import LIMIT, PAUSED, actions, stream

ADAPTER = Path(__file__).parents[2] / "assets" / "adapter" / "adapter.gguf"
CONTEXT = 4096  # tokens of one turn, declared tools included
# What is written is often in the turn already: a call that is patched, a name, a sentence to pass on. Where
# the last `MATCH` tokens stand there too, the `DRAFT` behind them are put to the model at once, and it keeps
# those it would have written. Two to eight tokens at once cost as much as three or four one by one.
MATCH = 4
DRAFT = 7
_END: object = object()


class LocalBrain:
    """Runs llama.cpp in one worker thread.

    `threads` is how many cores a token may use. One by default: two wait for each other in a spin, which
    on two cores holds up the recogniser's last words by more than the tokens gain. `tokens` counts those it
    has written and somebody has read.
    """

    name = "local"
    patience = 1.0  # longer than one call takes: to begin it again would cost more

    def __init__(self, adapter: Path = ADAPTER, threads: int = 1) -> None:
        self._adapter = adapter
        self._threads = threads
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="local-brain")
        self._server: Any = None
        self.tokens = 0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Continue the stream of the current turn."""
        situation = Situation.of(interaction.of_turn)
        interaction = replace(interaction, toolbox=narrowed(interaction.toolbox, situation))
        rules = grammar(interaction.toolbox, situation)
        pieces = self._pieces("".join(stream(interaction)), rules, "\n" if situation.final else f" {PAUSED}")
        async with contextlib.aclosing(actions(pieces, "The local brain")) as written:
            async for action in written:
                yield action

    async def _pieces(self, prompt: str, rules: str, last: str) -> AsyncGenerator[str, None]:
        """What the model writes up to `last`, as it writes it. Closing it ends that."""
        loop = asyncio.get_running_loop()
        written: asyncio.Queue[Any] = asyncio.Queue()
        stopped = threading.Event()

        def hand_over(item: Any) -> None:
            loop.call_soon_threadsafe(written.put_nowait, item)

        work = loop.run_in_executor(self._worker, self._write, prompt, rules, last, hand_over, stopped)
        try:
            while (piece := await written.get()) is not _END:
                if isinstance(piece, BrainError):
                    raise piece
                self.tokens += piece != last  # it comes behind its token, which is then empty
                yield piece
        finally:
            stopped.set()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def warm_up(self) -> None:
        """Load weights and adapter. Raises BrainError where either is missing."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._loaded)

    async def close(self) -> None:
        """Free the model."""

        def free() -> None:
            self._server = None

        await asyncio.get_running_loop().run_in_executor(self._worker, free)
        self._worker.shutdown()

    def _loaded(self) -> Any:
        """The model; in the worker thread."""
        if self._server is None:
            try:
                weights = base_weights()
            except FileNotFoundError as error:
                raise BrainError(f"The local brain cannot work: {error}.") from error
            if not self._adapter.is_file():
                raise BrainError(
                    f"The local brain's adapter {self._adapter} is missing: reinstall Headstart or train one."
                )
            try:
                import xllamacpp  # pyright: ignore[reportMissingTypeStubs]
            except ImportError as error:
                raise BrainError("The local brain needs llama.cpp: install the package xllamacpp.") from error
            llama = cast(Any, xllamacpp)
            parameters = llama.CommonParams()
            try:
                parameters.model.path = str(merged(weights, self._adapter))
            except OSError as error:
                raise BrainError(
                    f"The local brain's weights cannot be written to the cache: {error}; free some space."
                ) from error
            except ValueError as error:
                raise BrainError(
                    f"{self._adapter} is no adapter for the local brain ({error}): name one trained for it."
                ) from error
            parameters.n_ctx = CONTEXT
            parameters.n_parallel = 1
            # It would keep the states of up to 8 GB of earlier prompts, which never come back.
            parameters.cache_ram_mib = 0
            parameters.cpuparams.n_threads = self._threads
            parameters.cpuparams_batch.n_threads = self._threads
            drafts = parameters.speculative
            drafts.types = [llama.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
            drafts.ngram_simple.size_n, drafts.ngram_simple.size_m = MATCH, DRAFT
            parameters.verbosity = -1
            # The server comes with a port nobody needs here; a key that nobody has keeps it shut.
            parameters.hostnames = ["127.0.0.1"]
            parameters.api_keys = [secrets.token_hex(16)]
            try:
                self._server = llama.Server(parameters)
            except RuntimeError as error:
                raise BrainError(f"The local brain does not load: {error}") from error
        return self._server

    def _write(
        self, prompt: str, rules: str, last: str, hand_over: Callable[[Any], None], stopped: threading.Event
    ) -> None:
        """Generate until `last` or `stopped`; in the worker thread."""
        failed = ""

        def chunk(data: dict[str, Any]) -> bool:
            nonlocal failed
            if "choices" in data:
                choice = data["choices"][0]
                if choice["finish_reason"] is None:
                    hand_over(choice["text"])  # one token
                elif choice["finish_reason"] == "stop":
                    hand_over(last)  # which is cut off
            elif not stopped.is_set():
                failed = str(data.get("message") or data.get("error") or data)
            return stopped.is_set()

        try:
            if not stopped.is_set():
                self._loaded().handle_completions(
                    {
                        "prompt": prompt,
                        "grammar": rules,
                        # Else the end would take one more token: that it is the end.
                        "stop": [last],
                        "n_predict": LIMIT,
                        "temperature": 0.0,
                        "cache_prompt": True,
                        "stream": True,
                    },
                    chunk,
                )
            if failed:
                hand_over(BrainError(f"The local brain failed: {' '.join(failed.split())[:200]}"))
        except BrainError as error:
            hand_over(error)
        finally:
            hand_over(_END)
