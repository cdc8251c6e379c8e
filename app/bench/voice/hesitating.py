"""Whether the assistant waits for somebody who stops in the middle of a sentence, in a real conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.bench.voice.clips import CONDITIONS, MARGIN, VOICES, Clip, changed, in_turn, span
from app.bench.voice.hearing import play
from app.bench.voice.pauses import HESITATIONS, said
from app.bench.voice.sound import pcm, silence
from voice.models import Models

PAUSE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Hesitating:
    """Of `pauses` within sentences, of `seconds` each, those in which the turn was ended."""

    seconds: float
    pauses: int
    cut: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Their share in percent."""
        return 100 * len(self.cut) / self.pauses if self.pauses else 0.0


async def hesitate(models: Models, count: int, told: Callable[[str], None]) -> Hesitating:
    """Say `count` sentences with a pause in each, in real time, to the local brain."""
    clips = [clip for number in range(count) if (clip := hesitant(models, number)) is not None]
    played = await play(models, clips, told)
    cut = [
        clip.name
        for clip, start, _ in in_turn(clips, played.starts)
        if any(start + clip.begin < at < start + clip.end for at, _ in played.notes.ended)
    ]
    return Hesitating(PAUSE, len(clips), tuple(cut))


def hesitant(models: Models, number: int) -> Clip | None:
    """A sentence with a pause in it, in which what else there is to hear goes on.

    Sentence after sentence, every voice and every condition as often as the others. None where the place of
    the pause cannot be told.
    """
    sentence = HESITATIONS[number % len(HESITATIONS)]
    turn = number + number // len(HESITATIONS)  # the next time round it is another voice's
    speaker = list(VOICES)[turn % len(VOICES)]
    condition = CONDITIONS[turn // len(VOICES) % len(CONDITIONS)]
    whole = said(models.voice, sentence, speaker)
    if whole is None:
        return None
    wave, stop = whole
    clean = np.concatenate([wave[:stop], silence(PAUSE), wave[stop:], silence(MARGIN)])
    name = f"{number + 1}: {sentence} {speaker}, {condition}"
    text = " ".join(sentence.replace("|", "").split())
    return Clip(name, text, pcm(changed(clean, condition, number)), (), *span(clean))
