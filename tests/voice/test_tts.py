import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame
from pipecat.tests.utils import SleepFrame, run_test

from voice.frames import SpeakSoonFrame, SpokenWordFrame
from voice.tts import SAMPLE_RATE, HibariTTS, pieces, shares, trim


@given(st.text(alphabet="abc ,.;!?", max_size=200))
def test_pieces_hold_all_words_in_order(text):
    assert " ".join(pieces(text)).split() == text.split()


@given(st.text(alphabet="abc de", min_size=1), st.integers(0, 100_000))
def test_shares_add_up(text, samples):
    parts = list(shares(text, samples))
    assert [word for word, _ in parts] == text.split()
    assert all(size >= 0 for _, size in parts)
    if parts:
        assert sum(size for _, size in parts) == samples


def test_a_long_first_sentence_is_split_at_its_first_clause_and_a_short_one_is_not():
    long = "You have lunch with Ana on Saturday, and on Sunday there is nothing. Anything else, then?"
    assert pieces(long) == [
        "You have lunch with Ana on Saturday,",
        "and on Sunday there is nothing.",
        "Anything else, then?",
    ]
    assert pieces("Done, it is noted.") == ["Done, it is noted."]
    assert pieces("Yes, " + "quite a long sentence without any other clause in it at all.") == [
        "Yes, quite a long sentence without any other clause in it at all."
    ]


def test_silence_around_speech_is_cut_and_nothing_else():
    speech = np.zeros(SAMPLE_RATE, np.float32)
    speech[10_000:12_000] = 0.5
    trimmed = trim(speech)
    assert 2_000 < len(trimmed) < 4_000 and np.count_nonzero(trimmed) == 2_000
    assert len(trim(np.zeros(0, np.float32))) == 0


async def spoken(models, *frames):
    """Words and audio that come of frames, and how often the voice was asked for each piece."""
    asked = []

    class Asked:
        voice = models.voice.voice

        def __call__(self, piece):
            asked.append(piece)
            return models.voice(piece, seed=1)

    down, _ = await run_test(HibariTTS(Asked()), frames_to_send=frames)
    words = [frame.word for frame in down if isinstance(frame, SpokenWordFrame)]
    return words, b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame)), asked


async def test_what_was_made_ready_is_said_without_being_made_again(models):
    late = SleepFrame(sleep=0.3)
    plain, sound, _ = await spoken(models, TTSSpeakFrame("Lunch is on Saturday. It is at one."), late)
    soon = SpeakSoonFrame("Lunch is on Saturday. It")
    words, audio, asked = await spoken(
        models, soon, TTSSpeakFrame("Lunch is on Saturday. It is at one."), late
    )
    assert words == plain and audio == sound
    assert asked == ["Lunch is on Saturday.", "It is at one."]
    wrong = SpeakSoonFrame("Lunch is on Friday.")
    words, _, asked = await spoken(models, wrong, TTSSpeakFrame("Nothing is on Friday."), late)
    assert words == ["Nothing", "is", "on", "Friday."] and asked == [
        "Lunch is on Friday.",
        "Nothing is on Friday.",
    ]
    words, audio, asked = await spoken(models, soon, late)
    assert words == [] and audio == b"" and asked == ["Lunch is on Saturday."]  # silently
