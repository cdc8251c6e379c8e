"""OpenAI Realtime as long as a conversation lasts: sessions that are configured, replaced and told again.

A lost connection is replaced by another: configured first, then told what was said before. One that has
grown old is replaced between two turns, before the service ends it in the middle of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.types.realtime import RealtimeResponseUsage

from agents import history, native
from agents.brain import BrainError, Interaction
from agents.brains.openai_words import lost, refused
from agents.brains.realtime_items import RATE, Conversation
from agents.brains.realtime_link import Link
from agents.brains.realtime_response import LinkLost, Response
from agents.cost import Meter, Usage
from agents.events import Event
from tools.toolbox import Toolbox

ROTATE = 55 * 60  # seconds after which a session is replaced: at 60 minutes the service ends it
TRIES = 3  # to connect

_REASONING = re.compile(r"gpt-realtime-[2-9](\.\d+)?(-mini)?(-\d{4}-\d\d-\d\d)?")


@dataclass(frozen=True, slots=True)
class RealtimeOptions:
    """`sound`: answer from the user's voice, not only from the words. `own_voice`: ours says the answer.

    `effort` is how long a model that reasons does so; `rotate` in seconds.
    """

    model: str
    voice: str = "marin"
    effort: str | None = "low"
    sound: bool = False
    own_voice: bool = False
    rotate: float = ROTATE


class Service:
    """Sessions with a model, one after the other. `clock` tells the local date and time."""

    def __init__(
        self,
        client: AsyncOpenAI,
        options: RealtimeOptions,
        toolbox: Toolbox,
        meter: Meter,
        clock: Callable[[], str],
    ) -> None:
        self.options = options
        self.toolbox = toolbox
        self._client = client
        self._meter = meter
        self._clock = clock
        self._current: Conversation | None = None
        self._opening = asyncio.Lock()
        self._heard = 0  # the latest turn of which there was sound
        self._links: list[Link] = []  # those that may still have something running

    async def ready(self, turns: Mapping[int, Sequence[Event]], turn: int = 1) -> Conversation:
        """A conversation that knows what was said before `turn`. Raises BrainError."""
        async with self._opening:
            if self._current is None or not self._current.link.is_open:
                self._current = await self._connect(turns, turn)
            return self._current

    def listen(self, turn: int, audio: bytes) -> None:
        """Give the service what the user says. It makes nothing of it until it is committed."""
        self._heard = turn
        if self._current is not None and self._current.link.is_open:
            self._current.listen(turn, audio)

    async def rotate_if_old(self, interaction: Interaction) -> None:
        """Replace a session that is near its end, unless something goes on in it."""
        old, now = self._current, asyncio.get_running_loop().time()
        if old is None or not old.link.is_open or now - old.link.opened < self.options.rotate:
            return
        async with self._opening:
            if self._current is not old or not old.link.is_idle:
                return
            with contextlib.suppress(BrainError):  # the next turn tries again, and tells
                self._current = await self._connect(interaction.turns, interaction.turn + 1)
                old.link.close()

    async def close(self) -> None:
        """Let go of the connections."""
        for link in self._links:
            link.close()
            await link.closed()
        await self._client.close()

    async def _connect(self, turns: Mapping[int, Sequence[Event]], turn: int) -> Conversation:
        for attempt in range(1, TRIES + 1):
            link = Link(self._client, self.options.model, self._used)
            self._links = [one for one in self._links if one.is_open] + [link]
            try:
                await link.open(self._session())
                conversation = Conversation(link, self._heard)
                conversation.replay(history.exchanges(turns, turn))
                return conversation
            except LinkLost as error:
                is_final = error.status is not None and refused(error.status, self.options.model)
                if is_final or error.code or attempt == TRIES:
                    raise lost(error, self.options.model) from None
                await asyncio.sleep(0.3 * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    def _session(self) -> dict[str, Any]:
        options = self.options
        format = {"type": "audio/pcm", "rate": RATE}
        session: dict[str, Any] = {
            "type": "realtime",
            "instructions": native.instructions(f"It is {self._clock()}, local time."),
            "tools": [function.as_tool() for function in native.functions(self.toolbox)],
            "tool_choice": "auto",
            "output_modalities": ["text" if options.own_voice else "audio"],
            "audio": {
                "input": {"format": format, "turn_detection": None},
                "output": {"format": format, "voice": options.voice},
            },
            # A long conversation is cut in large steps, so that what is left of it stays cached in between.
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        }
        if options.effort and _REASONING.fullmatch(options.model):
            session["reasoning"] = {"effort": options.effort}
            session["parallel_tool_calls"] = True
        return session

    def _used(self, response: Response) -> None:
        usage = response.state.usage if response.state is not None else None
        if usage is not None:
            self._meter.add(response.turn, self.options.model, _tokens(usage), guess=response.guess)


def _tokens(usage: RealtimeResponseUsage) -> Usage:
    into, out = usage.input_token_details, usage.output_token_details
    cached = into.cached_tokens_details if into is not None else None
    audio_in = (into.audio_tokens if into is not None else 0) or 0
    audio_out = (out.audio_tokens if out is not None else 0) or 0
    audio_cached = (cached.audio_tokens if cached is not None else 0) or 0
    all_cached = (into.cached_tokens if into is not None else 0) or 0
    return Usage(
        text_in=(usage.input_tokens or 0) - audio_in,
        text_cached=all_cached - audio_cached,
        text_out=(usage.output_tokens or 0) - audio_out,
        audio_in=audio_in,
        audio_cached=audio_cached,
        audio_out=audio_out,
    )
