"""How soon the assistant speaks, and how soon it falls silent when the user cuts in."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from hibari import Hibari

from agents.events import Answered, Event, TurnEnded, TurnStarted
from agents.speech import Speech
from app.bench.ranges import Range
from app.bench.voice.clips import in_turn, synthesised, tape
from app.bench.voice.listener import Noting
from voice.decoder import SAMPLE_RATE
from voice.models import Models
from voice.pipeline import VoiceOptions, run_voice
from voice.tts import pieces

ANSWER = (
    "On Saturday you have swimming at ten and lunch with Anna at one and coffee with Carol at four and then "
    "in the evening Ben and the neighbours come to dinner and bring the dessert with them as they always do."
)
QUESTION, CUT_IN = "What's on my calendar on Saturday?", "Stop, that is enough for today."
_SPEAKS = 2.5  # seconds from the end of the question until the user cuts in
_AFTER = 1.5  # seconds of silence after that
_QUIET = 0.01  # louder than this is speech


@dataclass(frozen=True, slots=True)
class Speaking:
    """Times are in seconds.

    `synthesis` is that from a sentence to its first audio; `first` from the end of the turn, where the answer
    is known at once, to the first audio for the speaker. `silent` is from the first sound of a user who cuts
    in until the last sound leaves for the speaker, `noticed` until the assistant knows of it; `missed` counts
    those who were not noticed.
    """

    synthesis: Range
    first: Range
    noticed: Range
    silent: Range
    missed: int


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
        noting = Noting(_Answering())
        await run_voice(noting, source, sink, options=VoiceOptions(models, patience=1.0))
        spoken, rate = soundfile.read(sink, dtype="float32")
    notes = noting.notes
    bursts = _bursts(spoken, rate)
    noticed, silent = [], []
    for clip, start, end in in_turn(clips, starts):
        begun = start + clip.begin
        cuts = [at for at in notes.interrupted if begun <= at < end]
        talks = [at for at in notes.speaking if at < begun]
        if clip.text != CUT_IN or not cuts or not talks:
            continue
        noticed.append(cuts[0] - begun)
        # The file has a clock of its own; both know when this answer began, but for its first 30 ms.
        burst = bursts[len(talks) - 1] if len(talks) <= len(bursts) else None
        if burst is not None:
            silent.append(talks[-1] + burst[1] - burst[0] - begun)
    first = []
    for (ended, text), (after, _) in pairwise([*notes.ended, (float("inf"), "")]):
        answers = [at for at in notes.speaking if ended <= at < after]
        if answers and _Answering.is_question(text):
            first.append(answers[0] - ended)
    return Speaking(
        synthesis=Range.of(_first_audio(models.voice)),
        first=Range.of(first),
        noticed=Range.of(noticed),
        silent=Range.of(silent),
        missed=times - len(noticed),
    )


def _first_audio(voice: Hibari) -> list[float]:
    took = []
    for piece in pieces(ANSWER) * 3:
        begun = time.perf_counter()
        voice(piece)
        took.append(time.perf_counter() - begun)
    return took


def _bursts(wave: np.ndarray, rate: int) -> list[tuple[float, float]]:
    """Begin and end, in seconds, of what is spoken between silences of a second or more."""
    loud = np.flatnonzero(np.abs(wave) > _QUIET)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > rate)
    begins = loud[np.concatenate([[0], breaks + 1])]
    ends = loud[np.concatenate([breaks, [len(loud) - 1]])]
    return [(float(a) / rate, float(b + 1) / rate) for a, b in zip(begins, ends, strict=True)]


class _Answering:
    """A session without a brain: it knows one answer, and gives it at once to every question."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._listeners: list[Callable[[Event], None]] = []
        self._turn = 0
        self.is_idle = True
        self.hears: int | None = None

    @staticmethod
    def is_question(text: str) -> bool:
        """Whether `text` is to be answered."""
        return "calendar" in text.lower()

    def now(self) -> float:
        return time.monotonic() - self._begun

    def speech_started(self) -> None:
        if self.is_idle:
            self._turn += 1
            self.is_idle = False
            self._emit(TurnStarted(self._turn, self.now()))

    def end_turn(self, text: str) -> None:
        if self.is_question(text):
            self._emit(Answered(self._turn, self.now(), ANSWER))
        else:
            self._end()

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        self._end()

    def subscribe(self, listener: Callable[[Event], None], /) -> None:
        self._listeners.append(listener)

    def on_speech(self, voice: Callable[[int, Speech], None], /) -> None:
        """There is no other voice."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        """What else it is told is of no interest."""
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: None

    def _end(self) -> None:
        self.is_idle = True
        self._emit(TurnEnded(self._turn, self.now(), 0.0, None, 0.0, 0, 0, 0))

    def _emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
