"""The two ends of a voice: opened together, closed together."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hibari import SAMPLE_RATE as VOICE_RATE

from voice.canceller import EchoCanceller
from voice.devices import Direction, leave_open, pick
from voice.echo import Echo
from voice.hand import Ends, Microphone, Speaker
from voice.transport import MicrophoneInput, SpeakerOutput
from voice.wavfile import FileInput, FileOutput, HeardOutput, NullOutput, read_audio

Ears: TypeAlias = FileInput | MicrophoneInput


@dataclass(frozen=True, slots=True)
class OpenEnds:
    """What is heard from and spoken to.

    `echo` is None where the one cannot hear the other. `lost` gets the name of a device that is gone.
    """

    ears: Ears
    mouth: HeardOutput
    echo: Echo | None
    lost: asyncio.Future[str]

    @property
    def devices(self) -> tuple[str, ...]:
        """Names of the devices among them, the microphone first."""
        return tuple(
            end.device.name
            for end in (self.ears, self.mouth)
            if isinstance(end, MicrophoneInput | SpeakerOutput)
        )

    async def close(self) -> None:
        """Give the devices and files back; more than once does no harm."""
        await close(self.ears, self.mouth)


def open_ends(ends: Ends, echo: Echo, before: Ears | None = None) -> OpenEnds:
    """Open both; a file that `before` was playing goes on where it was.

    Raises AudioUnavailable or BadAudio, and leaves nothing open then.
    """
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    mouth = open_mouth(ends.sink, lost)
    try:
        ears = _ears(ends.source, lost, before)
    except BaseException:
        mouth.close()
        raise
    if not isinstance(ears, MicrophoneInput) or not isinstance(mouth, SpeakerOutput):
        return OpenEnds(ears, mouth, None, lost)
    if echo is Echo.CANCEL:
        ears.echo = mouth.echo = EchoCanceller(mouth.device.rate)
        ears.echo.learn()  # from what the speaker begins with
    return OpenEnds(ears, mouth, echo, lost)


def open_mouth(sink: Speaker | Path | None, lost: asyncio.Future[str]) -> HeardOutput:
    """Where the assistant's voice goes; `lost` gets its name when it is gone.

    Raises AudioUnavailable or BadAudio.
    """
    match sink:
        case Speaker():
            return SpeakerOutput(pick(Direction.OUTPUT, sink.name), lost)
        case Path():
            return FileOutput(sink, VOICE_RATE)
        case None:
            return NullOutput(VOICE_RATE)


def _ears(source: Microphone | Path, lost: asyncio.Future[str], before: Ears | None) -> Ears:
    match source:
        case Path() if isinstance(before, FileInput):
            return before.again()
        case Path():
            return FileInput(read_audio(source))
        case Microphone():
            return MicrophoneInput(pick(Direction.INPUT, source.name), lost)


async def close(*ends: Ears | HeardOutput) -> None:
    """Give devices and files back, in a thread: a device that hangs takes its time.

    Whoever does not want to wait may cancel; the program can end all the same.
    """
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()

    def close_all() -> None:
        for end in ends:
            end.close()
        with suppress(RuntimeError):  # nobody waited, and the loop is gone
            loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=close_all, name="close", daemon=True).start()
    try:
        await closed.wait()
    except asyncio.CancelledError:
        leave_open()
        raise
