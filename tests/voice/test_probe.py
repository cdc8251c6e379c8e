"""What is made of a recording of speaker and microphone, and how fast the models are."""

import numpy as np
import pytest
import soxr

from app.speed import measure
from tests.voice.test_canceller import room
from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable
from voice.probe import SILENCE, judge

RATE = 48_000


def steps(played, heard):
    """As devices do it, each 20 ms after the other, with a second of silence before."""
    played = np.concatenate([np.zeros(RATE, np.int16), played])
    heard = np.concatenate([np.zeros(SAMPLE_RATE, np.int16), heard])
    for index in range(len(heard) * 50 // SAMPLE_RATE):
        yield True, played[index * 960 : (index + 1) * 960]
        yield False, heard[index * 320 : (index + 1) * 320]


@pytest.fixture
def said(models):
    text = (
        "This is the assistant, which listens to itself for quite a while now, and tells what it has found."
    )
    return models.voice(text, seed=1)


def pcm(sound, rate):
    return (soxr.resample(sound, 24_000, rate).clip(-1, 1) * 32767).astype(np.int16)


def test_an_echo_is_heard_and_can_be_cancelled(said):
    heard = room(soxr.resample(said, 24_000, SAMPLE_RATE), 0.1)
    found = judge(list(steps(pcm(said, RATE), heard)), SAMPLE_RATE, RATE)
    assert found.is_heard and found.is_cancelled
    assert found.room < -70


def test_another_sound_than_was_played_cannot_be_cancelled(said, models):
    text = "Somebody else has a lot to tell at the same time, and goes on, and on, until nobody listens."
    other = models.voice(text, seed=2)
    found = judge(list(steps(pcm(said, RATE), pcm(other, SAMPLE_RATE))), SAMPLE_RATE, RATE)
    assert found.is_heard and not found.is_cancelled


def test_headphones_are_not_heard(said):
    played = pcm(said, RATE)
    found = judge(list(steps(played, np.zeros(len(played) // 3, np.int16))), SAMPLE_RATE, RATE)
    assert not found.is_heard and found.echo <= SILENCE


def test_a_speaker_that_fetches_nothing_is_told():
    with pytest.raises(AudioUnavailable, match="fetched nothing"):
        judge([(False, np.zeros(320, np.int16))] * 50, SAMPLE_RATE, RATE)


def test_the_speed_of_every_model_is_measured(models):
    speeds = measure(models)
    assert [speed.name for speed in speeds] == ["words", "last words", "end of turn", "voice"]
    assert all(speed.seconds > 0 and 3 < speed.sound < 6 for speed in speeds)
