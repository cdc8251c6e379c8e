"""A spoken conversation: the pipeline from microphone to speaker around one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hibari import SAMPLE_RATE as VOICE_RATE
from pipecat.frames.frames import ErrorFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from voice.bridge import Bridge
from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable, look_again
from voice.ears import BrainEars
from voice.echo import Echo
from voice.ends import Ears, OpenEnds, close, open_ends, open_mouth
from voice.hand import Ends, Microphone, Speaker, VoiceHand
from voice.listener import Listener
from voice.models import Models, Recogniser, load_voice, warm_up
from voice.stt import WhisperSTT
from voice.tape import Tape, TapeRecorder
from voice.tts import HibariTTS
from voice.turns import Patience, TurnDetector
from voice.vad import VoiceDetector, voice_analyzer
from voice.wavfile import BadAudio, FileInput

__all__ = ["Microphone", "Speaker", "VoiceOptions", "run_speaker", "run_voice"]

_POLL = 0.05  # seconds between two looks at whether a played file is all answered
_CLOSING = 2.0  # seconds that a device which hangs may delay the end
_RETRY = 1.0  # seconds between two attempts to open devices of which one is gone


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How to talk. `models` come from `warm_up`; without them they are loaded first, with `recogniser`.

    `turns` says how much silence ends a turn.
    `echo` keeps the assistant from hearing itself where a microphone can hear the speaker.
    `patience` is how many seconds after the end of a played file its answer may take. What the microphone
    hears is put on `tape`.
    """

    models: Models | None = None
    recogniser: Recogniser = Recogniser()
    turns: Patience = Patience()
    echo: Echo = Echo.CANCEL
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
    opened = open_ends(ends, options.echo)
    analyzer = voice_analyzer()
    try:
        models = options.models or await warm_up(session.notice, options.recogniser)
        told = "muted until you press space" if hand.is_muted else "listening"
        while True:
            hand.begin(session, ends, opened.devices, opened.echo)
            processors = [
                opened.ears,
                VoiceDetector(session, hand, analyzer, half_duplex=options.echo is Echo.HALF_DUPLEX),
                *([TapeRecorder(session, options.tape)] if options.tape else []),
                BrainEars(session),
                WhisperSTT(models.decoder),
                TurnDetector(models.prosody, options.turns),
                bridge := Bridge(session, hand),
                HibariTTS(models.voice),
                opened.mouth,
            ]
            over = await _talk(session, opened, processors, bridge, hand, told, options.patience)
            if over:
                return
            if opened.lost.done():
                gone = opened.lost.result()
                session.notice(f"{gone} is gone; I go on when it is back, or with another", error=True)
            await opened.close()
            ends, opened = await _reopen(session, hand, ends, opened.ears, options.echo)
            told = f"now with {', '.join(opened.devices)}"
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(opened.close(), _CLOSING)
        await analyzer.cleanup()


async def _talk(
    session: Listener,
    opened: OpenEnds,
    processors: list[FrameProcessor],
    bridge: Bridge,
    hand: VoiceHand,
    told: str,
    patience: float,
) -> bool:
    """Run a pipeline until the end of `run_voice`, or until other ends are wanted: whether it is over."""
    async with _running(session, processors) as running:
        hand.attach(bridge)
        telling = asyncio.create_task(_tell(session, opened.ears, told))
        changing = asyncio.create_task(hand.changed.wait())
        lasting = asyncio.create_task(_lasting(session, opened.ears, bridge, running, patience))
        try:
            await asyncio.wait((changing, lasting, opened.lost), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hand.attach(None)
            telling.cancel()
            changing.cancel()
            lasting.cancel()
        over = lasting.done()
        if not over:
            bridge.break_off()
    if over:
        lasting.result()
    return over


async def _tell(session: Listener, ears: Ears, told: str) -> None:
    """Tell it when the user is heard."""
    await ears.heard.wait()
    session.notice(told)


async def _lasting(
    session: Listener, ears: Ears, bridge: Bridge, running: asyncio.Task[None], patience: float
) -> None:
    if isinstance(ears, FileInput):
        await _answered(session, ears, lambda: bridge.idle, running, patience)
    else:
        await asyncio.shield(running)


async def _reopen(
    session: Listener, hand: VoiceHand, before: Ends, ears: Ears, echo: Echo
) -> tuple[Ends, OpenEnds]:
    """The ends that are wanted now, else those before, as soon as they can be had."""
    wanted = hand.take()
    while True:
        look_again()
        for ends in dict.fromkeys((wanted or before, before)):
            try:
                return ends, open_ends(ends, echo, ears)
            except (AudioUnavailable, BadAudio) as error:
                if wanted is not None:
                    session.notice(str(error), error=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(hand.changed.wait(), _RETRY)
        wanted = hand.take()


async def run_speaker(session: Listener, sink: Speaker | Path, feed: Callable[[], Awaitable[None]]) -> None:
    """Speak what the session answers while `feed` gives it words in another way; return when all is said.

    Raises AudioUnavailable or BadAudio before anything starts, and what `feed` raises.
    """
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    mouth = open_mouth(sink, lost)
    try:
        bridge = Bridge(session)
        async with _running(session, [bridge, HibariTTS(await load_voice()), mouth]) as running:
            await feed()
            while not (bridge.idle or running.done() or lost.done()):  # noqa: ASYNC110 - one is not an event
                await asyncio.sleep(_POLL)
            if lost.done():
                session.notice(f"{lost.result()} is gone; the rest is shown only", error=True)
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(close(mouth), _CLOSING)


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
