"""Streaming speech recognition: hypotheses while the user talks, one settled text at every silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    Frame,
    VADUserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService

from voice.agreement import Agreement
from voice.decoder import SAMPLE_RATE, Audio, Decoded, Decoder
from voice.frames import AudioLostFrame, HypothesisFrame, TurnClosedFrame, VoiceHintFrame

_SECOND = 2 * SAMPLE_RATE  # bytes

PERIOD = 0.35  # seconds between the starts of two decodes, more when a decode takes long
_FIRST = 0.15  # seconds from the confirmed start of speech to the first decode; earlier ones are guesses
_LOAD = 0.65  # most of a core that decoding may take
_PRE_ROLL = 0.6  # seconds kept from before the voice detector noticed: it needs 0.3 s of speech
_SILENCE = 0.05  # seconds of silence before the settling decode starts; shorter ones are within words
_WHOLE = 28.0  # seconds that are decoded undivided in the end; Whisper takes 30
_FULL = 60.0  # seconds of undecoded audio: the recogniser is hopelessly behind
_CUT_AFTER = 12.0  # seconds of undivided audio; decoding more of it takes too long
_CUT_WITHIN = 4.0  # seconds at the end of it where the quietest place is looked for


def quietest(audio: Audio, seconds: float) -> int:
    """Position (samples) in the middle of the quietest 0.1 s within the last `seconds`, less the last 1 s."""
    step = SAMPLE_RATE // 10
    first = max(0, len(audio) - int(seconds * SAMPLE_RATE))
    starts = range(first, len(audio) - SAMPLE_RATE, step // 2)
    energy = [float(np.square(audio[at : at + step].astype(np.float64)).mean()) for at in starts]
    return starts[int(np.argmin(energy))] + step // 2


class WhisperSTT(STTService):
    """Decodes the growing audio of a turn again and again, and pushes `HypothesisFrame`s.

    A turn opens with the first confirmed speech and closes with the `TurnClosedFrame` that the turn
    detector sends up. Decoding runs in one worker thread, only while a turn is open and only while
    the user talks, plus once in every silence (`settled`).
    """

    def __init__(self, decoder: Decoder) -> None:
        super().__init__(
            settings=STTSettings(model="whisper", language=decoder.language), ttfs_p99_latency=0.8
        )
        self._decoder = decoder
        self._pool = ThreadPoolExecutor(1, "decode")
        self._running: asyncio.Future[Decoded] | None = None
        self._buffer = bytearray()
        self._begun_bytes = 0  # audio since the last confirmed start of speech
        self._begun_after = 0  # number of the silence before that
        self._follower: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._agreement = Agreement()
        self._before: list[str] = []  # words of the turn whose audio was cut off
        self._last_silence = 0  # number of the newest silence
        self._silence = 0  # number of the silence being listened to, 0 while the user talks
        self._silent_bytes = 0
        self._failure = ""  # told last
        self._settled = 0  # number of the last silence settled

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Keep the audio. Words are pushed by the turn's own task."""
        if len(self._buffer) > _FULL * _SECOND:
            self._buffer.clear()
            await self.push_frame(AudioLostFrame(_FULL))
        self._buffer += audio
        self._begun_bytes += len(audio)
        if self._follower is None:
            del self._buffer[: max(0, len(self._buffer) - int(_PRE_ROLL * _SECOND))]
        elif self._silence:
            before = self._silent_bytes
            self._silent_bytes += len(audio)
            if before < _SILENCE * _SECOND <= self._silent_bytes:
                self._changed.set()
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the voice detector's and the turn detector's frames; pass everything on."""
        if isinstance(frame, VoiceHintFrame):
            self._last_silence = frame.silence
            if frame.state == VADState.STOPPING:
                self._silence, self._silent_bytes = frame.silence, 0
            elif frame.state == VADState.SPEAKING:
                self._silence = 0
                self._changed.set()
        elif isinstance(frame, VADUserStartedSpeakingFrame):
            self._begun_bytes, self._begun_after = 0, self._last_silence
            if self._follower is None:
                self._follower = self.create_task(self._follow())
        elif isinstance(frame, TurnClosedFrame):
            if frame.silence is None or frame.silence > self._begun_after:
                # The end of the audio is silence, or the first syllable of the next turn.
                await self._close(kept=_SILENCE)
                self._silence = 0
            else:  # the next turn had begun before this frame arrived
                await self._close(kept=_PRE_ROLL + self._begun_bytes / _SECOND)
                self._follower = self.create_task(self._follow())
        await super().process_frame(frame, direction)

    async def cleanup(self) -> None:
        """Wait for the decode in flight and end the worker thread."""
        await self._close()
        if self._running is not None:
            await asyncio.wait([self._running])
        self._pool.shutdown()
        await super().cleanup()

    async def _close(self, kept: float = 0.0) -> None:
        """Forget the turn and all but the last `kept` seconds of its audio."""
        if self._follower is not None:
            await self.cancel_task(self._follower)
        self._follower = None
        self._agreement = Agreement()
        self._before = []
        del self._buffer[: max(0, len(self._buffer) - int(kept * SAMPLE_RATE) * 2)]

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(_FIRST)
        while True:
            self._changed.clear()
            started = loop.time()
            silent = self._silent_bytes >= _SILENCE * _SECOND
            if not self._silence:
                await self._cut()
                await self._hear(await self._decode(self._decoder.partial, len(self._buffer)), settled=0)
                spent = loop.time() - started
                await self._pause(max(PERIOD, spent / _LOAD) - spent)
            elif silent and self._settled != self._silence:
                silence = self._silence
                if len(self._buffer) > _WHOLE * _SECOND:
                    await self._cut()
                await self._hear(await self._decode(self._decoder.final, len(self._buffer)), settled=silence)
                self._settled = silence
            else:
                # Settled, or a silence too short to tell: a decode begun now would be in the way.
                await self._changed.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    async def _decode(self, decode: Callable[[Audio], Decoded], size: int) -> Decoded:
        audio = np.frombuffer(bytes(self._buffer[:size]), np.int16)
        self._running = asyncio.get_running_loop().run_in_executor(self._pool, decode, audio)
        try:
            # Shielded: the thread cannot be stopped, and whoever cleans up must be able to wait for it.
            return await asyncio.shield(self._running)
        except Exception as error:
            # The turn ends all the same, with the words so far; the next decode is another chance.
            if str(error) != self._failure:
                self._failure = str(error)
                await self.push_error(f"speech recognition failed: {error}", exception=error)
            return Decoded((), believable=False)

    async def _hear(self, decoded: Decoded, settled: int) -> None:
        if decoded.believable:
            self._agreement.add(decoded.words)
        elif not settled:
            return
        stable = " ".join([*self._before, *self._agreement.stable])
        unstable = " ".join(self._agreement.unstable)
        await self.push_frame(HypothesisFrame(stable, unstable, settled))

    async def _cut(self) -> None:
        """Cut long audio at a quiet place: what lies before is decoded once more, for good."""
        whole = int(_CUT_AFTER * _SECOND)
        while len(self._buffer) >= whole:
            # No more than that at once, however late we are: Whisper would leave out what is beyond 30 s.
            size = 2 * quietest(np.frombuffer(bytes(self._buffer[:whole]), np.int16), _CUT_WITHIN)
            decoded = await self._decode(self._decoder.final, size)
            self._before += decoded.words if decoded.believable else self._agreement.stable
            self._agreement = Agreement()
            del self._buffer[:size]
