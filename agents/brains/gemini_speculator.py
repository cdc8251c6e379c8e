"""A Gemini text model as the one who guesses, beside a Live session that must not hear half a sentence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence

from google import genai
from google.genai import types

from agents import history, native
from agents.actions import Action
from agents.brain import Interaction
from agents.brains.gemini_client import examine
from agents.brains.gemini_words import explained, guess_usage
from agents.cost import Meter
from agents.native import CallReader
from tools.toolbox import Toolbox

_TOKENS = 1024  # of a guess, thoughts among them
_EXCHANGES = 6  # turns before this one that it is told of


class GeminiSpeculator:
    """Guesses with `model`. `now` is the sentence that tells the date."""

    def __init__(
        self, client: genai.Client, model: str, toolbox: Toolbox, meter: Meter, *, now: Callable[[], str]
    ) -> None:
        self._client = client
        self._model = model
        self._toolbox = toolbox
        self._meter = meter
        self._now = now
        # The same in every request: what leads a prompt is cached as long as it does not change.
        self._tools = types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name=function.name,
                    description=function.description,
                    parameters_json_schema=dict(function.parameters),
                )
                for function in native.functions(toolbox)
            ]
        )
        self._instructions = ""

    async def warm_up(self) -> None:
        """Ask whether the model is there. Raises BrainError where it is not."""
        self._instructions = native.guessing(self._now())
        await examine(self._client, self._model, "generateContent")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aio.aclose()

    async def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Calls and removals, each as soon as it is there. Closing it ends the request."""
        reader = CallReader(self._toolbox, interaction.of_turn)
        calls: asyncio.Queue[types.FunctionCall | None] = asyncio.Queue()
        # A task of its own: cancelling it unwinds the SDK's stream, which closing it does not.
        asking = asyncio.create_task(self._ask(interaction, calls), name="guess")
        asking.add_done_callback(lambda _: calls.put_nowait(None))
        try:
            while (call := await calls.get()) is not None:
                if action := reader.read(call.name or "", json.dumps(call.args or {})):
                    yield action
            await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, interaction: Interaction, calls: asyncio.Queue[types.FunctionCall | None]) -> None:
        counts: types.GenerateContentResponseUsageMetadata | None = None
        try:
            stream = await self._client.aio.models.generate_content_stream(
                model=self._model, contents=[*self._contents(interaction)], config=self._config()
            )
            async for chunk in stream:
                counts = chunk.usage_metadata or counts
                for call in chunk.function_calls or []:
                    calls.put_nowait(call)
        except Exception as error:  # of three HTTP libraries, whichever is installed
            raise explained(error, self._model) from None
        finally:
            if counts is not None:  # also where it was cut short: what was written is paid for
                is_guess = not history.is_certain(interaction.of_turn)
                self._meter.add(interaction.turn, self._model, guess_usage(counts), guess=is_guess)

    def _config(self) -> types.GenerateContentConfig:
        return types.GenerateContentConfig(
            system_instruction=self._instructions,
            tools=[self._tools],
            max_output_tokens=_TOKENS,
            # Thinking costs the time that guessing is to save.
            thinking_config=types.ThinkingConfig(thinking_budget=0)
            if self._model.startswith("gemini-2")
            else types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )

    def _contents(self, interaction: Interaction) -> Sequence[types.Content]:
        told: list[tuple[str, str]] = []
        for exchange in history.exchanges(interaction.turns, interaction.turn, last=_EXCHANGES):
            told += [("user", exchange.said), ("model", exchange.answer)]
        told.append(("user", native.update(interaction.of_turn)))
        return [types.Content(role=role, parts=[types.Part(text=text)]) for role, text in told if text]
