"""`headstart devices`: lists microphones and speakers, and keeps which of them to use."""

from __future__ import annotations

import os
from pathlib import Path

from app.config import read_config, write_config
from app.settings import Settings
from voice.devices import AudioUnavailable, Direction, devices, native_errors_to, pick

_SETTING = {Direction.INPUT: "microphone", Direction.OUTPUT: "speaker"}


def show(settings: Settings) -> None:
    """Print every device, a star before those that `talk` would use. Raises AudioUnavailable."""
    with native_errors_to(Path(os.devnull)):
        for direction, name in ((Direction.INPUT, settings.microphone), (Direction.OUTPUT, settings.speaker)):
            found = devices(direction)
            if not found:
                print(f"  {direction:<6}  none found; connect one, and see `headstart doctor`")
                continue
            try:
                used = pick(direction, name)
            except AudioUnavailable as error:
                print(f"! {direction:<6}  {error}")
                used = None
            for device in found:
                mark = "*" if device == used else " "
                print(f"{mark} {direction:<6}  {device.rate:>6} Hz  {device.channels} ch  {device.name}")


def choose(microphone: str | None, speaker: str | None, config: Path) -> None:
    """Use the devices of these names, or parts of names, from now on: they are written to `config`.

    Raises AudioUnavailable where there is none of that name, and SettingsError; nothing is written then.
    """
    document = read_config(config)
    with native_errors_to(Path(os.devnull)):
        for direction, name in ((Direction.INPUT, microphone), (Direction.OUTPUT, speaker)):
            if name is not None:
                document[_SETTING[direction]] = pick(direction, name).name
    write_config(config, document)
