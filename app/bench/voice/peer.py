"""The same model by the book: whole clips at once, and in Pipecat's own Whisper service."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

import numpy as np
from faster_whisper import WhisperModel
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import Frame, InputAudioRawFrame, TranscriptionFrame, VADUserStoppedSpeakingFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.workers.runner import WorkerRunner

from app.bench.ranges import Range
from app.bench.voice.clips import Clip, in_turn, tape
from app.bench.voice.hearing import GAP
from app.bench.voice.words import Errors, compare
from voice.decoder import SAMPLE_RATE
from voice.models import whisper_path
from voice.vad import STOP_SECS
from voice.wavfile import FileInput


def at_once(clips: Sequence[Clip]) -> Errors:
    """Word errors of the model with each whole clip at once, as the library decodes by default (beam 5)."""
    model = WhisperModel(str(whisper_path()), device="cpu", compute_type="int8")
    errors = Errors(0, 0)
    for clip in clips:
        segments, _ = model.transcribe(clip.audio.astype(np.float32) / 32768, language="en")
        errors += compare(clip.text, " ".join(segment.text for segment in segments))
    return errors


@dataclass(frozen=True, slots=True)
class Peer:
    """Pipecat's `WhisperSTTService` alone in a pipeline, without a brain.

    `transcript` is the time in seconds from the end of speech to the last transcript of a clip; it has no
    words before that. `split` counts clips that came as more than one transcript; `cpu` is of the whole
    process, in percent of one core.
    """

    errors: Errors
    transcript: Range
    split: int
    cpu: float


class _NotingWhisper(WhisperSTTService):
    """Notes each transcript: the second of the tape at which its speech ended, and when it was there."""

    def __init__(self) -> None:
        settings = WhisperSTTService.Settings(model=str(whisper_path()))
        super().__init__(device="cpu", compute_type="int8", settings=settings)
        self.all: list[tuple[float, float, str]] = []
        self.left = 0  # segments that wait for their transcript
        self._samples = 0
        self._ends: deque[float] = deque()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Count the audio, and note where a segment ends."""
        if isinstance(frame, InputAudioRawFrame):
            self._samples += len(frame.audio) // 2
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self.left += 1
            self._ends.append(self._samples / SAMPLE_RATE)
        await super().process_frame(frame, direction)

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Note what comes of a segment; they come in order."""
        ended = self._ends.popleft()
        async for frame in super().run_stt(audio):
            if isinstance(frame, TranscriptionFrame):
                self.all.append((ended, time.monotonic(), frame.text))
            yield frame
        self.left -= 1


async def peer(clips: Sequence[Clip], said: Callable[[str], None]) -> Peer:
    """Play the clips once, in real time. `said` gets a line of progress in the beginning."""
    audio, starts = tape(clips, [GAP] * len(clips))
    said(f"{len(audio) / SAMPLE_RATE:.0f} s")
    ears = FileInput(audio)
    whisper = _NotingWhisper()
    detector = VADProcessor(vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=STOP_SECS)))
    worker = PipelineWorker(
        Pipeline([ears, detector, whisper]),
        params=PipelineParams(audio_in_sample_rate=SAMPLE_RATE),
        enable_rtvi=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    begun, cpu = time.monotonic(), time.process_time()
    running = asyncio.create_task(runner.run())
    await ears.played.wait()
    played = time.monotonic() - (len(audio) / SAMPLE_RATE + 1.0)  # `played` is told a second after the end
    cpu = 100 * (time.process_time() - cpu) / (time.monotonic() - begun)
    while whisper.left:  # noqa: ASYNC110 - the service tells nobody
        await asyncio.sleep(0.1)
    await runner.cancel()
    await running
    errors, lags, split = Errors(0, 0), [], 0
    for clip, start, end in in_turn(clips, starts):
        heard = [(at - played, text) for ended, at, text in whisper.all if start <= ended < end]
        errors += compare(clip.text, " ".join(text for _, text in heard))
        split += len(heard) > 1
        if heard:
            lags.append(heard[-1][0] - start - clip.end)
    return Peer(errors, Range.of(lags), split, cpu)
