"""Any chat endpoint as the one who guesses: chat completions as OpenAI has them, with function calling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
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
        stream: AsyncStream[ChatCompletionChunk] | None = None
        try:
            stream = await self._client.chat.completions.create(
                model=self._model,
                messages=cast(Any, list(self._messages(interaction))),
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
                if chunk.usage is not None:
                    self._count(interaction, chunk.usage)
            if ending not in _WHOLE:
                raise BrainError(f"{self._place} broke its guess off ({ending or 'no reason given'}).")
            if call and (action := reader.read(call.name, call.arguments)):
                yield action
        except (OpenAIError, httpx.HTTPError, ValueError) as error:
            raise self._trouble(error) from None
        finally:
            if stream is not None:
                await stream.close()

    def _messages(self, interaction: Interaction) -> Iterable[dict[str, str]]:
        yield {"role": "system", "content": self._instructions}
        for exchange in history.exchanges(interaction.turns, interaction.turn, last=EXCHANGES):
            yield {"role": "user", "content": exchange.said}
            if exchange.answer:
                yield {"role": "assistant", "content": exchange.answer}
        yield {"role": "user", "content": native.update(interaction.of_turn)}

    def _count(self, interaction: Interaction, usage: CompletionUsage) -> None:
        details = usage.prompt_tokens_details
        cached = (details.cached_tokens if details is not None else 0) or 0
        tokens = Usage(usage.prompt_tokens, cached, usage.completion_tokens)
        is_guess = not history.is_certain(interaction.of_turn)
        self._meter.add(interaction.turn, self._model, tokens, guess=is_guess)

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
