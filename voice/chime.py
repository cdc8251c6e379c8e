"""The tone before what is told unasked."""

from __future__ import annotations

from functools import cache

import numpy as np

_NOTES = ((1046.5, 0.0), (1568.0, 0.16))  # Hz, seconds at which each begins: C and the G above it
_SECONDS = 0.6
_FADING = 0.12  # seconds in which a note falls to a third
_LOUD = 0.25  # of full scale
_RISE = 0.005  # seconds: a note that began at once would click


@cache
def chime(rate: int) -> bytes:
    """Two notes, as 16-bit mono samples at `rate` Hz."""
    at = np.arange(int(_SECONDS * rate)) / rate
    sound = np.zeros_like(at)
    for pitch, begin in _NOTES:
        since = np.clip(at - begin, 0, None)
        sound += np.sin(2 * np.pi * pitch * since) * np.exp(-since / _FADING) * np.clip(since / _RISE, 0, 1)
    return (sound * _LOUD * 32767).astype("<i2").tobytes()
