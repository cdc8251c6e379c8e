"""Audio files in the place of microphone and speaker, in real time."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import soundfile
import soxr
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams

from tools.errors import HeadstartError
from voice.decoder import SAMPLE_RATE, Audio
from voice.frames import HoldFrame, SoundHeardFrame, SpokenSoundFrame, SpokenWordFrame, WordHeardFrame

_CHUNK = SAMPLE_RATE // 50  # samples: 20 ms, as a microphone delivers
_TAIL = 1.0  # seconds of silence before a file counts as played: the voice detector lags behind


class BadAudio(HeadstartError):
    """A file that cannot be listened to. The message is one line that says why."""


def read_audio(path: Path) -> Audio:
    """The file as 16 kHz mono int16, whatever its rate and channels. Raises BadAudio."""
    if not path.is_file():
        raise BadAudio(f"{path}: no such file")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise BadAudio(f"{path}: not an audio file that can be read; use WAV, FLAC or OGG") from error
    if not len(samples):
        raise BadAudio(f"{path}: the file holds no audio")
    mono = np.nan_to_num(samples.mean(axis=1))
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    return (np.clip(mono, -1.0, 1.0) * 32767.0).astype(np.int16)


class FileInput(BaseInputTransport):
    """Plays audio as if it came from a microphone: 20 ms every 20 ms, then silence without end.

    `position` is the sample to begin with, and then the one that is played next. `heard` is set when the
    first sound is passed on, `played` one second after the last sample of the file.
    """

    def __init__(self, audio: Audio, position: int = 0) -> None:
        super().__init__(TransportParams(audio_in_enabled=True, audio_in_sample_rate=SAMPLE_RATE))
        self._audio = audio
        self.position = position
        self._player: asyncio.Task[None] | None = None
        self.heard = asyncio.Event()
        self.played = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        """Begin to play."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._player = self.create_task(self._play())

    async def cleanup(self) -> None:
        """Stop playing."""
        if self._player is not None:
            await self.cancel_task(self._player)
            self._player = None
        await super().cleanup()

    def close(self) -> None:
        """Nothing to give back: the file was read as a whole."""

    def again(self) -> FileInput:
        """The rest of the audio, for another pipeline."""
        return FileInput(self._audio, self.position)

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time() - self.position / SAMPLE_RATE
        while True:
            # An absolute schedule: a late chunk is followed by an early one, and the clock never drifts.
            await asyncio.sleep(begun + (self.position + _CHUNK) / SAMPLE_RATE - loop.time())
            chunk = self._audio[self.position : self.position + _CHUNK]
            self.position += _CHUNK
            self.heard.set()
            pcm = chunk.tobytes() + bytes(2 * (_CHUNK - len(chunk)))
            await self.push_audio_frame(InputAudioRawFrame(pcm, SAMPLE_RATE, 1))
            if self.position >= len(self._audio) + _TAIL * SAMPLE_RATE:
                self.played.set()


class HeardOutput(BaseOutputTransport):
    """An output that tells the pipeline above it which words were played.

    Whoever writes audio asks `may_write` first.
    """

    def __init__(self, sample_rate: int) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._cuts = 0
        params = TransportParams(
            audio_out_enabled=True,
            audio_out_sample_rate=sample_rate,
            audio_out_10ms_chunks=2,
            audio_out_end_silence_secs=0,
        )
        super().__init__(params)

    async def start(self, frame: StartFrame) -> None:
        """Accept audio from now on."""
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Wait, or go on."""
        match frame:
            case HoldFrame(on=True):
                self._free.clear()
            case HoldFrame():
                self._free.set()
            case InterruptionFrame():
                self._cuts += 1
            case _:
                pass
        await super().process_frame(frame, direction)

    async def may_write(self) -> bool:
        """Wait until the output goes on; False where it was interrupted meanwhile."""
        cuts = self._cuts
        await self._free.wait()
        return cuts == self._cuts

    async def write_transport_frame(self, frame: Frame) -> None:
        """Called in the order of the audio queue: report a word, or sound, once it was written."""
        if isinstance(frame, SpokenWordFrame):
            await self.push_frame(WordHeardFrame(frame.word), FrameDirection.UPSTREAM)
        elif isinstance(frame, SpokenSoundFrame):
            await self.push_frame(SoundHeardFrame(frame.seconds), FrameDirection.UPSTREAM)

    def close(self) -> None:
        """Give back what the constructor opened; more than once does no harm."""


class NullOutput(HeardOutput):
    """Plays nothing, but takes as long as a speaker would."""

    def __init__(self, sample_rate: int) -> None:
        super().__init__(sample_rate)
        self._due = 0.0  # loop time at which everything written so far has been played

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Return when the frame would have been played."""
        if not await self.may_write():
            return True
        loop = asyncio.get_running_loop()
        self._due = max(self._due, loop.time()) + len(frame.audio) / (2 * frame.sample_rate)
        await asyncio.sleep(self._due - loop.time())
        return True


class FileOutput(NullOutput):
    """Writes what the assistant says to a 16-bit mono WAV file, with the silences in between.

    Time 0 of the file is the start of the pipeline. The constructor raises BadAudio when the
    file cannot be written.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        super().__init__(sample_rate)
        try:
            self._raw = path.open("wb")
        except OSError as error:
            raise BadAudio(f"{path}: cannot be written: {error.strerror}") from error
        self._file = wave.open(self._raw, "wb")
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(sample_rate)
        self._begun = 0.0

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Start the file's clock."""
        await super().setup(setup)
        self._begun = asyncio.get_running_loop().time()

    async def cleanup(self) -> None:
        """Close the file."""
        await super().cleanup()
        self.close()

    def close(self) -> None:
        """Complete and close the file; more than once does no harm."""
        self._file.close()
        self._raw.close()

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Write the frame at its time."""
        if not await self.may_write():
            return True
        elapsed = asyncio.get_running_loop().time() - self._begun
        silence = elapsed - self._file.getnframes() / frame.sample_rate
        # Less than this is jitter of the schedule, not a silence.
        if silence > 0.1:
            self._file.writeframesraw(bytes(2 * int(silence * frame.sample_rate)))
        self._file.writeframesraw(frame.audio)
        return await super().write_audio_frame(frame)
