"""Other voices, noise and rooms, made of one voice with a few lines of arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from voice.decoder import SAMPLE_RATE, Audio

Wave = npt.NDArray[np.float32]


def voiced(say: Wave, rate: int, size: float) -> Wave:
    """Speech of a speaker `size` times as large, at 16 kHz: deeper, with lower formants, and slower."""
    return soxr.resample(say, rate / size, SAMPLE_RATE, quality="HQ").astype(np.float32)


def noisy(clean: Wave, decibels: float, seed: int) -> Wave:
    """With pink noise, so many decibels below the speech."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=len(clean)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, len(clean))
    loud = np.abs(clean) > 0.02
    level = rms(clean[loud] if loud.any() else clean) / 10 ** (decibels / 20)
    return (clean + noise * level / rms(noise)).astype(np.float32)


def in_room(clean: Wave, seconds: float, decibels: float, seed: int) -> Wave:
    """As heard across a room: reverberation of `seconds` (RT60), so many decibels below the voice."""
    size = int(seconds * SAMPLE_RATE)
    decay = np.exp(-6.91 * np.arange(size) / size)  # 60 dB
    tail = np.random.default_rng(seed).normal(size=size) * decay
    tail[: SAMPLE_RATE // 200] = 0  # the walls are more than a metre away
    tail /= np.sqrt(np.square(tail).sum()) * 10 ** (decibels / 20)
    tail[0] = 1
    length = len(clean) + size
    wet = np.fft.irfft(np.fft.rfft(clean, length) * np.fft.rfft(tail, length), length)[: len(clean)]
    return (wet * rms(clean) / rms(wet)).astype(np.float32)


def rms(wave: npt.NDArray[np.floating]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(wave)))) or 1e-9


def pcm(wave: Wave) -> Audio:
    """As 16-bit samples."""
    return (np.clip(wave, -1.0, 1.0) * 32767.0).astype(np.int16)


def silence(seconds: float) -> Wave:
    """So many seconds of silence."""
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)
