"""How soon the assistant speaks, and how soon it falls silent when the user cuts in."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from hibari import Hibari

from agents.actions import Action, Answer, Pause
from agents.brain import Interaction
from agents.events import Updated
from app.bench.ranges import Range
from app.bench.voice.clips import in_turn, synthesised, tape
from app.bench.voice.conversation import conversation
from app.bench.voice.listener import Noting
from voice.decoder import SAMPLE_RATE
from voice.models import Models
from voice.pipeline import VoiceOptions, run_voice
from voice.tts import EDGE, pieces

ANSWER = (
    "On Saturday you have swimming at ten and lunch with Anna at one and coffee with Carol at four and then "
    "in the evening Ben and the neighbours come to dinner and bring the dessert with them as they always do."
)
QUESTION, CUT_IN = "What's on my calendar on Saturday?", "Stop, that is enough for today."
_SPEAKS = 2.5  # seconds from the end of the question until the user cuts in
_AFTER = 1.5  # seconds of silence after that
_QUIET = 0.01  # louder than this is speech
_BREATH = 0.6  # seconds: longer than the voice pauses between two sentences; what is silent longer has ended

Burst = tuple[float, float]  # seconds at which something that was spoken began and ended


@dataclass(frozen=True, slots=True)
class Speaking:
    """Times are in seconds.

    `synthesis` is that from a sentence to its first audio; `first` from the end of the turn, where the answer
    is known at once, to the first audio for the speaker. `silent` is from the first sound of a user who cuts
    in until the last sound leaves for the speaker, `noticed` until the assistant knows of it. `missed` counts
    those who were talked over, `ended` those before whom the assistant had fallen silent by itself: they say
    nothing about either.
    """

    synthesis: Range
    first: Range
    noticed: Range
    silent: Range
    missed: int
    ended: int


async def speaking(models: Models, times: int, said: Callable[[str], None]) -> Speaking:
    """Ask `times` questions and cut in on every answer, in real time."""
    said(f"{times} times cutting in")
    questions = synthesised(models.voice, times, [QUESTION])
    replies = synthesised(models.voice, times, [CUT_IN])
    clips = [clip for pair in zip(questions, replies, strict=True) for clip in pair]
    audio, starts = tape(clips, [_SPEAKS, _AFTER] * times)
    with tempfile.TemporaryDirectory() as folder:
        source, sink = Path(folder) / "user.wav", Path(folder) / "assistant.wav"
        soundfile.write(source, audio, SAMPLE_RATE)
        async with conversation(_Knowing(), Path(folder) / "data") as session:
            noting = Noting(session)
            await run_voice(noting, source, sink, options=VoiceOptions(models, patience=1.0))
        spoken, rate = soundfile.read(sink, dtype="float32")
    notes = noting.notes
    bursts = on_tape(_bursts(spoken, rate), notes.speaking)
    noticed: list[float] = []
    silent: list[float] = []
    missed = ended = 0
    for clip, start, end in in_turn(clips, starts):
        if clip.text != CUT_IN:
            continue
        begun = start + clip.begin
        cuts = [at for at in notes.interrupted if begun <= at < end]
        silence = until_silent(bursts, begun)
        if silence is None or not (cuts or silence):
            ended += 1
        elif cuts:
            noticed.append(cuts[0] - begun)
            silent.append(silence)
        else:
            missed += 1
    first: list[float] = []
    for (at, text), (after, _) in pairwise([*notes.ended, (float("inf"), "")]):
        answers = [begun for begun in notes.speaking if at <= begun < after]
        if answers and _is_question(text):
            first.append(answers[0] - at)
    return Speaking(
        synthesis=Range.of(_first_audio(models.voice)),
        first=Range.of(first),
        noticed=Range.of(noticed),
        silent=Range.of(silent),
        missed=missed,
        ended=ended,
    )


def until_silent(bursts: Sequence[Burst], begun: float) -> float | None:
    """Seconds from `begun` to the end of what was being spoken then; None where nothing was any more."""
    ends = [end for begin, end in bursts if begin < begun]
    if not ends or ends[-1] < begun - _BREATH:
        return None
    return max(0.0, ends[-1] - begun)  # the voice may have been between two words


def on_tape(bursts: Sequence[Burst], speaking: Sequence[float]) -> list[Burst]:
    """Bursts in a file, by the clock of `speaking`, at whose first moment the first of them was begun."""
    if not bursts or not speaking:
        return []
    later = speaking[0] + EDGE - bursts[0][0]
    return [(begin + later, end + later) for begin, end in bursts]


def _first_audio(voice: Hibari) -> list[float]:
    took = []
    for piece in pieces(ANSWER) * 3:
        begun = time.perf_counter()
        voice(piece)
        took.append(time.perf_counter() - begun)
    return took


def _bursts(wave: np.ndarray, rate: int) -> list[Burst]:
    """Begin and end, in seconds, of what is spoken between silences of a second or more."""
    loud = np.flatnonzero(np.abs(wave) > _QUIET)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > rate)
    begins = loud[np.concatenate([[0], breaks + 1])]
    ends = loud[np.concatenate([breaks, [len(loud) - 1]])]
    return [(float(a) / rate, float(b + 1) / rate) for a, b in zip(begins, ends, strict=True)]


def _is_question(text: str) -> bool:
    return "calendar" in text.lower()


class _Knowing:
    """A brain with one answer, which it gives at once to every question, and two words for all else."""

    name = "scripted"
    patience = 0.0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Answer when all words are there."""
        update = next(event for event in reversed(interaction.of_turn) if isinstance(event, Updated))
        yield Answer(ANSWER if _is_question(update.text) else "All right.") if update.final else Pause()

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""
