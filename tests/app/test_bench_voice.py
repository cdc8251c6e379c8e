"""The voice benchmark: that its yardsticks measure what they say, on speech of the project's own voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.bench.voice.clips import BenchError, recorded, synthesised, tape, word_times
from app.bench.voice.hearing import hear
from app.bench.voice.hesitating import PAUSE, hesitant, hesitate
from app.bench.voice.pauses import HESITATIONS
from app.bench.voice.sound import in_room, noisy, rms, silence
from app.bench.voice.speaking import on_tape, speaking, until_silent
from app.bench.voice.words import Errors, compare, matched, words_of
from voice.decoder import SAMPLE_RATE
from voice.models import Models, load


@pytest.fixture(scope="module")
def models() -> Models:
    return load()


def test_words_are_compared_as_people_read_them() -> None:
    assert compare("Set a timer for ten minutes.", "set a timer for 10 minutes") == Errors(0, 6)
    assert compare("Call Ana now", "Call an owl now please").errors == 3
    assert Errors(1, 4).rate == 25 and Errors(0, 0).rate == 0
    assert matched(words_of("put lunch on Friday"), words_of("but lunch at on Friday")) == {1: 1, 2: 3, 3: 4}


def test_noise_and_rooms_are_as_loud_as_they_say() -> None:
    tone = (0.3 * np.sin(np.arange(SAMPLE_RATE) * 0.2)).astype(np.float32)
    noise = noisy(tone, 15, seed=1) - tone
    assert 20 * np.log10(rms(tone) / rms(noise)) == pytest.approx(15, abs=1)
    click = np.concatenate([[np.float32(1)], silence(1)])
    tail = in_room(click, 0.4, 3, seed=1)[SAMPLE_RATE // 200 :]
    assert np.abs(tail[: SAMPLE_RATE // 10]).max() > 10 * np.abs(tail[SAMPLE_RATE * 4 // 10 :]).max()


def test_clips_know_when_their_words_were_said(models: Models) -> None:
    first, second = synthesised(models.voice, 2, ["Call Ben.", "Stop that, please."])
    assert [word.word for word in first.words] == ["call", "ben"]
    assert first.begin < first.words[0].end < first.words[1].end == first.end < first.seconds
    audio, (one, two) = tape([first, second], [2.0, 0.5])
    assert two - one == pytest.approx(first.seconds + 2, abs=1e-3)
    assert len(audio) / SAMPLE_RATE == pytest.approx(1 + 2.5 + first.seconds + second.seconds, abs=1e-3)
    assert word_times("zzyzx qqx", first.audio) == ()  # no word the aligner knows


def test_a_folder_of_recordings(models: Models, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="with its words beside it"):
        recorded(tmp_path)
    soundfile.write(tmp_path / "one.wav", models.voice("Call Ben.", seed=1), models.voice.sample_rate)
    (tmp_path / "one.txt").write_text("Call Ben.\n")
    (clip,) = recorded(tmp_path)
    assert clip.name == "one.wav" and clip.text == "Call Ben." and len(clip.words) == 2


def test_every_hesitation_is_within_a_sentence() -> None:
    for sentence in HESITATIONS:
        before, after = sentence.split("|")
        assert words_of(before) and words_of(after)


async def test_a_clip_is_heard_and_timed_in_the_real_pipeline(models: Models) -> None:
    clips = synthesised(models.voice, 1, ["What's on my calendar on Saturday?"])
    heard = await hear(models, clips, lambda _: None)
    assert heard.errors == Errors(0, 6)
    assert heard.stable.count == heard.unstable.count == 6
    assert heard.unstable.p50 <= heard.stable.p50 <= heard.stable.worst
    assert 0 < heard.transcript.p50 <= heard.turn.p50
    assert heard.split == 0 and heard.jitter.count > 100


def test_a_voice_that_was_silent_before_the_user_cut_in_did_not_fall_silent_for_them() -> None:
    tape_clock = on_tape([(0.53, 3.5), (6.0, 9.0)], [10.5, 16.0])
    assert tape_clock == [pytest.approx((10.53, 13.5)), pytest.approx((16.0, 19.0))]
    assert until_silent(tape_clock, 13.25) == pytest.approx(0.25)
    assert until_silent(tape_clock, 13.75) == 0  # between two words
    assert until_silent(tape_clock, 15.0) is None
    assert until_silent(tape_clock, 10.0) is None
    assert until_silent(on_tape([(0.5, 1.0)], []), 0.7) is None


async def test_cutting_in_on_a_real_answer_is_measured(models: Models) -> None:
    spoken = await speaking(models, 1, lambda _: None)
    assert spoken.missed == spoken.ended == 0
    assert spoken.noticed.count == spoken.silent.count == spoken.first.count == 1
    assert 0 <= spoken.silent.p50 < 2 and 0 < spoken.noticed.p50 < 2


def test_hesitations_come_in_every_voice_and_condition(models: Models) -> None:
    clips = [hesitant(models, number) for number in (0, 1, len(HESITATIONS))]
    first, second, again = [clip for clip in clips if clip is not None]
    assert first.text == again.text == "Remind me to call the dentist." != second.text
    assert first.name.endswith("heart, clean") and "heart" not in again.name
    loud = np.flatnonzero(np.abs(first.audio.astype(float)) > 200) / SAMPLE_RATE
    pause = np.diff(loud).argmax()
    assert first.begin + 0.3 < loud[pause] < loud[pause + 1] < first.end - 0.3
    assert PAUSE <= loud[pause + 1] - loud[pause] < PAUSE + 0.3


async def test_whoever_stops_in_the_middle_of_a_sentence_is_waited_for(models: Models) -> None:
    waited = await hesitate(models, 1, lambda _: None)
    assert waited.pauses == 1 and waited.cut == () and waited.rate == 0
