"""Microphones and speakers: finding them, naming them, and keeping their libraries quiet."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from tools.errors import HeadstartError


class AudioUnavailable(HeadstartError):
    """No sound can be had. The message is one line that says what to do."""


class Direction(StrEnum):
    """What a device is wanted for."""

    INPUT = "input"
    OUTPUT = "output"


BLOCKS = 50  # calls a second of a stream's callback
# Seconds that the speaker holds. "low" would be 0.04, and a busy machine be late for that now and then:
# sound that runs dry costs 2 s where PulseAudio stands behind ALSA.
_LATENCY = {Direction.INPUT: "low", Direction.OUTPUT: 0.1}
_KIND = {Direction.INPUT: "microphone", Direction.OUTPUT: "speaker"}


@dataclass(frozen=True, slots=True)
class Device:
    """One way in or out. `rate` is its native rate in Hz, `channels` the most it takes or gives."""

    index: int
    name: str
    rate: int
    channels: int
    default: bool


def sounddevice() -> ModuleType:
    """The sounddevice module. Raises AudioUnavailable where PortAudio is not installed."""
    try:
        import sounddevice as module
    except OSError as error:
        missing = "PortAudio is missing; install it with: sudo apt install libportaudio2"
        raise AudioUnavailable(missing) from error
    return module


def look_again() -> None:
    """Let PortAudio, which lists the devices once, list those of now. No stream may be open."""
    with suppress(AudioUnavailable):  # where it is missing there is nothing to list
        sd = sounddevice()
        sd._terminate()
        sd._initialize()


def leave_open() -> None:
    """Let the program end although a stream hangs: without closing PortAudio, which would wait for it."""
    with suppress(AudioUnavailable):
        atexit.unregister(sounddevice()._exit_handler)


def devices(direction: Direction) -> list[Device]:
    """All devices of one direction, the default one marked. Raises AudioUnavailable."""
    sd = sounddevice()
    chosen = sd.default.device[0 if direction is Direction.INPUT else 1]
    found: list[Device] = []
    for row in sd.query_devices():
        channels = int(row[f"max_{direction}_channels"])
        if channels > 0:
            index = int(row["index"])
            rate = int(row["default_samplerate"])
            found.append(Device(index, str(row["name"]), rate, channels, index == chosen))
    return found


def pick(direction: Direction, name: str | None = None) -> Device:
    """The device whose name contains `name` (any case), or the default one. Raises AudioUnavailable."""
    kind = _KIND[direction]
    found = devices(direction)
    if not found:
        advice = {
            Direction.INPUT: "connect one, or give a recording to listen to",
            Direction.OUTPUT: "connect one, or have the speech written to a file",
        }
        raise AudioUnavailable(f"no {kind} found; {advice[direction]}")
    if name is None:
        return next((device for device in found if device.default), found[0])
    exact = [device for device in found if device.name.lower() == name.lower()]
    matching = exact or [device for device in found if name.lower() in device.name.lower()]
    if not matching:
        names = ", ".join(device.name for device in found)
        raise AudioUnavailable(f"no {kind} is called {name!r}; there are: {names}")
    return matching[0]


def open_stream(direction: Direction, device: Device, width: int, callback: Callable[..., None]) -> Any:
    """A 16-bit stream at the device's native rate, not yet started. Raises AudioUnavailable.

    PortAudio's own thread calls `callback` fifty times a second.
    """
    sd = sounddevice()
    kind = sd.RawInputStream if direction is Direction.INPUT else sd.RawOutputStream
    try:
        return kind(
            samplerate=device.rate,
            channels=width,
            dtype="int16",
            device=device.index,
            blocksize=device.rate // BLOCKS,
            latency=_LATENCY[direction],
            callback=callback,
        )
    except sd.PortAudioError as error:
        reason = str(error).splitlines()[0]
        raise AudioUnavailable(f"{device.name} cannot be used: {reason}; choose another device") from error


def channels(direction: Direction, device: Device) -> int:
    """1 where the device takes or gives mono, else 2."""
    sd = sounddevice()
    check = sd.check_input_settings if direction is Direction.INPUT else sd.check_output_settings
    try:
        check(device=device.index, channels=1, dtype="int16", samplerate=device.rate)
    except sd.PortAudioError:
        return min(2, device.channels)
    return 1


@contextmanager
def native_errors_to(log: Path) -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to `log` while the block runs.

    ALSA and PortAudio print there whatever they dislike, between the lines of a story or across a screen.
    What Python writes to sys.stderr goes on to the terminal, and so does sys.__stderr__, on which Textual
    draws. Where `log` cannot be written, the noise is dropped.
    """
    saved = os.dup(2)
    terminal = open(saved, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - closed below
    originals = sys.stderr, sys.__stderr__
    try:
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        target = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(target, 2)
        if sys.stderr is sys.__stderr__:  # else whoever replaced it wants what is written to it
            sys.stderr = terminal
        sys.__stderr__ = terminal  # type: ignore[misc]
        yield
    finally:
        sys.stderr, sys.__stderr__ = originals  # type: ignore[misc]
        os.dup2(saved, 2)
        os.close(target)
        terminal.close()
