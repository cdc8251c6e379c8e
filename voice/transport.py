"""Microphone and speaker as Pipecat transports, through PortAudio at each device's own rate."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import InputAudioRawFrame, OutputAudioRawFrame, StartFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_transport import TransportParams

from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable, Device, Direction, sounddevice
from voice.wavfile import HeardOutput


def _open(direction: Direction, device: Device, channels: int, callback: Any = None) -> Any:
    sd = sounddevice()
    kind = sd.RawInputStream if direction is Direction.INPUT else sd.RawOutputStream
    try:
        return kind(
            samplerate=device.rate,
            channels=channels,
            dtype="int16",
            device=device.index,
            blocksize=device.rate // 50 if callback else 0,
            latency="low",
            callback=callback,
        )
    except sd.PortAudioError as error:
        reason = str(error).splitlines()[0]
        raise AudioUnavailable(f"{device.name} cannot be used: {reason}; choose another device") from error


def _channels(direction: Direction, device: Device) -> int:
    """1 where the device takes or gives mono, else 2."""
    sd = sounddevice()
    check = sd.check_input_settings if direction is Direction.INPUT else sd.check_output_settings
    try:
        check(device=device.index, channels=1, dtype="int16", samplerate=device.rate)
    except sd.PortAudioError:
        return min(2, device.channels)
    return 1


class MicrophoneInput(BaseInputTransport):
    """A microphone at its native rate, mixed down to mono and resampled to 16 kHz.

    The constructor raises AudioUnavailable when the device cannot be opened. A device that goes away
    is reported as a pipeline error.
    """

    def __init__(self, device: Device) -> None:
        super().__init__(TransportParams(audio_in_enabled=True, audio_in_sample_rate=SAMPLE_RATE))
        self.device = device
        self._channels = _channels(Direction.INPUT, device)
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._stream = _open(Direction.INPUT, device, self._channels, self._capture)

    async def start(self, frame: StartFrame) -> None:
        """Begin to listen."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._reader = self.create_task(self._read())
        if self._stream is not None:
            self._stream.start()

    async def cleanup(self) -> None:
        """Close the device."""
        self.close()
        if self._reader is not None:
            await self.cancel_task(self._reader)
            self._reader = None
        await super().cleanup()

    def close(self) -> None:
        """Close the device; more than once does no harm."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _capture(self, data: Any, frames: int, time: Any, status: Any) -> None:
        # PortAudio's thread: copy and hand over, nothing else.
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, bytes(data))

    async def _read(self) -> None:
        resampler = create_stream_resampler(clear_after_secs=None)
        while True:
            try:
                pcm = await asyncio.wait_for(self._arrived.get(), 2.0)
            except TimeoutError:
                await self.push_error(f"{self.device.name} gives no sound any more; is it still connected?")
                return
            if self._channels > 1:
                samples = np.frombuffer(pcm, np.int16).reshape(-1, self._channels)
                pcm = samples.mean(axis=1).astype(np.int16).tobytes()
            pcm = await resampler.resample(pcm, self.device.rate, SAMPLE_RATE)
            if pcm:
                await self.push_audio_frame(InputAudioRawFrame(pcm, SAMPLE_RATE, 1))


class SpeakerOutput(HeardOutput):
    """A speaker at its native rate; writing blocks in a thread, which paces the pipeline.

    The constructor raises AudioUnavailable when the device cannot be opened.
    """

    def __init__(self, device: Device) -> None:
        super().__init__(device.rate)
        self.device = device
        self._width = _channels(Direction.OUTPUT, device)
        self._stream = _open(Direction.OUTPUT, device, self._width)
        self._pool = ThreadPoolExecutor(1, "speaker")

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Start the device."""
        await super().setup(setup)
        if self._stream is not None:
            self._stream.start()

    async def cleanup(self) -> None:
        """Silence and close the device."""
        await super().cleanup()
        self.close()

    def close(self) -> None:
        """Silence and close the device; more than once does no harm."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            self._pool.shutdown()
            stream.close(ignore_errors=True)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Return when the device took the frame."""
        if self._stream is None:
            return False
        pcm = frame.audio
        if self._width > 1:
            pcm = np.repeat(np.frombuffer(pcm, np.int16), self._width).tobytes()
        await asyncio.get_running_loop().run_in_executor(self._pool, self._stream.write, pcm)
        return True
