"""Any chat endpoint as the one who guesses: chat completions as OpenAI has them, with function calling."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import httpx
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, OpenAIError
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from agents import history, native
from agents.actions import Action
from agents.brain import BrainError, Interaction
from agents.cost import Meter, Usage
from agents.native import CallReader
from tools.toolbox import Toolbox

TOKENS = 400  # of a guess
EXCHANGES = 6  # turns before this one that it is told of
_CHARACTERS = 4  # of a token, nearly enough

# How a guess ends that is all there. Where a part is missing the calls may not be what the words ask for.
_WHOLE = frozenset({"stop", "tool_calls", "function_call"})


@dataclass(slots=True)
class _Writing:
    """A function call that is being written."""

    id: str | None
    index: int
    name: str = ""
    arguments: str = ""

    def is_other(self, delta: ChoiceDeltaToolCall) -> bool:
        """Whether `delta` begins another call. Some servers give each the index 0, and only an ID apart."""
        return delta.index != self.index or (delta.id or self.id) != self.id

    def add(self, delta: ChoiceDeltaToolCall) -> None:
        """Take what was written next."""
        if delta.function is not None:
            self.name += delta.function.name or ""
            self.arguments += delta.function.arguments or ""


class ChatSpeculator:
    """Guesses through `client`, whose endpoint is called `place` in what the user is told."""

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        toolbox: Toolbox,
        meter: Meter,
        *,
        place: str,
        clock: Callable[[], str],
    ) -> None:
        self._client = client
        self._model = model
        self._toolbox = toolbox
        self._meter = meter
        self._place = place
        self._clock = clock
        # The same in every request: what leads a prompt is cached as long as it does not change.
        self._tools = [function.as_chat_tool() for function in native.functions(toolbox)]
        self._instructions = ""
        self._reported: Usage | None = None  # of the latest request that was heard out

    async def warm_up(self) -> None:
        """Ask whether the model is there. Raises BrainError where the key is wrong or the model unknown."""
        self._instructions = native.guessing(f"It is {self._clock()}, local time.")
        try:
            await self._client.models.retrieve(self._model)
        except APIStatusError as error:
            if error.status_code in (401, 403):
                raise self._trouble(error) from None
            # Not every endpoint can say what it has; the first guess will show.
        except OpenAIError as error:
            raise self._trouble(error) from None

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Calls and removals, each as soon as it is written. Closing it ends the request."""
        reader = CallReader(self._toolbox, interaction.of_turn)
        messages = self._messages(interaction)
        stream: AsyncStream[ChatCompletionChunk] | None = None
        written = 0  # characters
        is_told = False  # what it took, or that it took nothing
        try:
            stream = await self._client.chat.completions.create(
                model=self._model,
                messages=cast(Any, messages),
                tools=cast(Any, self._tools),
                tool_choice="auto",
                max_completion_tokens=TOKENS,
                stream=True,
                stream_options={"include_usage": True},
            )
            call: _Writing | None = None
            ending: str | None = None
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].finish_reason:
                    ending = chunk.choices[0].finish_reason
                for delta in (chunk.choices[0].delta.tool_calls or ()) if chunk.choices else ():
                    if call is None or call.is_other(delta):
                        if call and (action := reader.read(call.name, call.arguments)):
                            yield action
                        call = _Writing(delta.id, delta.index)
                    call.add(delta)
                written += _length(chunk)
                if chunk.usage is not None:
                    self._reported = _tokens(chunk.usage)
                    self._count(interaction, self._reported)
                    is_told = True
            if ending in _WHOLE:
                is_told = True  # who does not say what a whole answer took does not count
            else:
                raise BrainError(f"{self._place} broke its guess off ({ending or 'no reason given'}).")
            if call and (action := reader.read(call.name, call.arguments)):
                yield action
        except (OpenAIError, httpx.HTTPError, ValueError) as error:
            is_told = is_told or stream is None  # nothing is taken for what was refused
            raise self._trouble(error) from None
        finally:
            if not is_told:
                self._count(interaction, self._estimate(messages, written))
            if stream is not None:
                await stream.close()

    def _messages(self, interaction: Interaction) -> Sequence[dict[str, str]]:
        messages = [{"role": "system", "content": self._instructions}]
        for exchange in history.exchanges(interaction.turns, interaction.turn, last=EXCHANGES):
            messages.append({"role": "user", "content": exchange.said})
            if exchange.answer:
                messages.append({"role": "assistant", "content": exchange.answer})
        return [*messages, {"role": "user", "content": native.update(interaction.of_turn)}]

    def _count(self, interaction: Interaction, usage: Usage) -> None:
        is_guess = not history.is_certain(interaction.of_turn)
        self._meter.add(interaction.turn, self._model, usage, guess=is_guess)

    def _estimate(self, messages: Sequence[dict[str, str]], written: int) -> Usage:
        """What a request took that was given up: the service charges for it, but tells nobody who is gone.

        What was sent is taken for as long as the time before: most of it is always the same. What was written
        but not received yet is left out.
        """
        out = math.ceil(written / _CHARACTERS)
        if self._reported is not None:
            return replace(self._reported, text_out=out, estimated=True)
        sent = len(json.dumps(messages)) + len(json.dumps(self._tools))
        return Usage(math.ceil(sent / _CHARACTERS), text_out=out, estimated=True)

    def _trouble(self, error: Exception) -> BrainError:
        """What to tell the user; never the error's own text, which may repeat what was sent."""
        match error:
            case APIStatusError(status_code=401 | 403):
                return BrainError(f"{self._place} does not accept the key for guessing; check it.")
            case APIStatusError(status_code=404):
                return BrainError(f"{self._place} has no model {self._model}; choose another --speculator.")
            case APIStatusError(status_code=429):
                return BrainError(f"{self._place} is not taking more requests just now; try again soon.")
            case APIConnectionError() | httpx.HTTPError():
                return BrainError(f"There is no connection to {self._place}; check the network.")
            case _:
                return BrainError(f"{self._place} could not guess ({type(error).__name__}).")


def _length(chunk: ChatCompletionChunk) -> int:
    """The characters that were written in it."""
    deltas = [choice.delta for choice in chunk.choices]
    calls = [call.function for delta in deltas for call in delta.tool_calls or () if call.function]
    said = sum(len(delta.content or "") for delta in deltas)
    return said + sum(len(call.name or "") + len(call.arguments or "") for call in calls)


def _tokens(usage: CompletionUsage) -> Usage:
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens if details is not None else 0) or 0
    return Usage(usage.prompt_tokens, cached, usage.completion_tokens)
