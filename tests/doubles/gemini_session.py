"""One Gemini Live connection after its setup: the rules that depend on what came before."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.genai import types

from tests.doubles import gemini_wire as wire
from tests.doubles.gemini_mind import Ask, History, Mind, Result, Say
from tests.doubles.gemini_wire import Refused

_RATE = 24000  # Hz, of what the model says
_CHUNK = 0.1  # seconds of speech in a message
_LETTERS = 15  # spoken in a second
_TOKENS = 25  # of a second of audio
_numbers = itertools.count(1)  # of calls, in all sessions


class Phase(StrEnum):
    """Where in a turn a fault can strike."""

    GUESSING = "guessing"  # the text model is asked
    CONNECT = "connect"
    SETUP = "setup"
    LISTENING = "listening"  # the user's audio arrives
    THINKING = "thinking"  # the user has finished, nothing was said yet
    CALLED = "called"  # a tool call went out
    ANSWERED = "answered"  # a tool response came in
    SPEAKING = "speaking"
    IDLE = "idle"  # the turn is complete


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the model is, in seconds: until its first word, and for a chunk of 0.1 s of speech.

    `completes_after_call`: whether a generation that called a non-blocking function reports its end before
    the response is there. Both are seen.
    """

    think: float = 0.0
    chunk: float = 0.0
    completes_after_call: bool = True


@dataclass(slots=True)
class _Open:
    """A call the client owes a response."""

    ask: Ask
    blocking: bool


class LiveSession:
    """Takes the client's messages in order. `send` queues one of the server's; `at` is told every phase."""

    def __init__(
        self,
        setup: wire.Setup,
        mind: Mind,
        pace: Pace,
        history: History,
        send: Callable[[dict[str, Any]], None],
        at: Callable[[Phase], Awaitable[None]],
        keep: Callable[[History], str],
    ) -> None:
        self._setup = setup
        self._mind = mind
        self._pace = pace
        self._history = history
        self._send = send
        self._at = at
        self._keep = keep
        self._is_active = False  # the user speaks
        self._open: dict[str, _Open] = {}
        self._closed: set[str] = set()  # calls answered for good
        self._cancelled: set[str] = set()
        self._generation: asyncio.Task[None] | None = None
        self._is_due = False  # another generation follows the running one
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        detection = setup.input.automatic_activity_detection
        self._is_manual = bool(detection and detection.disabled)

    async def receive(self, message: wire.Message) -> None:
        """Take one message. Raises Refused."""
        match message:
            case wire.Setup():
                raise Refused("setup must be the first message and can be sent once only")
            case types.LiveClientRealtimeInput():
                await self._realtime(message)
            case types.LiveClientContent():
                self._content(message)
            case types.LiveClientToolResponse():
                await self._respond(message)
            case types.LiveClientContextUpdate():
                pass

    def fail(self, error: BaseException) -> None:
        """End the connection with this error."""
        if not self.failure.done():
            self.failure.set_exception(error)

    async def close(self) -> None:
        """Stop thinking."""
        if self._generation is not None:
            self._generation.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._generation

    # ---- input ---------------------------------------------------------------------------------

    async def _realtime(self, message: types.LiveClientRealtimeInput) -> None:
        given = [name for name in type(message).model_fields if getattr(message, name) is not None]
        if len(given) != 1:
            raise Refused(f"realtimeInput carries one field, not {given}")
        if given == ["activity_start"] or given == ["activity_end"]:
            if not self._is_manual:
                raise Refused(
                    "Explicit activity control is not supported when automatic activity detection is enabled."
                )
            self._start_activity() if given == ["activity_start"] else self._end_activity()
        elif given == ["audio"]:
            assert message.audio is not None
            samples = wire.audio(message.audio)
            if self._is_manual and not self._is_active:
                raise Refused("audio outside activityStart and activityEnd")
            self._cancel_blocking()
            self._history.listen(samples)
            await self._at(Phase.LISTENING)
        elif given == ["text"]:
            if self._is_manual and not self._is_active:
                raise Refused("text outside activityStart and activityEnd")
            self._history.told(message.text or "")
        elif given == ["audio_stream_end"]:
            if self._is_manual:
                raise Refused("audioStreamEnd is for automatic activity detection only")
        else:
            raise Refused(f"this double takes no {given[0]}")

    def _start_activity(self) -> None:
        if self._is_active:
            raise Refused("activityStart twice")
        self._is_active = True
        self._cancel_blocking()
        if self._setup.input.activity_handling is not types.ActivityHandling.NO_INTERRUPTION:
            self._interrupt(cancel_calls=True)
        self._history.begin_turn()

    def _end_activity(self) -> None:
        if not self._is_active:
            raise Refused("activityEnd without activityStart")
        if not self._history.audio:
            raise Refused("activityEnd without any audio since activityStart")
        self._is_active = False
        self._generate()

    def _content(self, message: types.LiveClientContent) -> None:
        if self._is_active:
            raise Refused("clientContent must not come between activityStart and activityEnd")
        wire.check_turns(message)
        self._cancel_blocking()
        self._interrupt(cancel_calls=True)
        for turn in message.turns or []:
            self._history.texts += [(turn.role or "", part.text or "") for part in turn.parts or []]
        if message.turn_complete:
            if not self._history.texts:
                raise Refused("turnComplete with an empty context")
            self._history.begin_turn()
            self._history.told(self._history.texts[-1][1])
            self._generate()

    async def _respond(self, message: types.LiveClientToolResponse) -> None:
        responses = message.function_responses or []
        if not responses:
            raise Refused("toolResponse without functionResponses")
        speak = interrupt = False
        for response in responses:
            if response.id in self._cancelled:
                continue  # it crossed the cancellation
            if response.id in self._closed:
                raise Refused(f"call {response.id} was answered already")
            call = self._open.get(response.id or "")
            if call is None:
                raise Refused(f"there is no call {response.id!r}")
            if response.name != call.ask.name:
                raise Refused(f"call {response.id} is {call.ask.name}, not {response.name}")
            if response.response is None:
                raise Refused(f"call {response.id}: a response is an object")
            if response.will_continue and call.blocking:
                raise Refused("willContinue is for non-blocking functions")
            self._history.results.append(Result(call.ask.name, call.ask.args, response.response))
            if not response.will_continue:
                self._closed.add(response.id or "")
                del self._open[response.id or ""]
            scheduling = response.scheduling or types.FunctionResponseScheduling.WHEN_IDLE
            if call.blocking:
                speak = speak or not any(other.blocking for other in self._open.values())
            else:
                speak = speak or scheduling is not types.FunctionResponseScheduling.SILENT
                interrupt = interrupt or scheduling is types.FunctionResponseScheduling.INTERRUPT
        await self._at(Phase.ANSWERED)
        if interrupt and not self._is_active:  # while the user speaks it waits
            self._interrupt(cancel_calls=False)
        if speak:
            self._generate()

    # ---- output --------------------------------------------------------------------------------

    def _generate(self) -> None:
        """Begin a generation, after the running one and after the user."""
        if self._is_active or self._generation is not None:
            self._is_due = True
            return
        self._is_due = False
        self._generation = asyncio.create_task(self._run(), name="generation")
        self._generation.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        if task is self._generation:
            self._generation = None
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self.fail(error)
        elif self._is_due and not self._is_active:
            self._generate()

    def _interrupt(self, *, cancel_calls: bool) -> None:
        """A running generation stops; what it had sent is still on its way."""
        if self._generation is None:
            return
        self._generation.cancel()
        self._generation = None
        self._is_due = False
        self._send({"serverContent": {"interrupted": True}})
        if cancel_calls:
            self._cancel(list(self._open))
        self._send({"serverContent": {"turnComplete": True, "interactionStatus": "IDLE"}})

    def _cancel_blocking(self) -> None:
        """New input cancels calls of blocking functions. Models before 3.8 close the connection instead."""
        ids = [id for id, call in self._open.items() if call.blocking]
        if ids and "3.8" not in self._setup.model:
            raise Refused("The operation was aborted.", 1008)
        self._cancel(ids)

    def _cancel(self, ids: list[str]) -> None:
        for id in ids:
            del self._open[id]
            self._cancelled.add(id)
        if ids:
            self._send({"toolCallCancellation": {"ids": ids}})

    async def _run(self) -> None:
        if self._setup.setup.session_resumption is not None:
            self._send({"sessionResumptionUpdate": {}})
        await asyncio.sleep(self._pace.think)
        await self._at(Phase.THINKING)
        moves = self._mind(self._history)
        said = " ".join([move.text for move in moves if isinstance(move, Say)])
        asks = [move for move in moves if isinstance(move, Ask)]
        if asks:
            ids = self._call(asks)
            await self._at(Phase.CALLED)
            if any(self._open[id].blocking for id in ids if id in self._open):
                return  # the same generation goes on with the responses
        if said:
            await self._say(said)
        if asks and not said and not self._pace.completes_after_call:
            return
        self._send({"serverContent": {"generationComplete": True}})
        self._send({"usageMetadata": self._usage(said)})
        self._send({"serverContent": {"turnComplete": True, "interactionStatus": "IDLE"}})
        if self._setup.setup.session_resumption is not None and not self._open:
            handle = self._keep(self._history.copy())
            self._send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
        await self._at(Phase.IDLE)

    def _call(self, asks: list[Ask]) -> list[str]:
        calls = []
        for ask in asks:
            declared = self._setup.tools.get(ask.name)
            assert declared is not None, f"the script calls {ask.name}, which was not declared"
            id = f"call-{next(_numbers)}"
            blocking = declared.behavior is types.Behavior.BLOCKING or (
                declared.behavior is None and "3.8" not in self._setup.model
            )
            self._open[id] = _Open(ask, blocking)
            calls.append({"id": id, "name": ask.name, "args": dict(ask.args)})
        self._send({"toolCall": {"functionCalls": calls}})
        return [call["id"] for call in calls]

    async def _say(self, text: str) -> None:
        chunks = max(1, round(len(text) / _LETTERS / _CHUNK))
        words = text.split()
        shown = 0
        for number in range(chunks):
            silence = base64.b64encode(bytes(2 * int(_RATE * _CHUNK))).decode()
            part = {"inlineData": {"mimeType": f"audio/pcm;rate={_RATE}", "data": silence}}
            self._send({"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}})
            # The transcript runs beside the audio, here a little behind it.
            upto = len(words) * (number + 1) // chunks
            if upto > shown and self._setup.setup.output_audio_transcription is not None:
                piece = " ".join(words[shown:upto])
                piece = f" {piece}" if shown else piece
                self._send({"serverContent": {"outputTranscription": {"text": piece}}})
                shown = upto
            if number == 0:
                await self._at(Phase.SPEAKING)
            await asyncio.sleep(self._pace.chunk)
        self._history.said.append(text)

    def _usage(self, said: str) -> dict[str, Any]:
        """Counts as the service reports them: the details leave a part of the prompt out."""
        text = sum(len(part) for _, part in self._history.texts) // 4 + 300
        audio = self._history.heard * _TOKENS // 32000
        spoken = round(len(said) / _LETTERS * _TOKENS)
        return {
            "promptTokenCount": text + audio + 25,
            "cachedContentTokenCount": 0,
            "responseTokenCount": spoken,
            "totalTokenCount": text + audio + 25 + spoken,
            "thoughtsTokenCount": 7,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": text},
                {"modality": "AUDIO", "tokenCount": audio},
            ],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": spoken}],
        }
