"""What a brain says in its own voice: sound that arrives while it is being played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

_WIDTH = 2  # bytes of a sample


class Speech:
    """One answer as sound: 16-bit mono PCM at `rate` Hz. The brain writes it, the voice reads it.

    `stopped` is called once, with the seconds that were audible, when the voice has finished or was cut
    short: that is what the user knows of it. It is not called where nobody listens. For one event loop.
    """

    def __init__(self, rate: int, stopped: Callable[[float], None] | None = None) -> None:
        self.rate = rate
        self.text = ""  # the words so far
        self.received = 0.0  # seconds of sound so far
        self.is_over = False  # nothing more arrives
        self.is_cut = False  # and what has arrived is not to be played either
        self._stopped = stopped
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()

    # ---- the brain -----------------------------------------------------------------------------

    def add(self, audio: bytes) -> None:
        """More sound: whole samples."""
        if not self.is_over and audio:
            self.received += len(audio) / _WIDTH / self.rate
            self._chunks.put_nowait(audio)

    def say(self, text: str) -> None:
        """More of its words; they come before their sound, or with it."""
        if not self.is_over:
            self.text += text

    def end(self) -> None:
        """That was all of it."""
        if not self.is_over:
            self.is_over = True
            self._chunks.put_nowait(None)

    def cut(self) -> None:
        """The brain takes it back: what has not been played is not played."""
        self.is_cut = True
        self.end()

    # ---- the voice -----------------------------------------------------------------------------

    async def chunks(self) -> AsyncIterator[bytes]:
        """The sound, as it arrives. For one reader."""
        while (chunk := await self._chunks.get()) is not None and not self.is_cut:
            yield chunk

    def stop(self, heard: float) -> None:
        """The voice is done with it; `heard` seconds were audible. A second time does nothing."""
        stopped, self._stopped = self._stopped, None
        if stopped is not None:
            stopped(min(heard, self.received))

    def words_in(self, seconds: float) -> str:
        """The words said in the first `seconds`, by their share of the sound."""
        words = self.text.split()
        if seconds >= self.received:
            return " ".join(words)
        return " ".join(words[: int(len(words) * seconds / self.received)])
