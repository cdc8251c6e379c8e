"""Checks what the assistant needs on this machine; each failure comes with its fix."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import Settings
from tools.errors import HeadstartError


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check; `detail` is what was found, or what to do."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings, *, as_json: bool) -> bool:
    """Run every check, printing each as it is done. True when all is well."""
    good = True
    for check in _checks(settings):
        good = good and check.ok
        if as_json:
            print(json.dumps(asdict(check)), flush=True)
        else:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.detail}", flush=True)
    return good


def _checks(settings: Settings) -> Iterator[Check]:
    for name, look in (
        ("microphone", _microphone),
        ("speaker", _speaker),
        ("models", _models),
        ("brain", lambda: _brain(settings)),
        ("store", lambda: _store(settings.data)),
    ):
        yield _check(name, look)


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except HeadstartError as error:
        return Check(name, False, str(error))


def _microphone() -> str:
    from voice.devices import Direction, pick

    device = pick(Direction.INPUT)
    return f"{device.name}, {device.rate} Hz"


def _speaker() -> str:
    from voice.devices import Direction, pick

    device = pick(Direction.OUTPUT)
    return f"{device.name}, {device.rate} Hz"


def _models() -> str:
    from voice.models import whisper_path

    return f"speech recognition from {whisper_path().parent.name}; voice from hibari"


def _brain(settings: Settings) -> str:
    if settings.brain == "gemini":
        from app.cloud import check_gemini

        return asyncio.run(check_gemini(settings, os.environ))
    if settings.brain == "openai":
        from app.openai_check import check_openai

        return asyncio.run(check_openai(settings, os.environ))
    return _local_brain()


def _local_brain() -> str:
    from agents.brains.local import ADAPTER
    from agents.brains.weights import base_weights

    if not ADAPTER.is_file():
        raise HeadstartError(f"the adapter {ADAPTER} is missing; reinstall Headstart")
    try:
        return f"{base_weights().name} with {ADAPTER.name}"
    except FileNotFoundError as error:
        raise HeadstartError(str(error)) from error


def _store(data: Path) -> str:
    from tools.store import Store

    with Store.open(data):
        return str(data)
