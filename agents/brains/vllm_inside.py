"""vLLM inside this process, with streaming input: the turn is one request that grows.

What is new is appended to it, and what was computed stays. A request that is writing cannot be interrupted:
it writes in slices of a few tokens, each of which ends where an action ends at the latest. The last token of
a slice vLLM forgets, so that it leads what is appended next. It only ever appends: where a stream has changed
before its end (half an action was interrupted, a turn was reopened, or a new one begins), a new request takes
its place, and the prefix cache spares it what both have in common.

A grammar would hold the first slice only, so none is set: what is written is checked when it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from agents.brain import BrainError
from agents.brains.engine import Cuts, Order, Used, room
from agents.brains.writing import COMPLETING

SLICE = 8  # tokens after which new words are let in


class InsideEngine:
    """Runs `model`, a folder or a name on a hub, with the PEFT `adapter`, if any.

    `context` is in tokens. `options` are further ones of vLLM's AsyncEngineArgs.
    """

    def __init__(
        self,
        model: str,
        adapter: Path | None = None,
        *,
        context: int = 4096,
        slice: int = SLICE,
        **options: Any,
    ) -> None:
        self.used = Used()
        self._model = model
        self._adapter = adapter
        self._context = context
        self._slice = slice
        self._options = options
        self._engine: Any = None
        self._lora: Any = None
        self._cutter: Any = None
        self._stops: list[int] = []
        self._cuts = Cuts()
        self._request: _Request | None = None
        self._names = itertools.count(1)

    async def open(self) -> None:
        """Load the model, which takes a minute. Raises BrainError."""
        if self._engine is not None:
            return
        # What it reports is neither for the screen nor for its makers.
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        try:
            from vllm import AsyncEngineArgs
            from vllm.lora.request import LoRARequest
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError as error:
            raise BrainError(
                "vLLM is not installed here: uv sync --frozen --inexact --extra vllm, or serve it elsewhere"
            ) from error
        arguments: dict[str, Any] = {"max_num_seqs": 2, **self._options}
        try:
            if self._adapter is not None:
                arguments |= {"enable_lora": True, "max_lora_rank": _rank(self._adapter)}
                self._lora = LoRARequest("headstart", 1, str(self._adapter))
            arguments |= {"model": self._model, "max_model_len": self._context, "enable_log_requests": False}
            self._engine = await asyncio.to_thread(
                lambda: AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
            )
        except (OSError, ValueError, RuntimeError) as error:
            why = str(error).strip().partition("\n")[0][:160]
            raise BrainError(f"vLLM does not load {self._model}: {why}") from error
        self._cutter = self._engine.get_tokenizer().backend_tokenizer
        self._stops = _ending(self._cutter)

    async def write(self, stream: Sequence[str], order: Order) -> AsyncGenerator[str, None]:
        """Have `stream` continued. Closing it leaves the slice under way to its end, unread."""
        from tokenizers.decoders import DecodeStream

        await self.open()
        known, rest = self._cuts.known(stream)
        text = "".join(stream)
        ids = [*known, *self._cutter.encode(rest, add_special_tokens=False).ids]
        self._cuts.keep(text, ids)
        left = room(len(ids), self._context, order.limit)
        request = await self._continuing(ids)
        self.used.given += len(ids)
        self.used.cached += len(request.held)
        is_new = not request.held
        whole = len(ids)  # those of them whose text is all there
        decoder = DecodeStream(skip_special_tokens=False)
        try:
            while left > 0:
                request.feed(ids[len(request.held) :], self._sampling(min(self._slice, left)))
                async with contextlib.aclosing(request.slice()) as tokens:
                    async for token in tokens:
                        if is_new:
                            self.used.cached += request.found
                            is_new = False
                        self.used.written += 1
                        left -= 1
                        ids.append(token)
                        if piece := decoder.step(self._cutter, token):
                            text += piece
                            whole = len(ids)
                            yield piece
                if request.has_ended:
                    return
        finally:
            self._cuts.keep(text, ids[:whole])

    async def close(self) -> None:
        """End the request, and the engine with its process."""
        if self._request is not None:
            await self._request.end()
            self._request = None
        if self._engine is not None:
            self._engine.shutdown()
            self._engine = None

    async def _continuing(self, ids: Sequence[int]) -> _Request:
        """The request that holds the beginning of `ids`, and less than all of it."""
        if self._request is not None:
            if await self._request.holds_beginning_of(ids):
                return self._request
            await self._request.end()
        name = f"turn-{next(self._names)}"
        self._request = _Request(self._engine, name, self._sampling(1), self._lora)
        return self._request

    def _sampling(self, tokens: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(
            temperature=0.0,
            max_tokens=tokens,
            stop_token_ids=self._stops,
            output_kind=RequestOutputKind.DELTA,
            detokenize=False,
        )


class _Request:
    """One request that grows. `held` are the tokens whose keys and values the engine keeps.

    `found`: how many tokens of its beginning the prefix cache had. `has_ended`: the model itself said that it
    has no more to write.
    """

    def __init__(self, engine: Any, name: str, sampling: Any, lora: Any) -> None:
        self.held: list[int] = []
        self.found = 0
        self.has_ended = False
        self._stops = frozenset(sampling.stop_token_ids)
        self._engine = engine
        self._name = name
        self._fed: asyncio.Queue[Any] = asyncio.Queue()
        self._came: asyncio.Queue[Any] = asyncio.Queue()
        self._is_writing = False
        # A task of its own: whoever stops reading would otherwise abort the request.
        self._task = asyncio.create_task(self._run(sampling, lora), name=f"vllm {name}")

    def feed(self, ids: Sequence[int], sampling: Any) -> None:
        """Append tokens, at least one, and have a slice written. None may be under way."""
        from vllm.engine.protocol import StreamingInput
        from vllm.inputs import tokens_input

        self._fed.put_nowait(StreamingInput(prompt=tokens_input(list(ids)), sampling_params=sampling))
        self.held += ids
        self._is_writing = True

    async def slice(self) -> AsyncGenerator[int, None]:
        """The tokens of the slice under way. Who leaves early leaves the rest to `holds_beginning_of`."""
        while self._is_writing:
            output = await self._came.get()
            if isinstance(output, BaseException):
                self._is_writing = False
                raise BrainError(f"vLLM failed: {_line(output)}; start Headstart again.") from output
            self.found = self.found or output.num_cached_tokens or 0
            choice = output.outputs[0]
            self.held += choice.token_ids
            if choice.finish_reason is not None:
                self._is_writing = False
                last = self.held.pop()  # sampled, and not computed
                self.has_ended = choice.finish_reason != "length" and last not in self._stops
            for token in choice.token_ids:
                yield token

    async def holds_beginning_of(self, ids: Sequence[int]) -> bool:
        """Whether `ids` continue what is held, once the slice under way has ended."""
        if not self._task.done() and self._is_continued_by(ids):
            async with contextlib.aclosing(self.slice()) as rest:
                async for _ in rest:
                    pass
        return not self._task.done() and self._is_continued_by(ids)

    def _is_continued_by(self, ids: Sequence[int]) -> bool:
        return len(self.held) < len(ids) and list(ids[: len(self.held)]) == self.held

    async def end(self) -> None:
        """Abort the request, and wait until it is gone."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self, sampling: Any, lora: Any) -> None:
        async def chunks() -> AsyncGenerator[Any, None]:
            while True:
                yield await self._fed.get()

        try:
            async for output in self._engine.generate(chunks(), sampling, self._name, lora_request=lora):
                self._came.put_nowait(output)
        except Exception as error:
            self._came.put_nowait(error)


def _ending(cutter: Any) -> list[int]:
    """The tokens in which an action may end."""
    size = cutter.get_vocab_size()
    return [id for id in range(size) if any(mark in cutter.decode([id]) for mark in COMPLETING)]


def _rank(adapter: Path) -> int:
    """The rank of a PEFT adapter. Raises OSError and ValueError where it is none."""
    return int(json.loads((adapter / "adapter_config.json").read_text())["r"])


def _line(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip().partition("\n")[0][:160]
