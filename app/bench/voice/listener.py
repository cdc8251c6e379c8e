"""Notes what the voice tells a session, on the clock of the audio, and passes it on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voice.decoder import SAMPLE_RATE, Audio, Decoded, Decoder
from voice.listener import Listener


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was heard at second `at` of the tape. `settled`: of all that was said, in the silence after it."""

    at: float
    stable: str
    unstable: str
    settled: bool


@dataclass(slots=True)
class Notes:
    """What happened, in seconds of the tape; by how many ms audio frames missed their rhythm."""

    hypotheses: list[Hypothesis] = field(default_factory=list)
    started: list[float] = field(default_factory=list)  # the user began to speak
    ended: list[tuple[float, str]] = field(default_factory=list)  # a turn ended, with these words
    speaking: list[float] = field(default_factory=list)  # the assistant began to
    interrupted: list[float] = field(default_factory=list)
    jitter: list[float] = field(default_factory=list)


class TimedDecoder(Decoder):
    """Counts the seconds of decoding, in one thread, and remembers that a settling decode was done."""

    def __init__(self, decoder: Decoder) -> None:
        self.__dict__.update(decoder.__dict__)
        self.seconds = 0.0
        self.settled = False

    def partial(self, audio: Audio) -> Decoded:
        """As `Decoder.partial`."""
        return self._timed(super().partial, audio)

    def final(self, audio: Audio) -> Decoded:
        """As `Decoder.final`."""
        decoded = self._timed(super().final, audio)
        self.settled = True
        return decoded

    def _timed(self, decode: Callable[[Audio], Decoded], audio: Audio) -> Decoded:
        begun = time.perf_counter()
        try:
            return decode(audio)
        finally:
            self.seconds += time.perf_counter() - begun


class Noting:
    """A `Listener` in front of another one. Where it hears nothing, neither does the clock run."""

    def __init__(self, session: Listener, decoder: TimedDecoder | None = None) -> None:
        self.notes = Notes()
        self._session = session
        self._decoder = decoder
        self._begun = float("inf")  # monotonic time of the first sample, by the promptest frame
        self._samples = 0
        self._last: float | None = None

    @property
    def second(self) -> float:
        """The second of the tape that a microphone would hear now."""
        return time.monotonic() - self._begun

    @property
    def hears(self) -> int | None:
        """The rate at which the sound is taken as a clock."""
        return SAMPLE_RATE

    def listen(self, audio: bytes) -> None:
        """Set the clock."""
        now = time.monotonic()
        self._samples += len(audio) // 2
        self._begun = min(self._begun, now - self._samples / SAMPLE_RATE)
        if self._last is not None:
            self.notes.jitter.append(abs(now - self._last - len(audio) / 2 / SAMPLE_RATE) * 1000)
        self._last = now

    def speech_started(self) -> None:
        """Note it."""
        self.notes.started.append(self.second)
        self._session.speech_started()

    def hear(self, stable: str, unstable: str) -> None:
        """Note it."""
        settled = self._decoder is not None and self._decoder.settled
        if self._decoder is not None:
            self._decoder.settled = False
        self.notes.hypotheses.append(Hypothesis(self.second, stable, unstable, settled))
        self._session.hear(stable, unstable)

    def end_turn(self, text: str) -> None:
        """Note it."""
        self.notes.ended.append((self.second, text))
        self._session.end_turn(text)

    def interrupt(self) -> None:
        """Note it."""
        self.notes.interrupted.append(self.second)
        self._session.interrupt()

    def speaking_started(self) -> None:
        """Note it."""
        self.notes.speaking.append(self.second)
        self._session.speaking_started()

    def __getattr__(self, name: str) -> Any:
        """What is not noted goes to the session."""
        return getattr(self._session, name)
