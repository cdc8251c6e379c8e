"""One Realtime session of the double: its configuration, the user's sound, and the rules for responses."""

from __future__ import annotations

import asyncio
import json
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

from tests.doubles.openai_conversation import Conversation, Emit
from tests.doubles.openai_generation import RATE, At, Generator, Pace, Phase, Run
from tests.doubles.openai_mind import Context, Done, Mind
from tests.doubles.openai_wire import Refused

SHORTEST = 100  # ms of audio that can be committed
REASONING = ("gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini")


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
        self._conversation = Conversation(emit)
        self._generator = Generator(mind, pace, self._conversation, emit, at)
        self._buffer = bytearray()
        self._emit = emit
        self._at = at
        self._transcribe = transcribe
        self._loud = False

    @property
    def runs(self) -> Mapping[str, Run]:
        """The responses under way, by ID."""
        return self._generator.runs

    @property
    def active(self) -> Run | None:
        """The response that writes to the conversation, or None."""
        return next((run for run in self.runs.values() if not run.oob), None)

    async def receive(self, event: Mapping[str, Any]) -> None:
        """Act on a client event. Raises Refused."""
        match event["type"]:
            case "session.update":
                await self._at(Phase.UPDATE)
                self._update(event["session"])
            case "input_audio_buffer.append":
                self._append(event["pcm"])
            case "input_audio_buffer.commit":
                self._commit()
            case "input_audio_buffer.clear":
                self._buffer.clear()
                self._emit("input_audio_buffer.cleared")
            case "conversation.item.create":
                await self._at(Phase.ITEM)
                self._conversation.create(event["item"], event.get("previous_item_id"))
            case "conversation.item.delete":
                self._conversation.delete(event["item_id"])
            case "conversation.item.retrieve":
                item = self._conversation.item(event["item_id"], "item_retrieve_invalid_item_id")
                self._emit("conversation.item.retrieved", item=item)
            case "conversation.item.truncate":
                self._conversation.truncate(event)
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
        if voice not in (None, self.config["audio"]["output"]["voice"]) and self._generator.has_spoken:
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
            self._emit(
                "input_audio_buffer.speech_started",
                audio_start_ms=0,
                item_id=self._conversation.new_id("item"),
            )
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
        id = self._conversation.new_id("item")
        content = {"type": "input_audio", "transcript": None}
        self._emit("input_audio_buffer.committed", item_id=id, previous_item_id=self._conversation.last)
        self._conversation.add({"id": id, "type": "message", "role": "user", "content": [content]})
        self._conversation.items[id]["heard"] = self._transcribe(bytes(self._buffer))
        self._buffer.clear()

    # ---- responses -----------------------------------------------------------------------------

    async def _respond(self, response: Mapping[str, Any]) -> None:
        oob = response.get("conversation") == "none"
        if self.model not in REASONING and ("reasoning" in response or "parallel_tool_calls" in response):
            raise Refused(f"{self.model} does not take reasoning", "unsupported_parameter", "reasoning")
        for item in response.get("input") or ():
            if item["type"] == "item_reference":
                self._conversation.item(item["id"], "invalid_item_reference")
        if not oob and self.active is not None:
            raise Refused(
                f"Conversation already has an active response in progress: {self.active.id}. Wait until the "
                "response is finished before creating a new one.",
                "conversation_already_has_active_response",
            )
        wrong = await self._at(Phase.GUESS if oob else Phase.ANSWER)
        self._start(response, wrong)

    def _start(self, response: Mapping[str, Any], wrong: str | None = None) -> None:
        modality = (response.get("output_modalities") or self.config["output_modalities"])[0]
        limit = response.get("max_output_tokens") or self.config.get("max_output_tokens")
        run = Run(
            self._conversation.new_id("resp"),
            response.get("conversation") == "none",
            modality,
            response.get("metadata"),
            limit if isinstance(limit, int) else None,
        )
        # The context is what it is now: what is added meanwhile is not seen.
        context = self._context(response, run)
        self._generator.runs[run.id] = run
        run.task = asyncio.create_task(self._generator.generate(run, *context, wrong))

    def _context(self, response: Mapping[str, Any], run: Run) -> tuple[Context, list[str]]:
        given = response.get("input")
        items: list[dict[str, Any]] = list(self._conversation.items.values())
        if given is not None:
            items = [
                self._conversation.items[one["id"]] if one["type"] == "item_reference" else one
                for one in given
            ]
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

    def _cancel(self, id: str | None) -> None:
        run = self.active if id is None else self.runs.get(id)
        if run is None or run.cancelled:
            raise Refused("Cancellation failed: no active response found", "response_cancel_not_active")
        self._stop(run)

    def _stop(self, run: Run) -> None:
        run.cancelled = True
