"""Checks what the assistant needs on this machine; each failure comes with its fix."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from app.settings import Settings
from tools.errors import HeadstartError
from voice.devices import Direction, native_errors_to, pick
from voice.echo import Echo


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check; `detail` is what was found, or what to do."""

    name: str
    ok: bool
    detail: str


class NotWell(HeadstartError):
    """A check failed. The message is one line: what was found, and what to do."""


def examine(settings: Settings, *, as_json: bool) -> bool:
    """Run every check, printing each as it is done. True when all is well. Plays a sound, and listens."""
    good = True
    with native_errors_to(Path(os.devnull)):
        for check in _checks(settings):
            good = good and check.ok
            if as_json:
                print(json.dumps(asdict(check)), flush=True)
            else:
                print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.detail}", flush=True)
    return good


def _checks(settings: Settings) -> Iterator[Check]:
    for name, look in (
        ("packages", _packages),
        ("models", _models),
        ("microphone", lambda: _microphone(settings)),
        ("speaker", lambda: _speaker(settings)),
        ("echo", lambda: _echo(settings)),
        ("speed", _speed),
        ("brain", lambda: _brain(settings)),
        ("store", lambda: _store(settings.data)),
    ):
        yield _check(name, look)


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except HeadstartError as error:
        return Check(name, False, str(error))


def _packages() -> str:
    needed = [Requirement(text) for text in metadata.requires("headstart") or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong: list[str] = []
    for one in needed:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} is {version}, not {one.specifier}")
    if wrong:
        raise NotWell(f"{'; '.join(wrong)}; install Headstart again")
    return f"all {len(needed)} of them"


def _models() -> str:
    from voice.models import whisper_path

    return f"speech recognition from {whisper_path().parent.name}; voice from hibari"


def _microphone(settings: Settings) -> str:
    from voice.probe import SILENCE, level

    device = pick(Direction.INPUT, settings.microphone)
    loudness = level(device)
    found = f"{device.name}, {device.rate} Hz"
    if loudness <= SILENCE:
        raise NotWell(f"{found}: nothing but silence comes from it; unmute it in the system's sound settings")
    if loudness > -20:
        raise NotWell(f"{found}: {loudness:.0f} dB of noise; turn it down, or find a quieter place")
    return f"{found}; the room is at {loudness:.0f} dB"


def _speaker(settings: Settings) -> str:
    device = pick(Direction.OUTPUT, settings.speaker)
    return f"{device.name}, {device.rate} Hz"


def _echo(settings: Settings) -> str:
    from hibari import SAMPLE_RATE, Hibari

    from voice.probe import probe

    microphone = pick(Direction.INPUT, settings.microphone)
    speaker = pick(Direction.OUTPUT, settings.speaker)
    sound = Hibari(threads=1)("This is the assistant. It listens to itself, to find out how loud it is here.")
    found = probe(microphone, speaker, sound, SAMPLE_RATE)
    if not found.is_heard:
        return f"the microphone does not hear the speaker; set to {settings.echo}"
    heard = f"the microphone hears the speaker at {found.echo:.0f} dB"
    after = f"{found.echo - found.left:.0f} dB of that can be cancelled"
    if settings.echo is Echo.OFF:
        better = Echo.CANCEL if found.is_cancelled else Echo.HALF_DUPLEX
        raise NotWell(f'{heard}, {after}; wear headphones, or set echo = "{better}"')
    if settings.echo is Echo.CANCEL and not found.is_cancelled:
        raise NotWell(f'{heard}, only {after}; wear headphones, or set echo = "{Echo.HALF_DUPLEX}"')
    return f"{heard}, {after}; set to {settings.echo}"


def _speed() -> str:
    from app.speed import measure
    from voice.models import load

    speeds = measure(load())
    told = "; ".join(str(speed) for speed in speeds)
    slow = [speed.name for speed in speeds if speed.is_slow]
    if slow:
        raise NotWell(f"{told}; {' and '.join(slow)} cannot keep up: close what else uses the processor")
    return told


def _brain(settings: Settings) -> str:
    if settings.brain == "gemini":
        from app.cloud import check_gemini

        return asyncio.run(check_gemini(settings, os.environ))
    if settings.brain == "openai":
        from app.openai_check import check_openai

        return asyncio.run(check_openai(settings, os.environ))
    if settings.brain == "vllm":
        return _vllm_brain(settings)
    return _local_brain()


def _vllm_brain(settings: Settings) -> str:
    from agents.brains.vllm import VllmBrain
    from app.brains import make_brain, make_meter, served_engine
    from app.speed import first_action
    from tools.assistant import assistant_tools
    from tools.toolbox import Toolbox

    toolbox = Toolbox(assistant_tools())
    if (inside := settings.vllm.inside) is not None:
        brain = make_brain("vllm", settings, make_meter(settings), toolbox)
        seconds = asyncio.run(first_action(brain))
        return _in_time(f"{inside} in this process", seconds, "look what else uses the card")
    engine = served_engine(settings)
    seconds = asyncio.run(first_action(VllmBrain(engine, toolbox)))
    return _in_time(f"{engine.model} at {engine.place}", seconds, "look what else the server is asked")


def _in_time(found: str, seconds: float, remedy: str) -> str:
    if seconds > 3.0:
        raise NotWell(f"{found}: {seconds:.1f} s to its first call; {remedy}")
    return f"{found}, {seconds:.2f} s to its first call"


def _local_brain() -> str:
    from agents.brains.local import ADAPTER, LocalBrain
    from agents.brains.weights import base_weights
    from app.speed import first_action

    if not ADAPTER.is_file():
        raise NotWell(f"the adapter {ADAPTER} is missing; reinstall Headstart")
    try:
        found = f"{base_weights().name} with {ADAPTER.name}"
    except FileNotFoundError as error:
        raise NotWell(str(error)) from error
    seconds = asyncio.run(first_action(LocalBrain()))
    return _in_time(found, seconds, "close what else uses the processor")


def _store(data: Path) -> str:
    from tools.store import Store

    with Store.open(data):
        return str(data)
