"""The sounds that are no speech: as loud as they may be, without clicks, and no words to the recogniser."""

import numpy as np
import pytest
import soxr
from pipecat.audio.vad.vad_analyzer import VADState

from voice.decoder import SAMPLE_RATE
from voice.tones import chime, swell
from voice.vad import voice_analyzer

BLOCK = SAMPLE_RATE // 50


def samples(tone, rate):
    return np.frombuffer(tone(rate), np.int16) / 32768


def decibels(level):
    """Of full scale."""
    return 20 * np.log10(level + 1e-9)


@pytest.mark.parametrize("tone", [chime, swell])
@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100, 48_000])
def test_a_tone_is_short_loud_enough_and_neither_clipped_nor_clicking(tone, rate):
    sound = samples(tone, rate)
    assert len(sound) / rate == pytest.approx(0.6, abs=1e-3)
    assert -15 < decibels(np.abs(sound).max()) < -9
    assert -27 < decibels(np.sqrt(np.mean(np.square(sound)))) < -20
    assert abs(sound.mean()) < 1e-3
    # It rises from silence and falls into it.
    assert decibels(np.abs(sound[0])) < -80 and decibels(np.abs(sound[-1])) < -80
    assert decibels(np.abs(sound[-rate // 200 :]).max()) < -55


def test_a_chime_has_nothing_where_clicks_are():
    rate = 48_000
    sound = np.pad(samples(chime, rate), rate // 10)
    spectrum = np.fft.rfft(sound)
    spectrum[: int(5000 * len(sound) / rate)] = 0
    assert decibels(np.abs(np.fft.irfft(spectrum)).max()) < -65


@pytest.mark.parametrize("tone", [chime, swell])
async def test_a_tone_is_no_voice_and_has_no_words(models, tone):
    heard = soxr.resample(np.pad(samples(tone, 48_000), 24_000), 48_000, SAMPLE_RATE)
    pcm = (heard * 32767).astype(np.int16)
    analyzer = voice_analyzer()
    analyzer.set_sample_rate(SAMPLE_RATE)
    states = [
        await analyzer.analyze_audio(pcm[at : at + BLOCK].tobytes()) for at in range(0, len(pcm), BLOCK)
    ]
    await analyzer.cleanup()
    assert VADState.SPEAKING not in states
    decoded = models.decoder.final(pcm)
    assert not (decoded.words and decoded.believable)
