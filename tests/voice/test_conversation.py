"""Real models in real pipelines, in real time."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.voice.recorder import Recorder
from voice.agreement import normal
from voice.decoder import SAMPLE_RATE
from voice.echo import Echo
from voice.pipeline import VoiceOptions, run_voice
from voice.tones import chime
from voice.wavfile import BadAudio

DEMO = Path(__file__).parents[2] / "assets" / "demo.wav"
LONG = "Here is quite a long answer, which goes on and on, so that there is time enough to cut in. Is it not?"


def plain(text):
    return " ".join(normal(word) for word in text.split())


async def talk(models, source, sink=None, answer=lambda _: "", **options):
    session = Recorder(answer)
    before = set(threading.enumerate())
    await run_voice(session, source, sink, options=VoiceOptions(models=models, **options))
    for thread in set(threading.enumerate()) - before:
        thread.join(1.0)  # Pipecat tells its threads to end and does not wait
        assert not thread.is_alive(), thread
    return session


async def test_the_demonstration_is_understood_as_it_is_spoken_and_answered(models, tmp_path):
    out = tmp_path / "out.wav"
    session = await talk(models, DEMO, out, lambda _: "Nothing on Saturday.")
    ((text,),) = session.of("end_turn")
    assert plain(text).startswith("what's on my calendar on friday no saturday and put lunch with an")
    assert plain(text).endswith(("on saturday at one", "on saturday at 1"))
    # Stable words came while the user was still speaking, and only grew or were taken back by agreement.
    hypotheses = [stable for stable, _ in session.of("hear")]
    assert any("Friday" in stable and "lunch" not in stable for stable in hypotheses)
    assert session.names()[-4:] == ["speech_ended", "end_turn", "speaking_started", "speaking_ended"]
    assert session.of("speaking_ended") == [("Nothing on Saturday.", False)]
    audio, rate = soundfile.read(out)
    assert rate == 24000 and np.abs(audio).max() > 0.05


async def test_a_pause_after_a_preposition_does_not_end_the_turn(models, speak):
    session = await talk(models, speak("What's on my calendar on", 0.1, "Saturday?", 0.3))
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what's on my calendar on saturday"]


async def test_cutting_in(models, speak):
    source = speak("What time is it?", 3.5, "Stop that, please.", 0.2)
    session = await talk(models, source, None, lambda text: LONG if "time" in text else "")
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it", "stop that please"]
    names = session.names()
    cut = names.index("interrupt")
    assert names[cut - 1 : cut + 3] == ["speaking_started", "interrupt", "speaking_ended", "speech_started"]
    ((heard, interrupted),) = session.of("speaking_ended")
    assert interrupted and heard and LONG.startswith(heard) and heard != LONG


async def test_a_timer_rings_and_is_told_when_the_user_has_finished(models, speak, tmp_path):
    class Due(Recorder):
        def speech_started(self):
            super().speech_started()
            self.due = ["Your pasta timer is done."]  # in the middle of what they say

    out = tmp_path / "out.wav"
    session = Due(lambda _: "It is noon.")
    await run_voice(session, speak("What time is it?"), out, options=VoiceOptions(models=models))
    assert session.of("speaking_ended") == [("It is noon.", False)]
    assert session.of("alert_told") == [("Your pasta timer is done.", False)]
    assert session.names()[-1] == "alert_told"
    audio, rate = soundfile.read(out, dtype="int16")
    tone = np.frombuffer(chime(rate), np.int16).astype(float)
    match = np.correlate(audio.astype(float), tone, "valid") / np.square(tone).sum()
    assert match.max() == pytest.approx(1.0, abs=0.01)  # it is in the file, whole
    rest = audio[match.argmax() + len(tone) :].astype(np.float32) / 32768
    heard = models.decoder.final((soxr.resample(rest, rate, SAMPLE_RATE) * 32767).astype(np.int16))
    assert plain(" ".join(heard.words)) == "your pasta timer is done"


async def test_half_duplex_does_not_hear_while_it_speaks(models, speak):
    source = speak("What time is it?", 3.0, "Stop.", 0.2)
    session = await talk(models, source, None, lambda _: LONG, echo=Echo.HALF_DUPLEX)
    assert len(session.of("end_turn")) == 1
    assert session.of("speaking_ended") == [(LONG, False)]


async def test_a_silent_recording_opens_no_turn(models, tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(8000), 16000)
    session = await talk(models, path)
    assert session.names() == []


async def test_a_bad_file_is_told_before_anything_is_loaded(tmp_path):
    session = Recorder()
    with pytest.raises(BadAudio):
        await run_voice(session, tmp_path / "none.wav", None)
    assert session.calls == []


async def test_an_answer_that_never_comes_is_noticed(models, speak):
    class Mute(Recorder):
        def end_turn(self, text):
            self.calls.append(("end_turn", text))

    session = Mute()
    await run_voice(session, speak("Hello there."), None, options=VoiceOptions(models=models, patience=0.2))
    assert session.of("notice")[-1] == ("no answer within 0 s after the end of the recording", True)


async def test_cancelling_leaves_nothing_behind(models, tmp_path):
    out = tmp_path / "out.wav"
    before = set(threading.enumerate())
    task = asyncio.create_task(run_voice(Recorder(), DEMO, out, options=VoiceOptions(models=models)))
    await asyncio.sleep(1.5)  # into the middle of the first words, with a decode in flight
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for thread in set(threading.enumerate()) - before:
        thread.join(1.0)
        assert not thread.is_alive(), thread
    assert len(asyncio.all_tasks()) == 1
    assert soundfile.info(out).samplerate == 24000
