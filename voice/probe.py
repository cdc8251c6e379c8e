"""Listening to a microphone, and to a sound that is played: how much of its echo can be cancelled."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from voice.canceller import EchoCanceller
from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable, Device, Direction, channels, open_stream

_ROOM = 1.5  # seconds of listening before the sound; a device's first half second may be anything
_LEARNING = 2.5  # seconds of the sound that the canceller may take to find its echo
_STALLED = 3.0  # seconds without any sound after which a device is out of order
SILENCE = -92.0  # dB: less than the last bit of a sample
_AUDIBLE = 6.0  # dB above the room
_CANCELLED = 15.0  # dB less are enough: the voice detector stays silent then

Samples: TypeAlias = npt.NDArray[np.int16]
Steps: TypeAlias = "queue.SimpleQueue[tuple[Device, Samples]]"


@dataclass(frozen=True, slots=True)
class Probe:
    """What was heard, in dB below full scale: the room, the sound in it, and what was left of that."""

    room: float
    echo: float
    left: float

    @property
    def is_heard(self) -> bool:
        """Whether the microphone hears the speaker at all."""
        return self.echo > self.room + _AUDIBLE

    @property
    def is_cancelled(self) -> bool:
        """Whether what is left of the echo does no harm."""
        return self.left < self.room + _AUDIBLE or self.echo - self.left > _CANCELLED


def level(microphone: Device) -> float:
    """How loud it is in the room, in dB below full scale. Takes 1.5 s; raises AudioUnavailable."""
    heard: list[Samples] = []
    steps: Steps = queue.SimpleQueue()
    with _hearing(microphone, steps):
        for _, samples in _following(steps, (microphone,)):
            heard.append(samples)
            if sum(map(len, heard)) >= _ROOM * microphone.rate:
                break
    return _decibels(np.concatenate(heard)[-microphone.rate :])


def probe(microphone: Device, speaker: Device, sound: npt.NDArray[np.float32], rate: int) -> Probe:
    """Play some seconds of `sound` at `rate` Hz, and listen. Blocks for as long; raises AudioUnavailable."""
    played = (soxr.resample(sound, rate, speaker.rate).clip(-1, 1) * 32767).astype(np.int16)
    waiting = np.concatenate([np.zeros(int(_ROOM * speaker.rate), np.int16), played])
    width = channels(Direction.OUTPUT, speaker)
    steps: Steps = queue.SimpleQueue()
    position = 0

    def play(out: Any, frames: int, *_: object) -> None:
        nonlocal position
        part = waiting[position : position + frames]
        position += frames
        part = np.concatenate([part, np.zeros(frames - len(part), np.int16)])
        out[:] = np.repeat(part, width).tobytes()
        steps.put((speaker, part))

    taken: list[tuple[bool, Samples]] = []
    with _hearing(microphone, steps), open_stream(Direction.OUTPUT, speaker, width, play):
        for device, samples in _following(steps, (microphone, speaker)):
            taken.append((device is speaker, samples))
            if position >= len(waiting):
                break
    return judge(taken, microphone.rate, speaker.rate)


def judge(steps: list[tuple[bool, Samples]], near_rate: int, far_rate: int) -> Probe:
    """From what the speaker fetched (True) and the microphone gave, mono, in the order of both."""
    resampler = soxr.ResampleStream(near_rate, SAMPLE_RATE, 1, dtype="int16", quality="LQ")
    canceller = EchoCanceller(far_rate)
    begun: int | None = None  # sample heard when the sound began to be played
    heard, cleaned = bytearray(), bytearray()
    for is_far, samples in steps:
        if is_far:
            canceller.played(samples.tobytes())
            if begun is None and samples.any():
                begun = len(cleaned) // 2
        else:
            pcm = resampler.resample_chunk(samples).tobytes()
            heard += pcm
            cleaned += canceller.clean(pcm)
    if begun is None:
        raise AudioUnavailable("the speaker fetched nothing of the test sound; choose another device")
    later = begun + int(_LEARNING * SAMPLE_RATE)
    before, near, clean = (np.frombuffer(bytes(part), np.int16) for part in (heard, heard, cleaned))
    return Probe(
        _decibels(before[max(0, begun - SAMPLE_RATE // 2) : begun]),
        _decibels(near[later:]),
        _decibels(clean[later:]),
    )


def _hearing(microphone: Device, steps: Steps) -> Any:
    """A stream that puts on `steps` what the microphone gives, mono."""
    width = channels(Direction.INPUT, microphone)

    def hear(data: Any, *_: object) -> None:
        samples = np.frombuffer(bytes(data), np.int16).reshape(-1, width).mean(axis=1)
        steps.put((microphone, samples.astype(np.int16)))

    return open_stream(Direction.INPUT, microphone, width, hear)


def _following(steps: Steps, devices: tuple[Device, ...]) -> Iterator[tuple[Device, Samples]]:
    """Each step as it happens. Raises AudioUnavailable when one of the devices takes none for long."""
    latest = dict.fromkeys(devices, time.monotonic())
    while True:
        with suppress(queue.Empty):
            device, samples = steps.get(timeout=_STALLED)
            latest[device] = time.monotonic()
            yield device, samples
        for device, at in latest.items():
            if time.monotonic() - at >= _STALLED:
                raise AudioUnavailable(f"{device.name} stands still; choose another device")


def _decibels(samples: Samples) -> float:
    """Loudness in dB below full scale; -100 for silence."""
    if not samples.size:
        return -100.0
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768**2
    return max(-100.0, 10 * np.log10(power + 1e-10))
