"""The voice benchmark: that its yardsticks measure what they say, on speech of the project's own voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.bench.voice.clips import BenchError, recorded, synthesised, tape, word_times
from app.bench.voice.hearing import hear
from app.bench.voice.pauses import HESITATIONS
from app.bench.voice.sound import in_room, noisy, rms, silence
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
