"""Which part of the microphone's sound belongs to a turn."""

from __future__ import annotations

from collections import deque

BEFORE = 0.6  # seconds kept from before speech is noticed: a word has begun by then


class Hearing:
    """Keeps the latest moment, so that a turn's sound has its first word from the beginning."""

    def __init__(self) -> None:
        self._before: deque[bytes] = deque()
        self._seconds = 0.0

    def add(self, audio: bytes, rate: int, turn: int | None) -> list[bytes]:
        """What of the sound so far is to be handed over now: nothing while no turn is being spoken.

        `audio` is 16-bit mono PCM at `rate` Hz.
        """
        self._before.append(audio)
        if turn is not None:
            due = list(self._before)
            self._before.clear()
            self._seconds = 0.0
            return due
        self._seconds += _seconds(audio, rate)
        while self._seconds > BEFORE and len(self._before) > 1:
            self._seconds -= _seconds(self._before.popleft(), rate)
        return []


def _seconds(audio: bytes, rate: int) -> float:
    return len(audio) / 2 / rate
