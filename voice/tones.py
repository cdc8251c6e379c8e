"""Sounds that are no speech."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

_NOTES = ((1046.5, 0.0), (1568.0, 0.16))  # Hz, seconds at which each begins: C and the G above it
_SECONDS = 0.6
_FADING = 0.12  # seconds in which a note falls to a third
_LOUD = 0.25  # of full scale
_RISE = 0.005  # seconds: a note that began at once would click
_FALL = 0.05  # seconds: so would one that ended at once, faint as it is by then

_CHORD = (130.8, 164.8, 196.0, 261.6)  # Hz: C major
_HIGHEST = 7500.0  # Hz
_DAMPING = 0.7  # the nth overtone is n to this power fainter


@cache
def chime(rate: int) -> bytes:
    """Two notes before what is told unasked, as 16-bit mono samples at `rate` Hz."""
    at = np.arange(int(_SECONDS * rate)) / rate
    sound = np.zeros_like(at)
    for pitch, begin in _NOTES:
        since = np.clip(at - begin, 0, None)
        sound += np.sin(2 * np.pi * pitch * since) * np.exp(-since / _FADING) * np.clip(since / _RISE, 0, 1)
    return _pcm(sound * np.clip((_SECONDS - at) / _FALL, 0, 1) * _LOUD)


@cache
def swell(rate: int) -> bytes:
    """A chord with so many overtones that a room can be learnt from it, as `chime` is."""
    at = np.arange(int(_SECONDS * rate)) / rate
    random = np.random.default_rng(3)
    sound = np.zeros_like(at)
    for pitch in _CHORD:
        for number in range(1, int(_HIGHEST / pitch) + 1):
            phase = random.uniform(0, 2 * np.pi)  # in step they would add up to clicks
            sound += np.sin(2 * np.pi * pitch * number * at + phase) / number**_DAMPING
    sound *= np.clip(at / 0.04, 0, 1) * np.clip((_SECONDS - at) / 0.25, 0, 1)
    return _pcm(sound * _LOUD / np.abs(sound).max())


def _pcm(sound: npt.NDArray[np.float64]) -> bytes:
    return (sound * 32767).astype("<i2").tobytes()
