import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.decoder import SAMPLE_RATE
from voice.stt import quietest


@settings(max_examples=25)
@given(st.floats(9.5, 10.8), st.integers(0, 2**31))
def test_long_audio_is_cut_in_its_quiet_gap(gap, seed):
    audio = np.random.default_rng(seed).normal(0, 3000, 12 * SAMPLE_RATE).astype(np.int16)
    start = int(gap * SAMPLE_RATE)
    audio[start : start + SAMPLE_RATE // 5] = 0
    assert start <= quietest(audio, 4.0) <= start + SAMPLE_RATE // 5
