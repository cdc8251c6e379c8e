import asyncio
import threading
from pathlib import Path

import numpy as np
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import EndFrame, InputAudioRawFrame, VADUserStartedSpeakingFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.tests.utils import SleepFrame, run_test

from app.bench.voice.clips import SENTENCES
from app.bench.voice.words import compare
from voice.decoder import SAMPLE_RATE
from voice.frames import AudioLostFrame, HypothesisFrame, TurnClosedFrame, VoiceHintFrame
from voice.stt import WhisperSTT, quietest
from voice.wavfile import read_audio

DEMO = read_audio(Path(__file__).parents[2] / "assets" / "demo.wav")
START = VADUserStartedSpeakingFrame(start_secs=0.2)


@settings(max_examples=25)
@given(st.floats(9.5, 10.8), st.integers(0, 2**31))
def test_long_audio_is_cut_in_its_quiet_gap(gap, seed):
    audio = np.random.default_rng(seed).normal(0, 3000, 12 * SAMPLE_RATE).astype(np.int16)
    start = int(gap * SAMPLE_RATE)
    audio[start : start + SAMPLE_RATE // 5] = 0
    assert start <= quietest(audio, 4.0) <= start + SAMPLE_RATE // 5


class Deaf:
    """A model that breaks, as one does whose memory is gone."""

    language = "en"

    def partial(self, audio):
        raise RuntimeError("out of memory")

    final = partial


def heard(start, end):
    pcm = DEMO.tobytes()[round(start * 16000) * 2 : round(end * 16000) * 2]
    return [InputAudioRawFrame(pcm[at : at + 640], 16000, 1) for at in range(0, len(pcm), 640)]


def silence(number):
    return [VoiceHintFrame(VADState.STOPPING, number), *heard(0, 0.2)]


class Patient(WhisperSTT):
    """Goes on to the end of the pipeline when silence number `awaited` is settled."""

    awaited = 1

    def __init__(self, decoder):
        super().__init__(decoder)
        self.found = []
        self.done = asyncio.Event()

    async def process_frame(self, frame, direction):
        if isinstance(frame, EndFrame):
            await asyncio.wait_for(self.done.wait(), 30)
        await super().process_frame(frame, direction)

    async def push_frame(self, frame, direction=FrameDirection.DOWNSTREAM):
        await super().push_frame(frame, direction)
        if isinstance(frame, HypothesisFrame):
            self.found.append(frame)
            if frame.settled == self.awaited:
                self.done.set()


async def test_a_recogniser_that_breaks_settles_all_the_same_and_is_told_once():
    stt = Patient(Deaf())
    frames = [VoiceHintFrame(VADState.SPEAKING, 0), START, *heard(0, 2), SleepFrame(sleep=0.3), *silence(1)]
    _, up = await run_test(stt, frames_to_send=frames)
    assert [frame.settled for frame in stt.found] == [1] and stt.found[0].text == ""
    assert len([frame for frame in up if "out of memory" in getattr(frame, "error", "")]) == 1


async def test_speech_that_began_before_the_turn_was_closed_belongs_to_the_next(models):
    class Late(Patient):
        awaited = 2

        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            if isinstance(frame, VoiceHintFrame) and frame.silence == 2:
                await super().process_frame(TurnClosedFrame(silence=1), direction)

    first = [VoiceHintFrame(VADState.SPEAKING, 0), START, *heard(0.9, 2.4), *silence(1), *silence(1)]
    again = [*heard(2.55, 2.8), VoiceHintFrame(VADState.SPEAKING, 1), START, *heard(2.8, 6.1), *silence(2)]
    stt = Late(models.decoder)
    await run_test(stt, frames_to_send=[*first, *again])
    assert "lunch" in stt.found[-1].text and "Friday" not in stt.found[-1].text


class Stuck:
    """A recogniser that has all the time in the world, until it is let go."""

    def __init__(self, decoder):
        self.language, self.partial, self._decoder = decoder.language, self.final, decoder
        self.free = threading.Event()

    def final(self, audio):
        self.free.wait(30)
        return self._decoder.final(audio)


class Overtaken(WhisperSTT):
    """Lets its recogniser go when all audio has come in."""

    async def process_frame(self, frame, direction):
        if isinstance(frame, EndFrame):
            self._decoder.free.set()
        await super().process_frame(frame, direction)


class Late(Overtaken, Patient):
    """And waits for what it heard."""


async def test_a_recogniser_that_is_late_leaves_nothing_out(models):
    stt = Late(Stuck(models.decoder))
    text = " ".join(SENTENCES)  # 40 s, more than Whisper takes at once
    speech = soxr.resample(models.voice(text, seed=1), models.voice.sample_rate, SAMPLE_RATE)
    pcm = (speech * 32767).astype(np.int16).tobytes()
    said = [InputAudioRawFrame(pcm[at : at + 640], 16000, 1) for at in range(0, len(pcm), 640)]
    opening = [VoiceHintFrame(VADState.SPEAKING, 0), START, SleepFrame(sleep=0.3)]
    await run_test(stt, frames_to_send=[*opening, *said, *silence(1)])
    assert compare(text, stt.found[-1].text).rate < 10


async def test_a_recogniser_that_does_not_come_back_is_given_up():
    minute = [InputAudioRawFrame(bytes(32_000), 16_000, 1)] * 62
    opening = [VoiceHintFrame(VADState.SPEAKING, 0), START, SleepFrame(sleep=0.3)]
    down, _ = await run_test(Overtaken(Stuck(Deaf())), frames_to_send=[*opening, *minute])
    assert [frame.seconds for frame in down if isinstance(frame, AudioLostFrame)] == [60]
