"""Speech to measure with: synthesised, or from a folder of recordings; with the times of its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hibari import Hibari

from app.bench.voice.sound import Wave, in_room, noisy, pcm, silence, voiced
from app.bench.voice.words import words_of
from tools.errors import HeadstartError
from voice.agreement import normal
from voice.decoder import SAMPLE_RATE, Audio
from voice.wavfile import read_audio

MARGIN = 0.3  # seconds of silence before and after the speech of a clip
VOICES = {"heart": 1.0, "larger": 1.16, "smaller": 0.9}  # size of the speaker
CONDITIONS = ("clean", "noise 15 dB", "room 0.4 s")

SENTENCES = (
    "What's on my calendar on Friday, no, Saturday?",
    "Set a timer for ten minutes and remind me to call my mother.",
    "Turn the kitchen light off and close the garage door.",
    "Send a message to Ben that I will be late tonight.",
    "What will the weather be like in Paris tomorrow afternoon?",
    "Find the nearest pharmacy and tell me when it closes.",
    "Move my meeting with Carol to Thursday, and write her why.",
    "Read me the last note about the garden.",
    "Cancel the dentist appointment next Monday.",
    "How long does it take to drive from here to the airport?",
    "Put lunch with Anna on Sunday, and book a table for two.",
    "Play some quiet music in the living room, please.",
)


class BenchError(HeadstartError):
    """A benchmark that cannot be run. The message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as `words_of` gives it, and the second of the clip at which it has been said."""

    word: str
    end: float


@dataclass(frozen=True, slots=True)
class Clip:
    """Some speech at 16 kHz, from second `begin` to `end`. `words` is empty where their times are unknown."""

    name: str
    text: str
    audio: Audio
    words: tuple[Spoken, ...]
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.audio) / SAMPLE_RATE


def synthesised(voice: Hibari, count: int, sentences: Sequence[str] = SENTENCES) -> list[Clip]:
    """`count` clips: the sentences in turn, every voice and every condition as often as the others."""
    clips = []
    for number in range(count):
        text = sentences[number % len(sentences)]
        speaker = list(VOICES)[number % len(VOICES)]
        condition = CONDITIONS[number // len(VOICES) % len(CONDITIONS)]
        said = speak(voice, text, speaker)
        clips.append(_clip(f"{number + 1}: {speaker}, {condition}", text, said, condition, number))
    return clips


def speak(voice: Hibari, text: str, speaker: str) -> Wave:
    """`text` said by a speaker of `VOICES`, at the pace of the others."""
    size = VOICES[speaker]
    return voiced(voice(text, speed=size, seed=1), voice.sample_rate, size)


def recorded(folder: Path) -> list[Clip]:
    """A clip for each sound file with a text file of the same name beside it. Raises BenchError, BadAudio."""
    clips = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        text = path.with_suffix(".txt")
        if path.suffix.lower() in (".wav", ".flac", ".ogg") and text.is_file():
            wave = read_audio(path).astype(np.float32) / 32768
            clips.append(_clip(path.name, text.read_text(encoding="utf-8").strip(), wave, "clean", 0))
    if not clips:
        raise BenchError(f"{folder}: no sound file with its words beside it, as in one.wav and one.txt")
    return clips


def tape(clips: Sequence[Clip], gaps: Sequence[float]) -> tuple[Audio, list[float]]:
    """The clips one after the other with as many seconds of silence after each, and where each begins."""
    starts: list[float] = []
    parts: list[Audio] = [pcm(silence(1.0))]
    for clip, gap in zip(clips, gaps, strict=True):
        starts.append(sum(map(len, parts)) / SAMPLE_RATE)
        parts += [clip.audio, pcm(silence(gap))]
    return np.concatenate(parts), starts


def word_times(text: str, audio: Audio) -> tuple[Spoken, ...]:
    """When each word ends, by forced alignment; nothing where the aligner does not know a word.

    Checked against the phoneme alignment of another voice it is within 50 ms for 96 % of the words.
    Raises BenchError without the aligner.
    """
    try:
        from pocketsphinx import Decoder
    except ImportError:
        raise BenchError(
            "times of words need pocketsphinx; install it with: pip install pocketsphinx"
        ) from None
    decoder = Decoder(lm=None, loglevel="FATAL")
    said = [word for part in text.replace("-", " ").split() if (word := normal(part))]
    if any(decoder.lookup_word(word) is None for word in said):
        return ()
    decoder.set_align_text(" ".join(said))
    decoder.start_utt()
    decoder.process_raw(audio.tobytes(), full_utt=True)
    decoder.end_utt()
    found = [
        (segment.word.partition("(")[0], (segment.end_frame + 1) / 100)
        for segment in decoder.seg() or ()
        if segment.word[0] not in "<["
    ]
    if [word for word, _ in found] != said:
        return ()
    return tuple(Spoken(word, end) for word, (_, end) in zip(words_of(text), found, strict=True))


def _clip(name: str, text: str, said: Wave, condition: str, seed: int) -> Clip:
    clean = np.concatenate([silence(MARGIN), said, silence(MARGIN)])
    words = word_times(text, pcm(clean))
    wave = changed(clean, condition, seed)
    begin, end = span(clean)
    return Clip(name, text, pcm(wave), words, begin, words[-1].end if words else end)


def changed(clean: Wave, condition: str, seed: int) -> Wave:
    """As it is heard in a condition of `CONDITIONS`."""
    match condition.split():
        case ["noise", decibels, _]:
            return noisy(clean, float(decibels), seed)
        case ["room", seconds, _]:
            return in_room(clean, float(seconds), 3.0, seed)
        case _:
            return clean


def span(wave: Wave) -> tuple[float, float]:
    """The seconds between which there are sounds louder than a fiftieth of the loudest."""
    loud = np.flatnonzero(np.abs(wave) > 0.02 * np.abs(wave).max())
    return (float(loud[0]) / SAMPLE_RATE, float(loud[-1] + 1) / SAMPLE_RATE) if len(loud) else (0.0, 0.0)


def in_turn(clips: Sequence[Clip], starts: Sequence[float]) -> Iterator[tuple[Clip, float, float]]:
    """Each clip with the second of the tape at which it begins, and that at which the next one does."""
    bounds = [*starts, float("inf")]
    yield from zip(clips, bounds[:-1], bounds[1:], strict=True)
