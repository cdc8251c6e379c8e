"""What the assistant hears of clips played to it in real time, while the local brain thinks along."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from agents.brains.local import LocalBrain
from app.bench.ranges import Range
from app.bench.voice.clips import Clip, in_turn, tape
from app.bench.voice.conversation import conversation
from app.bench.voice.listener import Hypothesis, Notes, Noting, TimedDecoder
from app.bench.voice.words import Errors, compare, matched, words_of
from voice.agreement import common_prefix
from voice.decoder import SAMPLE_RATE
from voice.models import Models
from voice.pipeline import VoiceOptions, run_voice

GAP = 2.0  # seconds of silence between two clips


@dataclass(frozen=True, slots=True)
class Hearing:
    """Times are in seconds.

    `stable` and `unstable` are the lags of a word that was heard right behind the moment it was said, when it
    was there for good; `transcript` is the time from the end of speech to the recogniser's last word on it,
    `turn` that to the end of the turn. `prefixes` is the share, in percent, of the partials whose stable
    words, and all words, begin the final text. `split` counts clips of which more than one turn was made.
    `cpu` is that of the whole process, and `decoding` the time one thread decodes, in percent of one core
    while clips play; `factor` is the time of decoding for a second of speech.
    """

    clips: int
    errors: Errors
    stable: Range
    unstable: Range
    transcript: Range
    turn: Range
    prefixes: tuple[float, float]
    split: int
    jitter: Range
    cpu: float
    decoding: float
    factor: float


@dataclass(frozen=True, slots=True)
class Played:
    """What came of playing clips: what was noted, the second at which each clip began, and what it took.

    `wall`, `cpu` of the whole process and `decoding` are seconds.
    """

    notes: Notes
    starts: list[float]
    wall: float
    cpu: float
    decoding: float


async def play(models: Models, clips: Sequence[Clip], said: Callable[[str], None]) -> Played:
    """Play the clips once, in real time, with the local brain. `said` gets a line of progress for each."""
    audio, starts = tape(clips, [GAP] * len(clips))
    decoder = TimedDecoder(models.decoder)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.wav"
        soundfile.write(path, audio, SAMPLE_RATE)
        async with conversation(LocalBrain(), Path(folder) / "data") as session:
            noting = Noting(session, decoder)
            progress = asyncio.create_task(_progress(noting, clips, starts, said))
            begun, cpu = time.monotonic(), time.process_time()
            try:
                options = VoiceOptions(replace(models, decoder=decoder), patience=GAP)
                await run_voice(noting, path, None, options=options)
            finally:
                progress.cancel()
            wall, cpu = time.monotonic() - begun, time.process_time() - cpu
    return Played(noting.notes, starts, wall, cpu, decoder.seconds)


async def hear(models: Models, clips: Sequence[Clip], said: Callable[[str], None]) -> Hearing:
    """Play the clips once. `said` gets a line of progress for each."""
    played = await play(models, clips, said)
    notes = played.notes
    speech = sum(clip.seconds for clip in clips)
    heard = [_Heard.of(clip, notes, start, end) for clip, start, end in in_turn(clips, played.starts)]
    partials = [partial for one in heard for partial in one.partials]
    return Hearing(
        clips=len(clips),
        errors=sum((one.errors for one in heard), Errors(0, 0)),
        stable=Range.of([lag for one in heard for lag in one.stable]),
        unstable=Range.of([lag for one in heard for lag in one.unstable]),
        transcript=Range.of([one.transcript for one in heard if one.transcript is not None]),
        turn=Range.of([one.turn for one in heard if one.turn is not None]),
        prefixes=(_percent([stable for stable, _ in partials]), _percent([each for _, each in partials])),
        split=sum(one.turns > 1 for one in heard),
        jitter=Range.of(notes.jitter),
        cpu=100 * played.cpu / played.wall,
        decoding=100 * played.decoding / played.wall,
        factor=played.decoding / speech,
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """One clip; see `Hearing`."""

    errors: Errors
    stable: list[float]
    unstable: list[float]
    transcript: float | None
    turn: float | None
    partials: list[tuple[bool, bool]]
    turns: int

    @staticmethod
    def of(clip: Clip, notes: Notes, start: float, end: float) -> _Heard:
        ended = [(at, text) for at, text in notes.ended if start <= at < end]
        hypotheses = [one for one in notes.hypotheses if start <= one.at < end]
        text = " ".join(text for _, text in ended)
        last = ended[-1][0] if ended else end
        settled = [one.at for one in hypotheses if one.settled and one.at <= last]
        silent = start + clip.end
        whole = len(ended) == 1  # words of a split turn have no single text to compare with
        final = words_of(text)
        right = matched([word.word for word in clip.words], final) if whole else {}
        stable: list[float] = []
        unstable: list[float] = []
        for number, place in right.items():
            due = start + clip.words[number].end
            stable.append(_there(hypotheses, final, place, last, lambda one: one.stable) - due)
            unstable.append(_there(hypotheses, final, place, last, _all) - due)
        before = [one for one in hypotheses if not one.settled and one.at < silent] if whole else []
        return _Heard(
            errors=compare(clip.text, text),
            stable=stable,
            unstable=unstable,
            transcript=settled[-1] - silent if settled else None,
            turn=last - silent if ended else None,
            partials=[(_begins(final, one.stable), _begins(final, _all(one))) for one in before],
            turns=len(ended),
        )


def _all(hypothesis: Hypothesis) -> str:
    return f"{hypothesis.stable} {hypothesis.unstable}"


def _begins(final: Sequence[str], partial: str) -> bool:
    words = words_of(partial)
    return common_prefix(words, final) == len(words)


def _there(
    hypotheses: Sequence[Hypothesis],
    final: Sequence[str],
    place: int,
    last: float,
    words: Callable[[Hypothesis], str],
) -> float:
    """When word number `place` of the final text was among the words for good; `last` at the latest."""
    since = last
    for one in reversed(hypotheses):
        if one.at >= last:
            continue
        said = words_of(words(one))
        if len(said) <= place or said[place] != final[place]:
            break
        since = one.at
    return since


def _percent(flags: Sequence[bool]) -> float:
    return 100 * sum(flags) / len(flags) if flags else 0.0


async def _progress(
    noting: Noting, clips: Sequence[Clip], starts: Sequence[float], said: Callable[[str], None]
) -> None:
    for clip, start, _ in in_turn(clips, starts):
        while noting.second < start + clip.seconds + GAP:  # noqa: ASYNC110 - for a person to look at
            await asyncio.sleep(0.5)
        said(clip.name)
