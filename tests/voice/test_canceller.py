"""The canceller in a simulated room: the voice that was played, late, reverberant, a little distorted."""

from itertools import pairwise

import numpy as np
import pytest
import soxr
from pipecat.audio.vad.vad_analyzer import VADState

from voice.canceller import EchoCanceller
from voice.decoder import SAMPLE_RATE
from voice.tones import swell
from voice.vad import voice_analyzer

BLOCK = SAMPLE_RATE // 50
LENGTH = 5 * SAMPLE_RATE
ANSWER = "Here is quite a long answer, which goes on and on, and then on again, so that one can cut in."


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
    said = models.voice(ANSWER, seed=1)
    played = (soxr.resample(said, 24_000, rate).clip(-1, 1) * 32767).astype(np.int16)
    heard = room(soxr.resample(said, 24_000, SAMPLE_RATE), delay)
    cleaned = through(EchoCanceller(rate), heard, played, rate)
    later = slice(2 * SAMPLE_RATE, int(3.5 * SAMPLE_RATE))
    assert loudness(heard[later]) > 50
    assert loudness(heard[later]) - loudness(cleaned[later]) > 18


def conversation(models, delay, user=0.0, said="", loud=1.0):
    """What is left in 5 s of microphone after the first sound, half a second, and then an answer.

    The user begins to speak at second `user` of the answer; `loud` is how much of it they hear. Also the
    sample at which the answer begins.
    """
    parts = [np.frombuffer(swell(24_000), np.int16), np.zeros(12_000, np.int16)]
    begins = int(sum(map(len, parts)) * SAMPLE_RATE / 24_000)
    answer = (models.voice(ANSWER, seed=1).clip(-1, 1) * 32767).astype(np.int16)
    played = np.concatenate([*parts, answer, np.zeros(5 * 24_000, np.int16)])[: 5 * 24_000]
    heard = room(loud * soxr.resample(played / 32768, 24_000, SAMPLE_RATE), delay).astype(int)
    heard = heard[:LENGTH]
    if said:
        voice = soxr.resample(models.voice(said, seed=2), 24_000, SAMPLE_RATE)
        at = begins + int(user * SAMPLE_RATE)
        heard[at : at + len(voice)] += (voice * 23_000).astype(int)
    canceller = EchoCanceller(24_000)
    canceller.learn()
    return through(canceller, heard.clip(-32768, 32767).astype(np.int16), played, 24_000), begins


async def voices(cleaned):
    """The seconds at which the voice detector finds that somebody begins to speak."""
    analyzer = voice_analyzer()
    analyzer.set_sample_rate(SAMPLE_RATE)
    states = [
        await analyzer.analyze_audio(cleaned[at : at + BLOCK].tobytes())
        for at in range(0, len(cleaned) - BLOCK, BLOCK)
    ]
    await analyzer.cleanup()
    quiet = (VADState.QUIET, VADState.STARTING)
    return [
        place / 50
        for place, (before, now) in enumerate(pairwise(states))
        if now is VADState.SPEAKING and before in quiet
    ]


@pytest.mark.parametrize("delay", [0.04, 0.15, 0.4])
async def test_the_first_answer_is_no_echo_and_whoever_cuts_in_on_it_is_heard(models, delay):
    cleaned, _ = conversation(models, delay)
    assert await voices(cleaned) == []
    for user in (0.1, 0.3, 0.8):
        cleaned, begins = conversation(models, delay, user, "No, stop that please, and call Ben.")
        passed = len(cleaned) - LENGTH  # nothing of the sound it learns from
        (cut_in, *_) = await voices(cleaned)
        assert 0 < cut_in - (begins + passed) / SAMPLE_RATE - user < 1.2


@pytest.mark.parametrize("late", [0, 8])
@pytest.mark.parametrize("ahead", [0, 7, 15])
async def test_a_speaker_that_fetches_much_at_first_or_is_late_is_kept_up_with(models, ahead, late):
    """`ahead`: blocks fetched at once when it starts. `late`: blocks of the answer that come together."""
    quiet, answer = np.zeros(14_400, np.int16), models.voice(ANSWER, seed=1).clip(-1, 1) * 32767
    played = np.concatenate([quiet, np.frombuffer(swell(24_000), np.int16), quiet, answer.astype(np.int16)])
    heard = room(soxr.resample(played / 32768, 24_000, SAMPLE_RATE), 0.12)
    fetched = np.split(played[: len(played) // 480 * 480], len(played) // 480)
    steps = [fetched[: ahead + 1], *([block] for block in fetched[ahead + 1 :])]
    stop = len(steps) - 150
    steps[stop : stop + late + 1] = [[] for _ in range(late)] + [sum(steps[stop : stop + late + 1], [])]
    canceller = EchoCanceller(24_000)
    canceller.learn()
    cleaned = b""
    for number in range(len(heard) // BLOCK):
        for block in steps[number] if number < len(steps) else []:
            canceller.played(block.tobytes())
        cleaned += canceller.clean(heard[number * BLOCK : (number + 1) * BLOCK].tobytes())
    assert await voices(np.frombuffer(cleaned, np.int16)) == []


def test_nobody_is_listened_to_until_the_room_is_known(models):
    cleaned, begins = conversation(models, 0.1)
    learning = LENGTH - len(cleaned)
    assert 0.9 * SAMPLE_RATE < learning < begins


def test_a_speaker_that_plays_nothing_does_not_make_it_deaf():
    canceller = EchoCanceller(48_000)
    canceller.learn()
    heard = np.random.default_rng(1).integers(-3000, 3000, 3 * SAMPLE_RATE).astype(np.int16)
    assert len(through(canceller, heard, heard[:0], 48_000)) == SAMPLE_RATE


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


def test_with_headphones_the_user_is_heard_whole_from_the_first_answer_on(models):
    words = "Undo that."
    cleaned, begins = conversation(models, 0.1, 0.1, words, loud=0.0)
    said = soxr.resample(models.voice(words, seed=2), 24_000, SAMPLE_RATE) * 23_000
    end = len(cleaned) - LENGTH + begins + SAMPLE_RATE // 10 + len(said)
    assert abs(loudness(said) - loudness(cleaned[end - len(said) : end])) < 1


@pytest.mark.parametrize("size", [1, 37, 320, 321, 5000])
def test_nothing_is_lost_whatever_the_size_of_the_pieces(size):
    pcm = np.arange(8000, dtype=np.int16).tobytes()
    canceller = EchoCanceller(16_000)
    cleaned = b"".join(canceller.clean(pcm[at : at + 2 * size]) for at in range(0, len(pcm), 2 * size))
    assert len(cleaned) == len(pcm) // 320 * 320
