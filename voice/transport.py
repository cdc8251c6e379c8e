"""Microphone and speaker as Pipecat transports, through PortAudio at each device's own rate."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import soxr
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_transport import TransportParams

from voice.canceller import EchoCanceller
from voice.capture import Capture
from voice.decoder import SAMPLE_RATE
from voice.devices import BLOCKS, Device, Direction, channels, open_stream, sounddevice
from voice.frames import AudioHeardFrame, AudioLostFrame
from voice.tones import swell
from voice.wavfile import HeardOutput

# Blocks of 20 ms that go on as one frame when they wait: the voice detector, a thread, is asked less often
# then. Half of the silence and of the speech that it wants, so that it passes by none of its states.
_ONCE = 5
_UNHEARD = 5  # frames that may be on their way to the voice detector; the rest waits here
_BEHIND = 5.0  # seconds of sound that may wait; somebody who is heard later than this has given up
_AHEAD = 0.06  # seconds that lie ready for the speaker: what a busy event loop may be late
_SETTLES = 0.6  # seconds in which a speaker that was started comes to fetch as much as it plays
_EASED = 0.005  # seconds in which sound sets in, and breaks off: at once it would click
_LOST = (
    3.0  # seconds without a call of PortAudio after which a device counts as gone; wireless ones start late
)


class MicrophoneInput(BaseInputTransport):
    """A microphone at its native rate, mixed down to mono and resampled to 16 kHz.

    The constructor raises AudioUnavailable when the device cannot be opened. `lost` gets its name
    when it gives no sound any more. What `echo` knows to have been played is taken out of what is heard.
    `heard` is set when the first sound is passed on.

    No more is passed on than the voice detector manages to look at. Where the machine falls 5 s behind, all
    that waits is dropped, and an `AudioLostFrame` passed on in its place.
    """

    def __init__(self, device: Device, lost: asyncio.Future[str]) -> None:
        super().__init__(TransportParams(audio_in_enabled=True, audio_in_sample_rate=SAMPLE_RATE))
        self.device = device
        self._lost = lost
        self.echo: EchoCanceller | None = None
        self.heard = asyncio.Event()
        self._channels = channels(Direction.INPUT, device)
        self._capture: Capture[tuple[bytes, bytes]] = Capture(int(_BEHIND * BLOCKS), _ONCE)
        self._unheard = 0  # frames
        self._looked = asyncio.Event()  # at one of them
        self._reader: asyncio.Task[None] | None = None
        self._stream = open_stream(Direction.INPUT, device, self._channels, self._record)

    async def start(self, frame: StartFrame) -> None:
        """Begin to listen."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._reader = self.create_task(self._read())
        _start(self._stream, self.device, self._lost)

    async def cleanup(self) -> None:
        """Stop listening; the device stays open until `close`."""
        if self._reader is not None:
            await self.cancel_task(self._reader)
            self._reader = None
        await super().cleanup()

    def close(self) -> None:
        """Close the device; more than once does no harm. May block where the device hangs."""
        stream, self._stream = self._stream, None
        _close(stream)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow what has been looked at; pass everything else on."""
        if isinstance(frame, AudioHeardFrame):
            self._unheard -= 1
            self._looked.set()
        else:
            await super().process_frame(frame, direction)

    def _record(self, data: Any, frames: int, time: Any, status: Any) -> None:
        # PortAudio's thread: copy and hand over, nothing else. What was played until now goes along: it is
        # compared with this block however late that will be.
        self._capture.put((bytes(data), b"" if self.echo is None else self.echo.take_fetched()))

    async def _read(self) -> None:
        # "LQ" is good beyond what speech recognition hears, and 12 ms late; Pipecat's "VHQ" is 46, in bursts.
        resampler = soxr.ResampleStream(self.device.rate, SAMPLE_RATE, 1, dtype="int16", quality="LQ")
        while True:
            try:
                blocks = await self._capture.take(_LOST)
            except TimeoutError:
                _tell(self._lost, self.device)
                return
            if blocks is None:
                await self.push_frame(AudioLostFrame(_BEHIND))
                continue
            pcm = b"".join(self._cleaned(resampler, *block) for block in blocks)
            if not pcm:
                continue
            self.heard.set()
            while self._unheard >= _UNHEARD:
                self._looked.clear()
                await self._looked.wait()
            self._unheard += 1
            await self.push_audio_frame(InputAudioRawFrame(pcm, SAMPLE_RATE, 1))

    def _cleaned(self, resampler: soxr.ResampleStream, recorded: bytes, played: bytes) -> bytes:
        samples = np.frombuffer(recorded, np.int16)
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1).astype(np.int16)
        pcm = resampler.resample_chunk(samples).tobytes()
        if self.echo is not None:
            self.echo.played(played)
            pcm = self.echo.clean(pcm)
        return pcm


class SpeakerOutput(HeardOutput):
    """A speaker at its native rate, which plays all the time: speech, or silence. That paces the pipeline.

    The constructor raises AudioUnavailable when the device cannot be opened. `lost` gets its name
    when it takes no sound any more. `echo` is told what is played, and learns the room from the first of it.
    """

    def __init__(self, device: Device, lost: asyncio.Future[str]) -> None:
        super().__init__(device.rate)
        self.device = device
        self._lost = lost
        self.echo: EchoCanceller | None = None
        self._width = channels(Direction.OUTPUT, device)
        self._ahead = 2 * int(_AHEAD * device.rate)  # bytes
        self._waiting = bytearray()  # mono
        self._easing = int(_EASED * device.rate)  # samples
        self._is_dry = True  # it is silent
        self._lock = threading.Lock()
        self._took = asyncio.Event()
        self._calls = 0
        self._watcher: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._stream = open_stream(Direction.OUTPUT, device, self._width, self._play)

    async def start(self, frame: StartFrame) -> None:
        """Begin to play."""
        await super().start(frame)
        if self.echo is not None:
            self._waiting += bytes(2 * int(_SETTLES * self.device.rate)) + swell(self.device.rate)
        self._watcher = self.create_task(self._watch())
        _start(self._stream, self.device, self._lost)

    async def cleanup(self) -> None:
        """Fall silent; the device stays open until `close`."""
        self._drop()
        if self._watcher is not None:
            await self.cancel_task(self._watcher)
            self._watcher = None
        await super().cleanup()

    def close(self) -> None:
        """Silence and close the device; more than once does no harm. May block where the device hangs."""
        stream, self._stream = self._stream, None
        _close(stream)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """What is interrupted is silent at once."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._drop()  # after what was queued is gone, or one more piece of it would still come

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Return when the frame lies ready, and little before it."""
        if not await self.may_write():
            return True
        with self._lock:
            self._waiting += frame.audio
        while len(self._waiting) > self._ahead:
            await self._took.wait()
            self._took.clear()
        return True

    def _play(self, out: Any, frames: int, time: Any, status: Any) -> None:
        # PortAudio's thread.
        size = 2 * frames
        with self._lock:
            # While the output waits, what lies ready does too, but for the bit with which it breaks off.
            wanted = size if self._free.is_set() else 0 if self._is_dry else 2 * self._easing
            pcm = bytes(self._waiting[:wanted])
            del self._waiting[:wanted]
            was_dry, self._is_dry = self._is_dry, wanted < size or not self._waiting
        if pcm and (was_dry or self._is_dry):
            pcm = _eased(pcm, self._easing, begins=was_dry, ends=self._is_dry)
        pcm += bytes(size - len(pcm))
        out[:] = np.repeat(np.frombuffer(pcm, np.int16), self._width).tobytes()
        self._calls += 1
        if self.echo is not None:
            self.echo.fetched(pcm)
        self._loop.call_soon_threadsafe(self._took.set)

    def _drop(self) -> None:
        with self._lock:
            del self._waiting[0 if self._is_dry else 2 * self._easing :]  # the rest is to break off with

    async def _watch(self) -> None:
        before = -1
        while self._calls != before:
            before = self._calls
            await asyncio.sleep(_LOST)
        _tell(self._lost, self.device)


def _eased(pcm: bytes, count: int, *, begins: bool, ends: bool) -> bytes:
    """16-bit samples, of which the first `count` set in, the last ones fade, or both."""
    sound = np.frombuffer(pcm, np.int16).astype(np.float32)
    ramp = np.linspace(0, 1, min(count, len(sound)), dtype=np.float32)
    if begins:
        sound[: len(ramp)] *= ramp
    if ends:
        sound[len(sound) - len(ramp) :] *= ramp[::-1]
    return sound.astype(np.int16).tobytes()


def _start(stream: Any, device: Device, lost: asyncio.Future[str]) -> None:
    """Start an open stream; a device that went away meanwhile is lost."""
    try:
        stream.start()
    except sounddevice().PortAudioError:
        _tell(lost, device)


def _tell(lost: asyncio.Future[str], device: Device) -> None:
    if not lost.done():
        lost.set_result(device.name)


def _close(stream: Any) -> None:
    if stream is not None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)
