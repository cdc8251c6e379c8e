"""How the OpenAI double writes a response: piece by piece, at a pace, in realistic order, until cancelled."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.doubles.openai_conversation import Conversation, Emit
from tests.doubles.openai_mind import Call, Context, Mind, Say

RATE = 24_000


class Phase(StrEnum):
    """Where a fault can strike."""

    CONNECT = "connect"
    UPDATE = "update"  # session.update arrives
    GUESS = "guess"  # an out-of-band response was asked for
    GUESSING = "guessing"  # it has written its first call
    GUESSED = "guessed"  # it is over
    ITEM = "item"  # an item is to be created
    ANSWER = "answer"  # a response to the conversation was asked for
    SPEAKING = "speaking"  # some of its sound or text is out
    SPOKEN = "spoken"  # it is over


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the model is, in seconds: until a response begins, and for a call or a piece of text.

    `sound` is how much faster than it is spoken its speech arrives. After a cancel, `late` more deltas come.
    """

    first: float = 0.0
    piece: float = 0.0
    sound: float = 5.0
    late: int = 2


@dataclass(slots=True)
class Run:
    """A response that is being generated."""

    id: str
    oob: bool
    modality: str
    metadata: Mapping[str, str] | None
    limit: int | None
    cancelled: bool = False
    output: list[dict[str, Any]] = field(default_factory=list)
    wrote: int = 0  # tokens
    spoke: int = 0  # tokens of sound
    task: asyncio.Task[None] | None = None


At = Callable[[Phase], Awaitable[str | None]]


class Generator:
    """Writes the responses of one session, some beside each other. `runs` are those under way, by ID.

    `at` may break the connection, or name what shall go wrong now.
    """

    def __init__(self, mind: Mind, pace: Pace, conversation: Conversation, emit: Emit, at: At) -> None:
        self.runs: dict[str, Run] = {}
        self.has_spoken = False
        self._mind = mind
        self._pace = pace
        self._conversation = conversation
        self._emit = emit
        self._at = at
        self._cached: list[str] = []  # what a prefix cache holds: pieces of the latest prompt

    async def generate(self, run: Run, context: Context, prompt: Sequence[str], wrong: str | None) -> None:
        """Write a response at its pace; `wrong` is how it fails."""
        self._emit("response.created", response=self._state(run, "in_progress"))
        if wrong == "hang":
            await asyncio.Event().wait()
        if wrong is not None:
            await asyncio.sleep(self._pace.first)
            self._end(run, prompt, "failed", {"type": "failed", "error": {"type": wrong, "code": wrong}})
            return
        if await self._sleep(run, self._pace.first):
            for index, thing in enumerate(self._mind(context)):
                is_whole = (
                    await self._call(run, index, thing, context)
                    if isinstance(thing, Call)
                    else await self._say(run, index, thing)
                )
                if not is_whole:
                    break
        if run.cancelled:
            self._end(run, prompt, "cancelled", {"type": "cancelled", "reason": "client_cancelled"})
        elif run.limit is not None and run.wrote >= run.limit:
            self._end(run, prompt, "incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
        else:
            self._end(run, prompt, "completed", {"type": "completed"})
        await self._at(Phase.GUESSED if run.oob else Phase.SPOKEN)

    async def _call(self, run: Run, index: int, call: Call, context: Context) -> bool:
        """Write a call; False where it was cut off."""
        if call.name not in context.functions:
            raise AssertionError(f"the model has no function {call.name}: the client did not declare it")
        arguments = json.dumps(call.arguments)
        item = {
            "id": self._conversation.new_id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "name": call.name,
        }
        item |= {"call_id": self._conversation.new_id("call")}
        where = {"response_id": run.id, "output_index": index}
        self._emit(
            "response.output_item.added",
            item={**item, "arguments": "", "status": "in_progress"},
            **where,
        )
        late = 0
        for start in range(0, len(arguments), 16):
            if not await self._sleep(run, self._pace.piece):
                late += 1
            if late > self._pace.late or (run.limit is not None and run.wrote >= run.limit):
                return False
            run.wrote += 4
            self._emit(
                "response.function_call_arguments.delta",
                item_id=item["id"],
                call_id=item["call_id"],
                delta=arguments[start : start + 16],
                **where,
            )
        self._emit(
            "response.function_call_arguments.done",
            item_id=item["id"],
            call_id=item["call_id"],
            name=call.name,
            arguments=arguments,
            **where,
        )
        whole = {**item, "arguments": arguments, "status": "completed"}
        run.output.append(whole)
        if not run.oob:
            self._conversation.add(whole)
        self._emit("response.output_item.done", item=whole, **where)
        await self._at(Phase.GUESSING if run.oob else Phase.SPEAKING)
        return not run.cancelled

    async def _say(self, run: Run, index: int, say: Say) -> bool:
        """Write or speak a text; False where it was cut off."""
        audio = run.modality == "audio"
        id = self._conversation.new_id("item")
        kind = "output_audio" if audio else "output_text"
        item: dict[str, Any] = {"id": id, "object": "realtime.item", "type": "message", "role": "assistant"}
        where = {"response_id": run.id, "output_index": index, "item_id": id, "content_index": 0}
        place = {"response_id": run.id, "output_index": index}
        self._emit(
            "response.output_item.added", item={**item, "status": "in_progress", "content": []}, **place
        )
        if not run.oob:
            self._conversation.items[id] = {**item, "content": []}
            self._emit("conversation.item.added", item={**item, "status": "in_progress", "content": []})
        part = "audio" if audio else "text"
        self._emit("response.content_part.added", part={"type": part}, **where)
        said = ""
        words = say.text.split(" ")
        late = 0
        for place_of, word in enumerate(words):
            delta = word if place_of == 0 else f" {word}"
            seconds = 0.06 * len(delta)
            if not await self._sleep(run, seconds / self._pace.sound if audio else self._pace.piece):
                late += 1
            if late > self._pace.late or (run.limit is not None and run.wrote >= run.limit):
                break
            said += delta
            run.wrote += 2
            kind_of_delta = "output_audio_transcript" if audio else "output_text"
            self._emit(f"response.{kind_of_delta}.delta", delta=delta, **where)
            if audio:
                self.has_spoken = True
                run.spoke += max(1, round(seconds * 20))
                self._conversation.sounds[id] = self._conversation.sounds.get(id, 0) + int(seconds * 1000)
                self._emit("response.output_audio.delta", delta=_tone(int(seconds * 1000)), **where)
            await self._at(Phase.GUESSING if run.oob else Phase.SPEAKING)
        content = {"type": kind, "transcript" if audio else "text": said}
        if audio:
            self._emit("response.output_audio.done", **where)
            self._emit("response.output_audio_transcript.done", transcript=said, **where)
        else:
            self._emit("response.output_text.done", text=said, **where)
        text = {"transcript": said} if audio else {"text": said}
        self._emit("response.content_part.done", part={"type": part, **text}, **where)
        status = "completed" if said == say.text else "incomplete"
        whole = {**item, "status": status, "content": [content]}
        run.output.append(whole)
        if not run.oob and id in self._conversation.items:
            self._conversation.items[id] = whole
            self._emit("conversation.item.done", item=whole)
        self._emit("response.output_item.done", item=whole, **place)
        return status == "completed"

    async def _sleep(self, run: Run, seconds: float) -> bool:
        """Take time to think; False once the response was cancelled."""
        await asyncio.sleep(seconds)
        return not run.cancelled

    def _end(self, run: Run, prompt: Sequence[str], status: str, details: Mapping[str, Any]) -> None:
        del self.runs[run.id]
        state = self._state(run, status)
        state["status_details"] = details
        if status != "failed":
            state["usage"] = self._usage(run, prompt)
        self._emit("response.done", response=state)
        limits = [{"name": "requests", "limit": 500, "remaining": 499, "reset_seconds": 0.1}]
        self._emit("rate_limits.updated", rate_limits=limits)

    def _usage(self, run: Run, prompt: Sequence[str]) -> dict[str, Any]:
        tokens = [len(piece) // 4 + 1 for piece in prompt]
        same = 0
        while same < min(len(prompt), len(self._cached)) and prompt[same] == self._cached[same]:
            same += 1
        self._cached = list(prompt)
        cached = sum(tokens[:same]) // 64 * 64
        text = max(0, run.wrote - run.spoke)
        return {
            "total_tokens": sum(tokens) + text + run.spoke,
            "input_tokens": sum(tokens),
            "output_tokens": text + run.spoke,
            "input_token_details": {
                "text_tokens": sum(tokens),
                "audio_tokens": 0,
                "cached_tokens": cached,
                "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0},
            },
            "output_token_details": {"text_tokens": text, "audio_tokens": run.spoke},
        }

    def _state(self, run: Run, status: str) -> dict[str, Any]:
        return {
            "id": run.id,
            "object": "realtime.response",
            "status": status,
            "output": list(run.output),
            "output_modalities": [run.modality],
            "conversation_id": None if run.oob else "conv_1",
            "metadata": dict(run.metadata) if run.metadata is not None else None,
        }


def _tone(ms: int) -> str:
    samples = (int(6000 * math.sin(n * 0.06)) for n in range(RATE * ms // 1000))
    return base64.b64encode(b"".join(struct.pack("<h", x) for x in samples)).decode()
