"""Speech out: hibari, the first clause first, every word followed by a mark that says it was played."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from hibari import SAMPLE_RATE, Hibari
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from voice.frames import SpeakSoonFrame, SpokenWordFrame

_CLAUSE = re.compile(r"(?<=[,;:—])\s+")
_LONG = 50  # letters of a first sentence that is worth splitting
_NOTHING = np.zeros(0, np.float32)
_SHORT = 12  # letters below which a clause is too short to sound natural alone
_FAINT = 0.005  # share of the loudest sample below which a sound is silence
EDGE = 0.03  # seconds kept before the first sound and after the last
_PAUSES = {",": 0.12, ";": 0.15, ":": 0.15, "—": 0.15}  # seconds after a piece that ends so
_PAUSE = 0.3  # after any other, which is a sentence


def pieces(text: str) -> list[str]:
    """The text in pieces to synthesise one by one: sentences, a long first one split at its first clause."""
    sentences = Hibari.split_sentences(text)
    if not sentences or len(sentences[0]) < _LONG:
        return sentences
    for gap in _CLAUSE.finditer(sentences[0]):
        head, rest = sentences[0][: gap.start()], sentences[0][gap.end() :]
        if len(head) >= _SHORT and len(rest) >= _SHORT:
            return [head, rest, *sentences[1:]]
    return sentences


def trim(speech: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The speech without the silence around it: the voice makes 0.3 s of it before the first sound."""
    loud = np.flatnonzero(np.abs(speech) > _FAINT * np.abs(speech).max(initial=0.0))
    if not len(loud):
        return speech
    edge = int(EDGE * SAMPLE_RATE)
    return speech[max(0, loud[0] - edge) : loud[-1] + edge]


def shares(text: str, samples: int) -> Iterator[tuple[str, int]]:
    """Each word of `text` with the number of its samples, by its share of letters; adds up to `samples`."""
    words = text.split()
    total = sum(len(word) + 1 for word in words)
    letters = start = 0
    for word in words:
        letters += len(word) + 1
        end = samples * letters // total
        yield word, end - start
        start = end


class HibariTTS(TTSService):
    """Speaks TTSSpeakFrames at 24 kHz mono. Synthesis runs in one worker thread, piece by piece.

    The first piece of a `SpeakSoonFrame` is made at once and kept, in case it is to be said.
    """

    def __init__(self, voice: Hibari) -> None:
        super().__init__(
            sample_rate=SAMPLE_RATE,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model="hibari", voice=voice.voice, language=None),
        )
        self._voice = voice
        self._pool = ThreadPoolExecutor(1, "speak")
        self._running: asyncio.Future[npt.NDArray[np.float32]] | None = None
        self._ready: tuple[str, asyncio.Future[npt.NDArray[np.float32]]] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Make ready what will probably be said; pass everything on."""
        if isinstance(frame, SpeakSoonFrame) and (said := pieces(frame.text)):
            if self._ready is None or self._ready[0] != said[0]:
                self._ready = said[0], self._synthesise(said[0])
                self._ready[1].add_done_callback(lambda made: made.cancelled() or made.exception())
        await super().process_frame(frame, direction)

    async def cleanup(self) -> None:
        """Wait for the synthesis in flight and end the worker thread."""
        await super().cleanup()
        if self._running is not None:
            await asyncio.wait([self._running])
        self._pool.shutdown()

    def _synthesise(self, piece: str) -> asyncio.Future[npt.NDArray[np.float32]]:
        self._running = asyncio.get_running_loop().run_in_executor(self._pool, self._voice, piece)
        return self._running

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Audio of `text` word by word, each word followed by its `SpokenWordFrame`."""
        for left, piece in reversed(list(enumerate(reversed(pieces(text))))):
            ready, self._ready = self._ready, None
            making = ready[1] if ready is not None and ready[0] == piece else self._synthesise(piece)
            try:
                speech = await asyncio.shield(making)
            except Exception as error:
                yield ErrorFrame(f"could not speak {piece!r}: {error}")
                speech = _NOTHING
            # Text the voice cannot pronounce (another script) yields nothing. A moment of silence in its
            # place keeps the promise that whatever is said also starts and ends.
            if not len(speech):
                speech = np.zeros(SAMPLE_RATE // 10, np.float32)
            pcm = (np.clip(trim(speech), -1.0, 1.0) * 32767.0).astype("<i2")
            start = 0
            for word, samples in shares(piece, len(pcm)):
                audio = pcm[start : start + samples].tobytes()
                start += samples
                if audio:
                    yield TTSAudioRawFrame(audio, SAMPLE_RATE, 1, context_id=context_id)
                yield SpokenWordFrame(word)
            if left:
                pause = bytes(2 * int(_PAUSES.get(piece[-1], _PAUSE) * SAMPLE_RATE))
                yield TTSAudioRawFrame(pause, SAMPLE_RATE, 1, context_id=context_id)
