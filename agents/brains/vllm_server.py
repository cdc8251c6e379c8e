"""vLLM over HTTP, or anything else with OpenAI's completions: abort and resubmit, on a prefix cache.

Closing a connection aborts what is being written. The stream goes as token IDs, so that it is the very one
the server has computed; a server that cuts no text gets it as text, without what only vLLM understands.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    NotFoundError,
    OpenAIError,
)
from openai.types import Completion

from agents.brain import BrainError
from agents.brains.engine import Cuts, Order, Used, room
from agents.brains.writing import PAUSED

CONNECT_SECONDS = 5.0
TOKEN_SECONDS = 30.0  # to wait for the next one
_STOPS = [PAUSED, "\n"]


class ServedEngine:
    """The model called `model` at `url`, as http://HOST:8000/v1; without a name the one the server prefers.

    That is an adapter where it serves one. `key` is the bearer token, where it asks for one.
    """

    def __init__(self, url: str, model: str | None = None, key: str | None = None) -> None:
        parts = urlsplit(url)
        self.place = parts.netloc.rpartition("@")[2]
        self.model = model or ""
        self.used = Used()
        self._root = url.rstrip("/").removesuffix("/v1")
        self._client = AsyncOpenAI(
            api_key=key or "none",
            base_url=f"{self._root}/v1",
            max_retries=0,
            # Where there are many servers, vLLM's router leads us to the one that has read the words before.
            default_headers={"X-Session-ID": uuid4().hex},
            timeout=httpx.Timeout(TOKEN_SECONDS, connect=CONNECT_SECONDS),
        )
        self._context: int | None = None  # None: unknown, for it cuts no text
        self._is_open = False
        self._cuts = Cuts()
        self._before: Sequence[int] = ()  # the stream before, and what was written to it

    async def open(self) -> None:
        """Find the model, and whether the server is a vLLM. Raises BrainError."""
        with self._told():
            await self._choose()
            await self._ask_context()
        self._is_open = True

    async def write(self, stream: Sequence[str], order: Order) -> AsyncGenerator[str, None]:
        """Have `stream` continued. Closing it ends the request."""
        if not self._is_open:
            await self.open()
        text = "".join(stream)
        ids: list[int] = []
        limit = order.limit
        given: dict[str, Any] = {"prompt": text, "extra_body": {}}
        if self._context is not None:
            with self._told():
                ids = [*await self._cut(stream)]
            limit = room(len(ids), self._context, limit)
            given = {"prompt": ids, "extra_body": _of_vllm(order)}
            given |= {"stop": _STOPS, "stream_options": {"include_usage": True}}
        self.used.given += len(ids)
        self.used.new += len(ids) - _alike(self._before, ids)
        is_exact = False
        answer: AsyncStream[Completion] | None = None
        try:
            with self._told():
                answer = await self._client.completions.create(
                    model=self.model, max_tokens=limit, temperature=0.0, stream=True, **given
                )
            async for piece, tokens, is_sure in self._pieces(answer):
                ids += tokens
                text += piece
                is_exact = bool(tokens) and is_sure
                if piece:
                    yield piece
        finally:
            self._before = ids
            if is_exact:
                self._cuts.keep(text, ids)
            if answer is not None:
                await answer.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _pieces(
        self, answer: AsyncStream[Completion]
    ) -> AsyncGenerator[tuple[str, list[int], bool], None]:
        """Text, its tokens, and whether these are exactly its tokens.

        The last piece is held back until the server has said what the request took, which follows at once.
        """
        last: tuple[str, list[int], bool] | None = None
        chunks = aiter(answer)
        while True:
            with self._told():
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            if chunk.usage is not None:
                details = chunk.usage.prompt_tokens_details
                self.used.cached += (details.cached_tokens if details is not None else 0) or 0
            if not chunk.choices:
                continue
            choice = chunk.choices[0]
            tokens = cast("list[int]", (choice.model_extra or {}).get("token_ids") or [])
            self.used.written += len(tokens) or bool(choice.text)
            # Several at once may end in half a character, of which the text has nothing yet.
            piece = (choice.text or "", tokens, bool(choice.finish_reason) or len(tokens) == 1)
            if choice.finish_reason:
                last = piece
            else:
                yield piece
        if last is None:
            raise BrainError(f"{self.place} broke off in the middle of a reaction; look at its output.")
        yield last

    async def _choose(self) -> None:
        """The model to ask: the one that is named, else what the server would rather be asked."""
        try:
            models = (await self._client.models.list()).data
        except NotFoundError:
            if not self.model:
                raise BrainError(f"{self.place} does not say what it serves; name it with --model.") from None
            return
        names = [model.id for model in models]
        if not names:
            raise BrainError(f"{self.place} serves no model.")
        if self.model and self.model not in names:
            has = ", ".join(names[:5])
            raise BrainError(f"{self.place} has no model {self.model}; it has {has}: choose with --model.")
        if not self.model:
            adapters = [model.id for model in models if (model.model_extra or {}).get("parent")]
            self.model = (adapters or names)[0]

    async def _ask_context(self) -> None:
        """How many tokens the model can see, where the server is one that cuts text."""
        try:
            told = await self._tokenize("")
        except APIStatusError as error:
            if error.status_code in (401, 403):
                raise
            return
        context = told.get("max_model_len")
        self._context = context if isinstance(context, int) else None

    async def _cut(self, stream: Sequence[str]) -> list[int]:
        ids, rest = self._cuts.known(stream)
        if rest:
            ids = [*ids, *cast("list[int]", (await self._tokenize(rest))["tokens"])]
            self._cuts.keep("".join(stream), ids)
        return ids

    async def _tokenize(self, text: str) -> dict[str, Any]:
        asked = {"model": self.model, "prompt": text, "add_special_tokens": False}
        told: object = await self._client.post(f"{self._root}/tokenize", cast_to=object, body=asked)
        return cast("dict[str, Any]", told) if isinstance(told, dict) else {}

    @contextlib.contextmanager
    def _told(self) -> Generator[None]:
        """Turn what goes wrong with the server into words for the user."""
        try:
            yield
        except (OpenAIError, httpx.HTTPError, ValueError, KeyError) as error:
            raise BrainError(self._trouble(error)) from error

    def _trouble(self, error: Exception) -> str:
        match error:
            case APITimeoutError() | httpx.TimeoutException():
                return f"{self.place} takes too long; it may be overloaded: look at its output."
            case APIConnectionError(__cause__=httpx.RemoteProtocolError() | httpx.ReadError()):
                return f"{self.place} broke off in the middle of a reaction; look at its output."
            case APIConnectionError() | httpx.ConnectError():
                return (
                    f"there is no server at {self.place}; start one with `headstart serve`, "
                    "or name another with --url."
                )
            case httpx.HTTPError():
                return f"{self.place} broke off in the middle of a reaction; look at its output."
            case APIStatusError(status_code=401 | 403):
                return (
                    f"{self.place} does not accept the key; set VLLM_API_KEY to the one it was started with."
                )
            case APIStatusError(status_code=404):
                return f"{self.place} has no model {self.model}; choose another with --model."
            case APIStatusError(status_code=429 | 503):
                return f"{self.place} is not taking more requests just now; try again soon."
            case APIError():
                why = " ".join(error.message.split())[:160]
                return f"{self.place} could not answer: {why}"
            case _:
                return f"{self.place} answered with something unreadable ({type(error).__name__})."


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many of their first are the same."""
    differing = (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(differing, min(len(one), len(other)))


def _of_vllm(order: Order) -> dict[str, Any]:
    """What only vLLM understands.

    A lower priority is served earlier, by a server started with `--scheduling-policy priority`; any other
    takes no notice, so nobody has to know.
    """
    body: dict[str, Any] = {
        "return_token_ids": True,
        "include_stop_str_in_output": True,
        "skip_special_tokens": False,
        "repetition_penalty": 1.0,  # some models bring one along, though a word that was said is to be copied
        "priority": 0 if order.is_final else 1,
    }
    if order.grammar is not None:
        body["structured_outputs"] = {"grammar": order.grammar}
    return body
