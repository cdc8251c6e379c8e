"""Microphones and speakers: finding them, naming them, and keeping their libraries quiet."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType

from tools.errors import HeadstartError


class AudioUnavailable(HeadstartError):
    """No sound can be had. The message is one line that says what to do."""


class Direction(StrEnum):
    """What a device is wanted for."""

    INPUT = "input"
    OUTPUT = "output"


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


@contextmanager
def native_errors_to(log: Path) -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to `log` while the block runs.

    ALSA and PortAudio print there whatever they dislike, in the middle of a terminal screen. Python's
    own sys.stderr writes to the same descriptor and is redirected with it; sys.__stderr__, on which
    Textual draws, goes on to the terminal, so begin before the screen does.
    """
    saved = os.dup(2)
    original, sys.__stderr__ = sys.__stderr__, open(saved, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(target, 2)
        yield
    finally:
        sys.__stderr__ = original  # type: ignore[misc]
        os.dup2(saved, 2)
        os.close(target)
        os.close(saved)
