"""A spoken conversation: the pipeline from microphone to speaker around one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hibari import SAMPLE_RATE as VOICE_RATE
from pipecat.frames.frames import ErrorFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from voice.bridge import Bridge, Listener
from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable, Direction, pick
from voice.ears import BrainEars
from voice.hand import Ends, Microphone, Speaker, VoiceHand
from voice.models import Models, load_voice, warm_up
from voice.stt import WhisperSTT
from voice.tape import Tape, TapeRecorder
from voice.transport import MicrophoneInput, SpeakerOutput
from voice.tts import HibariTTS
from voice.turns import TurnDetector
from voice.vad import VoiceDetector
from voice.wavfile import BadAudio, FileInput, FileOutput, HeardOutput, NullOutput, read_audio

__all__ = ["Microphone", "Speaker", "VoiceOptions", "run_speaker", "run_voice"]

_POLL = 0.05  # seconds between two looks at whether a played file is all answered

Ears: TypeAlias = FileInput | MicrophoneInput


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How to talk. `models` come from `warm_up`; without them they are loaded first.

    `half_duplex` closes the microphone while the assistant speaks, for loudspeakers in the open.
    `patience` is how many seconds after the end of a played file its answer may take. What the microphone
    hears is put on `tape`.
    """

    models: Models | None = None
    half_duplex: bool = False
    patience: float = 60.0
    tape: Tape | None = None


async def run_voice(
    session: Listener,
    source: Microphone | Path,
    sink: Speaker | Path | None,
    *,
    options: VoiceOptions | None = None,
    hand: VoiceHand | None = None,
) -> None:
    """Talk until cancelled, or until a played file is answered.

    A path as `source` is an audio file heard in real time; the call returns when it was played, every
    turn has ended and the answers were spoken, or when `options.patience` ran out, which is noticed. A
    path as `sink` receives what the assistant says; None discards it at the pace of speech. Meanwhile
    `hand` can mute, silence, and change the devices.

    Raises AudioUnavailable, BadAudio or ModelMissing before anything starts. Leaves no thread and no
    open stream behind, however it ends.
    """
    options = options or VoiceOptions()
    hand = hand or VoiceHand()
    ends = Ends(source, sink)
    # What can fail for reasons of the user's comes first: a wrong name is told before models are loaded.
    ears, mouth = _open(ends)
    with ExitStack() as opened:
        opened.callback(mouth.close)
        opened.callback(ears.close)
        models = options.models or await warm_up(session.notice)
        told = "listening"
        while True:
            hand.begin(session, ends, _devices(ears, mouth))
            await _talk(session, ears, mouth, models, options, hand, told)
            opened.close()
            wanted = hand.take()
            if wanted is None:
                return
            ends, (ears, mouth) = await _reopen(session, hand, wanted, ends, ears)
            opened.callback(mouth.close)
            opened.callback(ears.close)
            told = f"now with {', '.join(_devices(ears, mouth))}"


async def _talk(
    session: Listener,
    ears: Ears,
    mouth: HeardOutput,
    models: Models,
    options: VoiceOptions,
    hand: VoiceHand,
    told: str,
) -> None:
    """Run the pipeline until the end of `run_voice`, or until other ends are wanted."""
    bridge = Bridge(session, hand)
    processors = [
        ears,
        VoiceDetector(session, hand, options.half_duplex),
        *([TapeRecorder(session, options.tape)] if options.tape else []),
        BrainEars(session),
        WhisperSTT(models.decoder),
        TurnDetector(models.prosody),
        bridge,
        HibariTTS(models.voice),
        mouth,
    ]
    async with _running(session, processors) as running:
        session.notice(told)
        hand.attach(bridge)
        changing = asyncio.create_task(hand.changed.wait())
        lasting = asyncio.create_task(_lasting(session, ears, bridge, running, options.patience))
        try:
            await asyncio.wait((changing, lasting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hand.attach(None)
            changing.cancel()
            lasting.cancel()
        if not lasting.done():
            bridge.break_off()
    if lasting.done() and not lasting.cancelled():
        lasting.result()


async def _lasting(
    session: Listener, ears: Ears, bridge: Bridge, running: asyncio.Task[None], patience: float
) -> None:
    if isinstance(ears, FileInput):
        await _answered(session, ears, lambda: bridge.idle, running, patience)
    else:
        await asyncio.shield(running)


async def _reopen(
    session: Listener, hand: VoiceHand, wanted: Ends, before: Ends, ears: Ears
) -> tuple[Ends, tuple[Ears, HeardOutput]]:
    """The wanted ends, else those before; where neither can be had, whatever the user chooses next."""
    while True:
        for ends in (wanted, before):
            try:
                return ends, _open(ends, ears)
            except (AudioUnavailable, BadAudio) as error:
                session.notice(str(error), error=True)
        await hand.changed.wait()
        wanted = hand.take() or before


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


def _open(ends: Ends, before: Ears | None = None) -> tuple[Ears, HeardOutput]:
    """Open both ends. Raises AudioUnavailable or BadAudio, and leaves nothing open then."""
    mouth = _output(ends.sink)
    try:
        return _input(ends.source, before), mouth
    except BaseException:
        mouth.close()
        raise


def _devices(ears: Ears, mouth: HeardOutput) -> tuple[str, ...]:
    """Names of the devices that are open."""
    return tuple(
        part.device.name for part in (ears, mouth) if isinstance(part, MicrophoneInput | SpeakerOutput)
    )


def _input(source: Microphone | Path, before: Ears | None = None) -> Ears:
    """The ears for `source`; a file that was being played goes on."""
    match source:
        case Path() if isinstance(before, FileInput):
            return before.again()
        case Path():
            return FileInput(read_audio(source))
        case Microphone():
            return MicrophoneInput(pick(Direction.INPUT, source.name))


def _output(sink: Speaker | Path | None) -> HeardOutput:
    match sink:
        case Speaker():
            return SpeakerOutput(pick(Direction.OUTPUT, sink.name))
        case Path():
            return FileOutput(sink, VOICE_RATE)
        case None:
            return NullOutput(VOICE_RATE)
