"""Taking the assistant's own voice out of what the microphone hears."""

from __future__ import annotations

from collections import deque

import numpy as np
import soxr
from livekit.rtc import AudioFrame
from livekit.rtc.apm import AudioProcessingModule

from voice.decoder import SAMPLE_RATE

_FRAME = SAMPLE_RATE // 100  # samples: the 10 ms that WebRTC works on
_SPARE = 4  # frames that lie ready, so that a device that is late moves nothing
_SURPLUS = 8  # frames of which so many are always ready that the echo may be heard before they are taken
_MORE = 2  # frames by which more may be ready at once than in the second before
_SETTLING = 20  # frames after which that is judged, while the room is being learnt
_EVER = 100  # frames: a speaker that fetched more than this ahead plays to nobody
_UNASKED = 100  # blocks of the speaker's that are kept while the microphone gives nothing
_BYTES = 2
_LOUD = 300  # sample value from which on something is played
_JUDGING = 100  # frames of sound after which it is judged anew whether there is an echo
_AUDIBLE = 10**-4.5  # of the power that is played: less than this is no echo, but headphones
_SWELLS = 4  # times the power of the quietest frame: an echo does, on the average
_ECHOING = 40  # frames for which a sound may still come back
_WAITING = 200  # frames: a sound to learn from that was not played until then will not be


class EchoCanceller:
    """Takes what was played out of what is heard: WebRTC's canceller, as LiveKit builds it.

    `rate` is that of the speaker in Hz. Before it has met half a second of sound it does not know the room,
    and takes the user for echo: let it `learn` the room before anybody is listened to. Costs 1 % of a core.
    For one thread, but for what the devices' threads call: who cleans later than it was heard keeps what was
    played meanwhile with it, see `take_fetched`.
    """

    def __init__(self, rate: int) -> None:
        self._apm = AudioProcessingModule(echo_cancellation=True)
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="LQ")
        self._played: deque[bytes] = deque(maxlen=_EVER)
        self._most = _EVER
        self._ready: list[int] = []  # how many frames of it there were, frame by frame
        self._learning = 0  # frames left
        self._is_heard = True  # the microphone hears the speaker
        self._learnt: list[tuple[float, float]] = []  # power heard and played, frame by frame
        self._ratios: list[float] = []  # of the power heard to that played, frame by frame
        self._far = bytearray()
        self._near = bytearray()
        self._fetched: deque[bytes] = deque(maxlen=_UNASKED)

    def fetched(self, pcm: bytes) -> None:
        """For the speaker's thread: it has just fetched these 16-bit mono samples, be they silence."""
        self._fetched.append(pcm)

    def take_fetched(self) -> bytes:
        """For the microphone's thread: what the speaker fetched since this was called last."""
        taken: list[bytes] = []
        while self._fetched:
            taken.append(self._fetched.popleft())
        return b"".join(taken)

    def learn(self) -> None:
        """Give nothing from now on, until the next sound has been played and faded, or for two seconds."""
        self._learning = _WAITING

    def played(self, pcm: bytes) -> None:
        """Take the samples that the speaker had fetched when what is cleaned next was heard."""
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
            self._keep_up()
            far = self._played.popleft() if self._played else bytes(_BYTES * _FRAME)
            self._apm.process_reverse_stream(_audio(far))
            near = _audio(frame)
            self._apm.process_stream(near)
            if self._learning:
                self._learn(far, frame)
            else:
                self._weigh(far, frame)
                cleaned += near.data if self._is_heard else frame
        return bytes(cleaned)

    def _keep_up(self) -> None:
        """Leave out what keeps all that is played waiting: the echo would be there before it.

        It is what a speaker fetched when it was started, more than it then held; what it makes up for after
        it stood still, while silence stood in for it; and what its clock is ahead by.
        """
        while len(self._played) > self._most:
            self._played.popleft()
        self._ready.append(len(self._played))
        if len(self._ready) >= (_SETTLING if self._learning else _JUDGING):
            least = min(self._ready)
            surplus = least - _SPARE if least > _SURPLUS else 0
            for _ in range(surplus):
                self._played.popleft()
            self._most = _EVER if self._learning else max(self._ready) - surplus + _MORE
            self._ready.clear()

    def _learn(self, far: bytes, near: bytes) -> None:
        """One frame before the sound to learn from, of it, or of its echo."""
        self._learning = _ECHOING if _is_loud(far) else self._learning - 1
        self._learnt.append((_power(near), _power(far)))
        if not self._learning:
            # Of all of it: how late the echo is, is not known yet. What never swells is the room's own noise.
            heard, played = (np.array(powers) for powers in zip(*self._learnt, strict=True))
            is_noise = played.any() and heard.mean() < _SWELLS * heard.min()
            self._is_heard = not is_noise and bool(heard.sum() >= _AUDIBLE * played.sum())
            self._learnt.clear()

    def _weigh(self, far: bytes, near: bytes) -> None:
        """Find out whether there is an echo; where there is none, the canceller takes the user for it."""
        if _is_loud(far):
            self._ratios.append(_power(near) / _power(far))
        if len(self._ratios) == _JUDGING:
            # The median: a user who cuts in is loud for a part of it.
            self._is_heard = float(np.median(self._ratios)) > _AUDIBLE
            self._ratios.clear()


def _is_loud(pcm: bytes) -> bool:
    return bool(np.abs(np.frombuffer(pcm, np.int16)).max() > _LOUD)


def _power(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    return float(samples @ samples)


def _frames(pcm: bytearray) -> list[bytes]:
    """Whole frames, taken off the beginning."""
    size = _BYTES * _FRAME
    whole = len(pcm) // size * size
    frames = [bytes(pcm[start : start + size]) for start in range(0, whole, size)]
    del pcm[:whole]
    return frames


def _audio(pcm: bytes) -> AudioFrame:
    return AudioFrame(bytearray(pcm), SAMPLE_RATE, 1, _FRAME)
