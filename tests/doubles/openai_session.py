"""One Realtime session of the double: the conversation, the responses, and the rules that depend on them."""

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

from tests.doubles.openai_mind import Call, Context, Done, Mind, Say
from tests.doubles.openai_wire import Refused

RATE = 24_000
SHORTEST = 100  # ms of audio that can be committed
REASONING = ("gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini")


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
class _Run:
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


Emit = Callable[..., None]
At = Callable[[Phase, "Session"], Awaitable[str | None]]


class Session:
    """`emit` sends a server event; `at` may break the connection, or name what shall go wrong now."""

    def __init__(
        self, model: str, mind: Mind, pace: Pace, emit: Emit, at: At, transcribe: Callable[[bytes], str]
    ) -> None:
        self.model = model
        self.config: dict[str, Any] = {
            "type": "realtime",
            "model": model,
            "output_modalities": ["audio"],
            "instructions": "",
            "tools": [],
            # What a client that forgets to switch it off gets.
            "audio": {"input": {"turn_detection": {"type": "server_vad"}}, "output": {"voice": "alloy"}},
        }
        self.items: dict[str, dict[str, Any]] = {}
        self.sounds: dict[str, int] = {}  # ms of sound sent, by item
        self.runs: dict[str, _Run] = {}
        self._buffer = bytearray()
        self._mind = mind
        self._pace = pace
        self._emit = emit
        self._at = at
        self._transcribe = transcribe
        self._count = 0
        self._cached: list[str] = []  # what a prefix cache holds: pieces of the latest prompt
        self._loud = False
        self._has_spoken = False

    @property
    def active(self) -> _Run | None:
        """The response that writes to the conversation, or None."""
        return next((run for run in self.runs.values() if not run.oob), None)

    async def receive(self, event: Mapping[str, Any]) -> None:
        """Act on a client event. Raises Refused."""
        match event["type"]:
            case "session.update":
                await self._at(Phase.UPDATE, self)
                self._update(event["session"])
            case "input_audio_buffer.append":
                self._append(event["pcm"])
            case "input_audio_buffer.commit":
                self._commit()
            case "input_audio_buffer.clear":
                self._buffer.clear()
                self._emit("input_audio_buffer.cleared")
            case "conversation.item.create":
                await self._at(Phase.ITEM, self)
                self._create(event["item"], event.get("previous_item_id"))
            case "conversation.item.delete":
                self._item(event["item_id"], "item_delete_invalid_item_id")
                del self.items[event["item_id"]]
                self._emit("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.retrieve":
                item = self._item(event["item_id"], "item_retrieve_invalid_item_id")
                self._emit("conversation.item.retrieved", item=item)
            case "conversation.item.truncate":
                self._truncate(event)
            case "response.create":
                await self._respond(event.get("response") or {})
            case "response.cancel":
                self._cancel(event.get("response_id"))
            case kind:
                raise Refused(f"{kind} is for WebRTC and SIP only", "invalid_request_error")

    async def close(self) -> None:
        """Stop generating."""
        tasks = [run.task for run in self.runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- configuration -------------------------------------------------------------------------

    def _update(self, session: Mapping[str, Any]) -> None:
        if session.get("model", self.model) != self.model:
            raise Refused("the model of a session cannot be changed", "invalid_value", "session.model")
        if self.model not in REASONING:
            for name in ("reasoning", "parallel_tool_calls"):
                if name in session:
                    raise Refused(f"{self.model} does not take {name}", "unsupported_parameter", name)
        audio = session.get("audio") or {}
        given = audio.get("input") or {}
        for part in (given, audio.get("output") or {}):
            if part.get("format", {"type": "audio/pcm", "rate": RATE}) != {"type": "audio/pcm", "rate": RATE}:
                raise Refused("audio/pcm has a rate of 24000", "invalid_value", "session.audio")
        voice = (audio.get("output") or {}).get("voice")
        if voice not in (None, self.config["audio"]["output"]["voice"]) and self._has_spoken:
            raise Refused("the voice cannot be changed once it was heard", "cannot_update_voice")
        transcriber = (given.get("transcription") or {}).get("model")
        if transcriber in ("gpt-live-transcribe", "gpt-realtime-whisper") and given.get(
            "turn_detection", self.config["audio"]["input"]["turn_detection"]
        ):
            raise Refused(f"{transcriber} takes no turn_detection", "invalid_value", "turn_detection")
        merged = {
            part: {**self.config["audio"][part], **(audio.get(part) or {})} for part in ("input", "output")
        }
        self.config = {**self.config, **session, "audio": merged}
        self._emit("session.updated", session=self.config)

    # ---- sound ---------------------------------------------------------------------------------

    def _append(self, pcm: bytes) -> None:
        self._buffer += pcm
        detection = self.config["audio"]["input"]["turn_detection"]
        if detection is None:
            return
        samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
        loud = bool(samples) and math.sqrt(sum(x * x for x in samples) / len(samples)) > 500
        if loud and not self._loud:
            self._loud = True
            self._emit("input_audio_buffer.speech_started", audio_start_ms=0, item_id=self._id("item"))
            if self.active is not None:
                self._stop(self.active)
        elif self._loud and not loud:
            self._loud = False
            self._commit()
            if self.active is None:
                self._start({})

    def _commit(self) -> None:
        ms = 1000 * len(self._buffer) / 2 / RATE
        if ms < SHORTEST:
            raise Refused(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {ms:.2f}ms of audio.",
                "input_audio_buffer_commit_empty",
            )
        id = self._id("item")
        content = {"type": "input_audio", "transcript": None}
        self._emit("input_audio_buffer.committed", item_id=id, previous_item_id=self._last())
        self._add({"id": id, "type": "message", "role": "user", "content": [content]})
        self.items[id]["heard"] = self._transcribe(bytes(self._buffer))
        self._buffer.clear()

    # ---- items ---------------------------------------------------------------------------------

    def _create(self, item: Mapping[str, Any], before: str | None) -> None:
        id = item.get("id") or self._id("item")
        if id in self.items:
            raise Refused(f"an item with ID {id} exists", "item_create_duplicate_item_id", "item.id")
        if before not in (None, "root"):
            self._item(before, "item_create_invalid_previous_item_id")
        if item["type"] == "function_call_output":
            known = [one.get("call_id") for one in self.items.values() if one["type"] == "function_call"]
            if item["call_id"] not in known:
                raise Refused(
                    f"Tool call ID '{item['call_id']}' not found in conversation.",
                    "invalid_tool_call_id",
                    "item.call_id",
                )
        self._add({**item, "id": id}, before)

    def _add(self, item: dict[str, Any], before: str | None = None) -> None:
        item = {"object": "realtime.item", "status": "completed", **item}
        previous = self._last() if before is None else before
        if before is None:
            self.items[item["id"]] = item
        else:
            at = 0 if before == "root" else list(self.items).index(before) + 1
            entries = list(self.items.items())
            self.items = dict([*entries[:at], (item["id"], item), *entries[at:]])
        previous = None if previous == "root" else previous
        self._emit("conversation.item.added", item=item, previous_item_id=previous)
        self._emit("conversation.item.done", item=item, previous_item_id=previous)

    def _item(self, id: str, code: str) -> dict[str, Any]:
        if id not in self.items:
            raise Refused(f"there is no item with ID {id}", code, "item_id")
        return self.items[id]

    def _truncate(self, event: Mapping[str, Any]) -> None:
        item = self._item(event["item_id"], "item_truncate_invalid_item_id")
        sent = self.sounds.get(event["item_id"])
        if item.get("role") != "assistant" or sent is None or event["content_index"] != 0:
            raise Refused("only the sound of the assistant can be truncated", "invalid_value")
        if event["audio_end_ms"] > sent or event["audio_end_ms"] < 0:
            raise Refused(f"Audio content of {sent}ms is already shorter than {event['audio_end_ms']}ms")
        self.sounds[event["item_id"]] = event["audio_end_ms"]
        self._emit(
            "conversation.item.truncated",
            item_id=event["item_id"],
            content_index=0,
            audio_end_ms=event["audio_end_ms"],
        )

    def _last(self) -> str | None:
        return next(reversed(self.items), None)

    # ---- responses -----------------------------------------------------------------------------

    async def _respond(self, response: Mapping[str, Any]) -> None:
        oob = response.get("conversation") == "none"
        if self.model not in REASONING and ("reasoning" in response or "parallel_tool_calls" in response):
            raise Refused(f"{self.model} does not take reasoning", "unsupported_parameter", "reasoning")
        for item in response.get("input") or ():
            if item["type"] == "item_reference":
                self._item(item["id"], "invalid_item_reference")
        if not oob and self.active is not None:
            raise Refused(
                f"Conversation already has an active response in progress: {self.active.id}. Wait until the "
                "response is finished before creating a new one.",
                "conversation_already_has_active_response",
            )
        wrong = await self._at(Phase.GUESS if oob else Phase.ANSWER, self)
        self._start(response, wrong)

    def _start(self, response: Mapping[str, Any], wrong: str | None = None) -> None:
        modality = (response.get("output_modalities") or self.config["output_modalities"])[0]
        limit = response.get("max_output_tokens") or self.config.get("max_output_tokens")
        run = _Run(
            self._id("resp"),
            response.get("conversation") == "none",
            modality,
            response.get("metadata"),
            limit if isinstance(limit, int) else None,
        )
        # The context is what it is now: what is added meanwhile is not seen.
        context = self._context(response, run)
        self.runs[run.id] = run
        run.task = asyncio.create_task(self._generate(run, *context, wrong))

    def _context(self, response: Mapping[str, Any], run: _Run) -> tuple[Context, list[str]]:
        given = response.get("input")
        items: list[dict[str, Any]] = list(self.items.values())
        if given is not None:
            items = [self.items[one["id"]] if one["type"] == "item_reference" else one for one in given]
        latest = max((at for at, item in enumerate(items) if item.get("role") == "user"), default=-1)
        said = items[latest] if latest >= 0 else {"content": []}
        words = "".join(content.get("text") or said.get("heard", "") for content in said["content"])
        outputs = {one["call_id"]: one["output"] for one in items if one["type"] == "function_call_output"}
        calls = [
            Done(one["name"], json.loads(one["arguments"]), outputs.get(one["call_id"]))
            for one in items[latest + 1 :]
            if one["type"] == "function_call"
        ]
        tools = response.get("tools", self.config["tools"]) or []
        names = [tool["name"] for tool in tools]
        prompt = [
            str(response.get("instructions") or self.config["instructions"]),
            json.dumps(tools),
            *(json.dumps(item) for item in items),
        ]
        return Context(words, calls, run.oob, names, items), prompt

    async def _generate(self, run: _Run, context: Context, prompt: Sequence[str], wrong: str | None) -> None:
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
        await self._at(Phase.GUESSED if run.oob else Phase.SPOKEN, self)

    async def _call(self, run: _Run, index: int, call: Call, context: Context) -> bool:
        """Write a call; False where it was cut off."""
        if call.name not in context.functions:
            raise AssertionError(f"the model has no function {call.name}: the client did not declare it")
        arguments = json.dumps(call.arguments)
        item = {"id": self._id("item"), "object": "realtime.item", "type": "function_call", "name": call.name}
        item |= {"call_id": self._id("call")}
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
            self._add(whole)
        self._emit("response.output_item.done", item=whole, **where)
        await self._at(Phase.GUESSING if run.oob else Phase.SPEAKING, self)
        return not run.cancelled

    async def _say(self, run: _Run, index: int, say: Say) -> bool:
        """Write or speak a text; False where it was cut off."""
        audio = run.modality == "audio"
        id = self._id("item")
        kind = "output_audio" if audio else "output_text"
        item: dict[str, Any] = {"id": id, "object": "realtime.item", "type": "message", "role": "assistant"}
        where = {"response_id": run.id, "output_index": index, "item_id": id, "content_index": 0}
        place = {"response_id": run.id, "output_index": index}
        self._emit(
            "response.output_item.added", item={**item, "status": "in_progress", "content": []}, **place
        )
        if not run.oob:
            self.items[id] = {**item, "content": []}
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
                self._has_spoken = True
                run.spoke += max(1, round(seconds * 20))
                self.sounds[id] = self.sounds.get(id, 0) + int(seconds * 1000)
                self._emit("response.output_audio.delta", delta=_tone(int(seconds * 1000)), **where)
            await self._at(Phase.GUESSING if run.oob else Phase.SPEAKING, self)
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
        if not run.oob and id in self.items:
            self.items[id] = whole
            self._emit("conversation.item.done", item=whole)
        self._emit("response.output_item.done", item=whole, **place)
        return status == "completed"

    async def _sleep(self, run: _Run, seconds: float) -> bool:
        """Take time to think; False once the response was cancelled."""
        await asyncio.sleep(seconds)
        return not run.cancelled

    def _end(self, run: _Run, prompt: Sequence[str], status: str, details: Mapping[str, Any]) -> None:
        del self.runs[run.id]
        state = self._state(run, status)
        state["status_details"] = details
        if status != "failed":
            state["usage"] = self._usage(run, prompt)
        self._emit("response.done", response=state)
        limits = [{"name": "requests", "limit": 500, "remaining": 499, "reset_seconds": 0.1}]
        self._emit("rate_limits.updated", rate_limits=limits)

    def _usage(self, run: _Run, prompt: Sequence[str]) -> dict[str, Any]:
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

    def _cancel(self, id: str | None) -> None:
        run = self.active if id is None else self.runs.get(id)
        if run is None or run.cancelled:
            raise Refused("Cancellation failed: no active response found", "response_cancel_not_active")
        self._stop(run)

    def _stop(self, run: _Run) -> None:
        run.cancelled = True

    def _state(self, run: _Run, status: str) -> dict[str, Any]:
        return {
            "id": run.id,
            "object": "realtime.response",
            "status": status,
            "output": list(run.output),
            "output_modalities": [run.modality],
            "conversation_id": None if run.oob else "conv_1",
            "metadata": dict(run.metadata) if run.metadata is not None else None,
        }

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count:06}"


def _tone(ms: int) -> str:
    samples = (int(6000 * math.sin(n * 0.06)) for n in range(RATE * ms // 1000))
    return base64.b64encode(b"".join(struct.pack("<h", x) for x in samples)).decode()
