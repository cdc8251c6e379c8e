"""Voice activity on the microphone's audio: Silero, reported as Pipecat's VAD frames plus hints."""

from __future__ import annotations

import numpy as np
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup

from voice.decoder import SAMPLE_RATE
from voice.frames import AudioHeardFrame, VoiceHintFrame
from voice.hand import VoiceHand
from voice.listener import Listener

START_SECS = 0.2
STOP_SECS = 0.2
_LOUD = 0.4  # on Pipecat's scale; its own 0.6 is reached 0.1 s later, as the volume is smoothed
_LINGERS = 2 * SAMPLE_RATE * 6 // 10  # bytes: 0.6 s, for what the speaker holds, and for the room
_BLOCK = 2 * SAMPLE_RATE * 8 // 100  # bytes between two levels: 80 ms


def loudness(pcm: bytes) -> float:
    """RMS of 16-bit samples, from 0 to 1 (full scale); 0 for none."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(np.sqrt(np.mean(np.square(samples)))) / 32768 if samples.size else 0.0


def voice_analyzer() -> VADAnalyzer:
    """Silero, which serves one detector after the other; its `cleanup` ends its thread."""
    return SileroVADAnalyzer(params=VADParams(start_secs=START_SECS, stop_secs=STOP_SECS, min_volume=_LOUD))


class VoiceDetector(FrameProcessor):
    """Passes audio on and says when the user starts and stops speaking.

    Unlike Pipecat's own VAD processor it also reports the unconfirmed states, because two things are
    won there: the last decode starts 0.1 s into a silence, and a turn is not ended while the user is
    drawing breath for the next word.

    With `half_duplex` the microphone counts as silent while the assistant speaks, and until that has died
    away: without headphones and without echo cancellation it would hear, and interrupt, itself. Where `hand`
    has muted it, it is silent too, so that a turn which had begun ends. The session is told how loud it is,
    some twelve times a second.
    """

    def __init__(
        self, session: Listener, hand: VoiceHand, analyzer: VADAnalyzer, half_duplex: bool = False
    ) -> None:
        super().__init__()
        self._session = session
        self._hand = hand
        self._unweighed = b""  # audio whose level was not told yet
        self._analyzer = analyzer
        self._half_duplex = half_duplex
        self._assistant_speaks = False
        self._lingers = 0  # bytes of audio in which it may still be heard
        self._state = VADState.QUIET
        self._speaking = False
        self._silences = 0

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Take the sample rate of the pipeline."""
        await super().setup(setup)
        self._analyzer.set_sample_rate(setup.audio_in_sample_rate)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass every frame on; look at audio."""
        await super().process_frame(frame, direction)
        if isinstance(frame, BotStartedSpeakingFrame):
            self._assistant_speaks = True
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._assistant_speaks = False
            self._lingers = _LINGERS
        elif isinstance(frame, InputAudioRawFrame):
            hears_itself = self._assistant_speaks or self._lingers > 0
            self._lingers -= len(frame.audio)
            if self._hand.is_muted or (self._half_duplex and hears_itself):
                frame.audio = bytes(len(frame.audio))
            self._weigh(frame.audio)
        await self.push_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self.push_frame(AudioHeardFrame(), FrameDirection.UPSTREAM)
            await self._look(frame.audio)

    def _weigh(self, audio: bytes) -> None:
        self._unweighed += audio
        if len(self._unweighed) >= _BLOCK:
            self._session.level(loudness(self._unweighed))
            self._unweighed = b""

    async def _look(self, audio: bytes) -> None:
        state = await self._analyzer.analyze_audio(audio)
        if state == self._state:
            return
        if self._state == VADState.SPEAKING:
            self._silences += 1
        self._state = state
        await self.push_frame(VoiceHintFrame(state, self._silences))
        if state == VADState.SPEAKING and not self._speaking:
            self._speaking = True
            await self.push_frame(VADUserStartedSpeakingFrame(start_secs=START_SECS))
        elif state == VADState.QUIET and self._speaking:
            self._speaking = False
            await self.push_frame(VADUserStoppedSpeakingFrame(stop_secs=STOP_SECS))
