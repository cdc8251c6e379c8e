"""What the microphone heard, as a sound file beside the record of a session."""

from __future__ import annotations

import wave
from contextlib import suppress
from pathlib import Path
from typing import Self

from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from voice.decoder import SAMPLE_RATE
from voice.listener import Listener
from voice.wavfile import BadAudio

_BLOCK = 2 * SAMPLE_RATE  # bytes between two writes: one second
_JITTER = 0.25  # seconds by which sound may be late without having been silent


class Tape:
    """A WAV file, 16 kHz mono 16-bit, whose second n is second n of the session.

    Where nothing was heard, before the microphone opened or while it changed, there is silence. The file
    can be read at any time: after a crash it ends at most a second early. The constructor replaces an
    existing file and raises BadAudio when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._raw = path.open("wb")
        except OSError as error:
            raise BadAudio(f"{path}: cannot be written: {error.strerror}") from error
        self._path = path
        self._file = wave.open(self._raw, "wb")
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(SAMPLE_RATE)
        self._waiting = bytearray()
        self._length = 0  # samples, written or waiting
        self._open = True

    def add(self, pcm: bytes, ended: float) -> None:
        """Append samples, the last of which was heard at `ended` seconds on the session clock.

        Raises BadAudio when the disk refuses them; the file is closed then, and takes no more.
        """
        if not self._open:
            return
        begun = ended - len(pcm) / (2 * SAMPLE_RATE)
        silent = begun - self._length / SAMPLE_RATE
        if silent > _JITTER:
            self._put(bytes(2 * int(silent * SAMPLE_RATE)))
        self._put(pcm)
        if len(self._waiting) >= _BLOCK:
            self._flush()

    def close(self) -> None:
        """Complete and close the file; more than once does no harm. Raises as `add`."""
        if self._open:
            self._flush()
            self._shut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BadAudio):  # whoever listens was told when it happened
            self.close()

    def _put(self, pcm: bytes) -> None:
        self._waiting += pcm
        self._length += len(pcm) // 2

    def _flush(self) -> None:
        try:
            self._file.writeframes(self._waiting)  # sets the length in the header, too
            self._raw.flush()
        except OSError as error:
            self._shut()
            raise BadAudio(f"cannot go on writing {self._path}: {error.strerror}") from error
        self._waiting.clear()

    def _shut(self) -> None:
        self._open = False
        with suppress(OSError):  # closing tries once more to write what the disk refused
            self._file.close()
        with suppress(OSError):
            self._raw.close()


class TapeRecorder(FrameProcessor):
    """Puts the sound that passes by on a tape. Stands where a muted microphone is silent already."""

    def __init__(self, session: Listener, tape: Tape) -> None:
        super().__init__()
        self._session = session
        self._tape = tape

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            try:
                self._tape.add(frame.audio, self._session.now())
            except BadAudio as error:
                self._session.notice(f"{error}; the conversation goes on without", error=True)
        await self.push_frame(frame, direction)
