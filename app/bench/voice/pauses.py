"""Whether a pause in the middle of a sentence is taken for the end of the turn, and what a true end costs.

Every sentence is said as a whole and stopped at a word, so that the voice before the pause does not sound
like an end. The turn's judgement is made once, 0.2 s into a silence, and says how much silence ends the turn:
one judgement therefore tells the outcome of a pause of any length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from hibari import Hibari
from pipecat.audio.vad.vad_analyzer import VADState

from app.bench.ranges import Range
from app.bench.voice.clips import CONDITIONS, MARGIN, VOICES, Clip, changed, speak, word_times
from app.bench.voice.sound import Wave, pcm, silence
from app.bench.voice.words import words_of
from voice.decoder import SAMPLE_RATE, Audio
from voice.models import Models
from voice.turns import Patience, completeness
from voice.vad import voice_analyzer

PAUSES = (0.3, 0.5, 0.8, 1.0, 1.5)
_FRAME = SAMPLE_RATE // 50
_NOTICED = 0.1  # seconds of speech after which it is noticed that the user goes on

# Where people hesitate: before the word they look for, and before what they add.
HESITATIONS = (
    "Remind me to | call the dentist.",
    "What's on my calendar on | Saturday?",
    "Put lunch with Anna on | Friday at one.",
    "Put lunch with Anna | on Friday at one.",
    "Set a timer for | ten minutes.",
    "Set a timer | for ten minutes.",
    "Send a message to Ben | that I will be late.",
    "Send a message to | Ben that I will be late.",
    "Find the nearest | pharmacy, please.",
    "Book a table for two | on Sunday evening.",
    "Turn the kitchen light | off, please.",
    "What will the weather be | like in Paris tomorrow?",
    "What will the weather be like | in Paris tomorrow?",
    "Move my meeting with Carol | to Thursday afternoon.",
    "Move my meeting with Carol to | Thursday afternoon.",
    "Play some | quiet music in the living room.",
    "How long does it take | to drive to the airport?",
    "How long does it take to drive to | the airport?",
    "Cancel the dentist appointment | next Monday.",
    "Read me the last note | about the garden.",
    "Write a note that says | we need milk and bread.",
    "Text my mother and | tell her I am on my way.",
    "I need to know when | the train to Boston leaves.",
    "Add coffee, milk and | a loaf of bread to my list.",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """How much silence would end a turn, in seconds, and the words by which that was decided."""

    said: str
    text: str
    complete: float
    silence: float


@dataclass(frozen=True, slots=True)
class Pauses:
    """`cut` is the share, in percent, of pauses in a sentence that end the turn, by their length in seconds.

    `delay` is the silence in seconds that ends a turn that is over; `sure` the share of those that end after
    the short one. `judged` are the hesitations.
    """

    hesitations: int
    cut: dict[float, float]
    ends: int
    delay: Range
    sure: float
    judged: tuple[Judged, ...]


async def pauses(
    models: Models, clips: Sequence[Clip], told: Callable[[str], None], patience: Patience | None = None
) -> Pauses:
    """Judge every hesitation in every voice, and the ends of `clips`."""
    patience = patience or Patience()
    judged: list[Judged] = []
    for number, sentence in enumerate(HESITATIONS):
        for speaker in VOICES:
            heard = await asyncio.to_thread(_stopped, models, sentence, speaker, len(judged))
            if heard is not None:
                judged.append(await _judge(models, sentence, heard, patience))
        if number % 6 == 5:
            told(f"{len(judged)} of {len(HESITATIONS) * len(VOICES)} hesitations")
    ends = [await _judge(models, clip.text, clip.audio, patience) for clip in clips]
    silences = np.array([one.silence for one in judged])
    return Pauses(
        hesitations=len(judged),
        cut={pause: float(100 * np.mean(silences <= pause + _NOTICED)) for pause in PAUSES},
        ends=len(ends),
        delay=Range.of([one.silence for one in ends]),
        sure=100 * sum(one.silence == patience.short for one in ends) / len(ends),
        judged=tuple(judged),
    )


def said(voice: Hibari, sentence: str, speaker: str) -> tuple[Wave, int] | None:
    """A sentence of `HESITATIONS` without its pause, and the sample at which that is.

    None where the times of its words cannot be told.
    """
    before, after = (part.strip() for part in sentence.split("|"))
    wave = np.concatenate([silence(MARGIN), speak(voice, f"{before} {after}", speaker)])
    words = word_times(f"{before} {after}", pcm(wave))
    return (wave, int(words[len(words_of(before)) - 1].end * SAMPLE_RATE)) if words else None


def _stopped(models: Models, sentence: str, speaker: str, seed: int) -> Audio | None:
    """The sentence up to its bar."""
    whole = said(models.voice, sentence, speaker)
    if whole is None:
        return None
    wave, stop = whole
    return pcm(changed(wave, CONDITIONS[seed % len(CONDITIONS)], seed)[:stop])


async def _judge(models: Models, said: str, speech: Audio, patience: Patience) -> Judged:
    heard = await _until_silent(speech)
    text = " ".join((await asyncio.to_thread(models.decoder.final, heard)).words)
    complete = await completeness(models.prosody, heard[-8 * SAMPLE_RATE :].tobytes())
    return Judged(said, text, complete, patience.silence(complete, text))


async def _until_silent(speech: Audio) -> Audio:
    """The speech, and after it as much silence as the voice detector needs to notice."""
    detector = voice_analyzer()
    detector.set_sample_rate(SAMPLE_RATE)
    audio = np.concatenate([speech, np.zeros(SAMPLE_RATE, np.int16)])
    stopped, before = len(audio), VADState.QUIET
    for end in range(_FRAME, len(audio) + 1, _FRAME):
        state = await detector.analyze_audio(audio[end - _FRAME : end].tobytes())
        if state == VADState.QUIET and before == VADState.STOPPING:
            stopped = end
        before = state
    await detector.cleanup()
    return audio[:stopped]
