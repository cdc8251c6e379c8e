"""Taking the assistant's own voice out of what the microphone hears."""

from __future__ import annotations

from collections import deque

import numpy as np
import soxr
from livekit.rtc import AudioFrame
from livekit.rtc.apm import AudioProcessingModule

from voice.decoder import SAMPLE_RATE

_FRAME = SAMPLE_RATE // 100  # samples: the 10 ms that WebRTC works on
_LONGEST = 15  # frames: how far the speaker's clock may run ahead of the microphone's
_BYTES = 2
_LOUD = 300  # sample value from which on something is played
_LEARNING = 100  # frames of sound after which the room is known, or judged anew
_AUDIBLE = 10**-4.5  # of the power that is played: less than this is no echo, but headphones
_ECHOING = 50  # frames for which a sound may still come back


class EchoCanceller:
    """Takes what was played out of what is heard: WebRTC's canceller, as LiveKit builds it.

    `rate` is that of the speaker in Hz. During the first second of sound that it meets, until it knows the
    room, it lets nothing pass. Costs 1 % of a core. For one thread.
    """

    def __init__(self, rate: int) -> None:
        self._apm = AudioProcessingModule(echo_cancellation=True)
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="LQ")
        self._played: deque[bytes] = deque(maxlen=_LONGEST)
        self._unknown = _LEARNING  # frames
        self._echoing = 0  # frames
        self._is_heard = True  # the microphone hears the speaker
        self._ratios: list[float] = []  # of the power heard to that played, frame by frame
        self._far = bytearray()
        self._near = bytearray()

    def played(self, pcm: bytes) -> None:
        """Take the 16-bit mono samples that the speaker has just fetched, be they silence."""
        self._far += self._resampler.resample_chunk(np.frombuffer(pcm, np.int16)).tobytes()
        self._played.extend(_frames(self._far))

    def clean(self, pcm: bytes) -> bytes:
        """16-bit mono samples at 16 kHz from the microphone, without the echo; up to 10 ms wait for more.

        Each frame is set against the next that was played. Speaker and microphone go at the same pace, so
        a sound stays as far ahead of its echo as it was at first, which the canceller finds out.
        """
        self._near += pcm
        cleaned = bytearray()
        for frame in _frames(self._near):
            far = self._played.popleft() if self._played else bytes(_BYTES * _FRAME)
            self._apm.process_reverse_stream(_audio(far))
            near = _audio(frame)
            self._apm.process_stream(near)
            self._weigh(far, frame)
            if self._is_learning(far):
                cleaned += bytes(_BYTES * _FRAME)
            else:
                cleaned += near.data if self._is_heard else frame
        return bytes(cleaned)

    def _weigh(self, far: bytes, near: bytes) -> None:
        """Find out whether there is an echo; where there is none, the canceller takes the user for it."""
        played, heard = (np.frombuffer(pcm, np.int16).astype(np.float64) for pcm in (far, near))
        if np.abs(played).max() > _LOUD:
            self._ratios.append(float(heard @ heard) / float(played @ played))
        if len(self._ratios) == _LEARNING:
            # The median: a user who cuts in is loud for a part of it.
            self._is_heard = float(np.median(self._ratios)) > _AUDIBLE
            self._ratios.clear()

    def _is_learning(self, far: bytes) -> bool:
        """Whether this is echo that cannot be told from the user yet."""
        if not self._unknown:
            return False
        if np.abs(np.frombuffer(far, np.int16)).max() > _LOUD:
            self._unknown -= 1
            self._echoing = _ECHOING
        elif self._echoing:
            self._echoing -= 1
        return self._echoing > 0


def _frames(pcm: bytearray) -> list[bytes]:
    """Whole frames, taken off the beginning."""
    size = _BYTES * _FRAME
    whole = len(pcm) // size * size
    frames = [bytes(pcm[start : start + size]) for start in range(0, whole, size)]
    del pcm[:whole]
    return frames


def _audio(pcm: bytes) -> AudioFrame:
    return AudioFrame(bytearray(pcm), SAMPLE_RATE, 1, _FRAME)
