"""A spoken conversation: the pipeline from microphone to speaker around one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hibari import SAMPLE_RATE as VOICE_RATE
from pipecat.frames.frames import ErrorFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from voice.bridge import Bridge, Listener
from voice.decoder import SAMPLE_RATE
from voice.devices import Direction, pick
from voice.models import Models, load_voice, warm_up
from voice.stt import WhisperSTT
from voice.transport import MicrophoneInput, SpeakerOutput
from voice.tts import HibariTTS
from voice.turns import TurnDetector
from voice.vad import VoiceDetector
from voice.wavfile import FileInput, FileOutput, HeardOutput, NullOutput, read_audio

_POLL = 0.05  # seconds between two looks at whether a played file is all answered


@dataclass(frozen=True, slots=True)
class Microphone:
    """Listen to a device; `name` is part of its name, None the default one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speak through a device; `name` is part of its name, None the default one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How to talk. `models` come from `warm_up`; without them they are loaded first.

    `half_duplex` closes the microphone while the assistant speaks, for loudspeakers in the open.
    `patience` is how many seconds after the end of a played file its answer may take.
    """

    models: Models | None = None
    half_duplex: bool = False
    patience: float = 60.0


async def run_voice(
    session: Listener,
    source: Microphone | Path,
    sink: Speaker | Path | None,
    *,
    options: VoiceOptions | None = None,
) -> None:
    """Talk until cancelled, or until a played file is answered.

    A path as `source` is an audio file heard in real time; the call returns when it was played, every
    turn has ended and the answers were spoken, or when `options.patience` ran out, which is noticed. A
    path as `sink` receives what the assistant says; None discards it at the pace of speech.

    Raises AudioUnavailable, BadAudio or ModelMissing before anything starts. Leaves no thread and no
    open stream behind, however it ends.
    """
    options = options or VoiceOptions()
    # What can fail for reasons of the user's comes first: a wrong name is told before models are loaded.
    with ExitStack() as opened:
        mouth = _output(sink)
        opened.callback(mouth.close)
        ears = _input(source)
        opened.callback(ears.close)
        models = options.models or await warm_up(session.notice)
        await _talk(session, ears, mouth, models, options)


async def _talk(
    session: Listener,
    ears: FileInput | MicrophoneInput,
    mouth: HeardOutput,
    models: Models,
    options: VoiceOptions,
) -> None:
    bridge = Bridge(session)
    processors = [
        ears,
        VoiceDetector(options.half_duplex),
        WhisperSTT(models.decoder),
        TurnDetector(models.prosody),
        bridge,
        HibariTTS(models.voice),
        mouth,
    ]
    async with _running(session, processors) as running:
        session.notice("listening")
        if isinstance(ears, FileInput):
            await _answered(session, ears, lambda: bridge.idle, running, options.patience)
        else:
            await asyncio.shield(running)


async def run_speaker(session: Listener, sink: Speaker | Path, feed: Callable[[], Awaitable[None]]) -> None:
    """Speak what the session answers while `feed` gives it words in another way; return when all is said.

    Raises AudioUnavailable or BadAudio before anything starts, and what `feed` raises.
    """
    with ExitStack() as opened:
        mouth = _output(sink)
        opened.callback(mouth.close)
        bridge = Bridge(session)
        async with _running(session, [bridge, HibariTTS(await load_voice()), mouth]) as running:
            await feed()
            while not bridge.idle and not running.done():  # noqa: ASYNC110 - two conditions, one of them ours
                await asyncio.sleep(_POLL)


@asynccontextmanager
async def _running(session: Listener, processors: list[FrameProcessor]) -> AsyncIterator[asyncio.Task[None]]:
    """A started pipeline, stopped in the end; the task ends early where the pipeline breaks."""
    worker = PipelineWorker(
        Pipeline(processors),
        params=PipelineParams(audio_in_sample_rate=SAMPLE_RATE, audio_out_sample_rate=VOICE_RATE),
        enable_rtvi=False,
        idle_timeout_secs=None,
    )

    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _on_started(*_: object) -> None:
        started.set()

    @worker.event_handler("on_pipeline_error")
    async def _on_error(_: PipelineWorker, frame: ErrorFrame) -> None:
        session.notice(frame.error, error=True)

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait((waiting, running), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        yield running
    finally:
        await runner.cancel()
        await running


async def _answered(
    session: Listener,
    ears: FileInput,
    finished: Callable[[], bool],
    running: asyncio.Task[None],
    patience: float,
) -> None:
    """Wait until the file was played and `finished`, the pipeline ended, or patience ran out."""
    played = asyncio.create_task(ears.played.wait())
    try:
        await asyncio.wait((played, running), return_when=asyncio.FIRST_COMPLETED)
    finally:
        played.cancel()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while not running.done() and not finished():
        if loop.time() > deadline:
            session.notice(f"no answer within {patience:.0f} s after the end of the recording", error=True)
            return
        await asyncio.sleep(_POLL)


def _input(source: Microphone | Path) -> FileInput | MicrophoneInput:
    if isinstance(source, Path):
        return FileInput(read_audio(source))
    return MicrophoneInput(pick(Direction.INPUT, source.name))


def _output(sink: Speaker | Path | None) -> HeardOutput:
    match sink:
        case Speaker():
            return SpeakerOutput(pick(Direction.OUTPUT, sink.name))
        case Path():
            return FileOutput(sink, VOICE_RATE)
        case None:
            return NullOutput(VOICE_RATE)
