"""The canceller in a simulated room: the voice that was played, late, reverberant, a little distorted."""

import numpy as np
import pytest
import soxr

from voice.canceller import EchoCanceller
from voice.decoder import SAMPLE_RATE

BLOCK = SAMPLE_RATE // 50


def loudness(samples):
    """dB of 16-bit samples."""
    return 10 * np.log10(np.mean(np.square(samples.astype(float))) + 1e-9)


def room(played, delay):
    """What a microphone hears of it, 16-bit at 16 kHz."""
    random = np.random.default_rng(1)
    response = random.standard_normal(SAMPLE_RATE // 5) * np.exp(-np.arange(SAMPLE_RATE // 5) / 800)
    response[0] = 3
    response /= np.sqrt(np.square(response).sum())
    heard = np.tanh(np.convolve(played, response)[: len(played)] * 1.5) / 3
    late = np.concatenate([np.zeros(int(delay * SAMPLE_RATE)), heard])
    return (late * 32767 + random.standard_normal(len(late)) * 10).clip(-32768, 32767).astype(np.int16)


def through(canceller, heard, played, rate):
    """Both in steps of 20 ms, as devices do it."""
    step = rate // 50
    cleaned = b""
    for index in range(len(heard) // BLOCK):
        if len(far := played[index * step : (index + 1) * step]):
            canceller.played(far.tobytes())
        cleaned += canceller.clean(heard[index * BLOCK : (index + 1) * BLOCK].tobytes())
    return np.frombuffer(cleaned, np.int16)


@pytest.mark.parametrize(("delay", "rate"), [(0.04, 48_000), (0.15, 44_100), (0.4, 24_000)])
def test_the_voice_that_was_played_is_taken_out(models, delay, rate):
    said = models.voice("Here is quite a long answer, which goes on and on, and then on again.", seed=1)
    played = (soxr.resample(said, 24_000, rate).clip(-1, 1) * 32767).astype(np.int16)
    heard = room(soxr.resample(said, 24_000, SAMPLE_RATE), delay)
    cleaned = through(EchoCanceller(rate), heard, played, rate)
    assert loudness(cleaned[: SAMPLE_RATE // 2]) < 25  # it does not know the room yet, and is silent
    later = slice(2 * SAMPLE_RATE, int(3.5 * SAMPLE_RATE))
    assert loudness(heard[later]) > 50
    assert loudness(heard[later]) - loudness(cleaned[later]) > 18


def test_the_user_alone_is_left_as_they_are(models):
    said = soxr.resample(models.voice("What time is it in the town of Paris?", seed=2), 24_000, SAMPLE_RATE)
    heard = (said.clip(-1, 1) * 32767).astype(np.int16)
    cleaned = through(EchoCanceller(48_000), heard, heard[:0], 48_000)
    assert abs(loudness(heard) - loudness(cleaned)) < 1


def test_with_headphones_the_user_who_cuts_in_is_heard_whole(models):
    text = "Here is quite a long answer, which goes on and on, and then on again, so that one can cut in."
    played = (models.voice(text, seed=1).clip(-1, 1) * 32767).astype(np.int16)
    said = soxr.resample(models.voice("Undo that.", seed=2), 24_000, SAMPLE_RATE)
    heard = np.random.default_rng(1).integers(-5, 5, 5 * SAMPLE_RATE).astype(np.int16)
    words = slice(3 * SAMPLE_RATE, 3 * SAMPLE_RATE + len(said))
    heard[words] += (said.clip(-1, 1) * 20000).astype(np.int16)
    cleaned = through(EchoCanceller(24_000), heard, played, 24_000)
    assert abs(loudness(heard[words]) - loudness(cleaned[words])) < 1


@pytest.mark.parametrize("size", [1, 37, 320, 321, 5000])
def test_nothing_is_lost_whatever_the_size_of_the_pieces(size):
    pcm = np.arange(8000, dtype=np.int16).tobytes()
    canceller = EchoCanceller(16_000)
    cleaned = b"".join(canceller.clean(pcm[at : at + 2 * size]) for at in range(0, len(pcm), 2 * size))
    assert len(cleaned) == len(pcm) // 320 * 320
