import asyncio
import contextlib
import ctypes.util
import os
import signal
import sys

import numpy as np
import pytest
import soxr
from pipecat.audio.vad.silero import SileroVADAnalyzer

from agents.speech import Speech
from tests.voice.recorder import Recorder
from tests.voice.sound_server import MISSING, SoundServer
from tests.voice.test_conversation import LONG, plain
from voice.decoder import SAMPLE_RATE
from voice.devices import AudioUnavailable, Direction, devices, look_again, native_errors_to, pick
from voice.echo import Echo
from voice.hand import Microphone, Speaker, VoiceHand
from voice.pipeline import VoiceOptions, run_speaker, run_voice
from voice.probe import probe
from voice.transport import SpeakerOutput
from voice.vad import voice_analyzer

needs_server = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def test_without_portaudio_the_way_to_install_it_is_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(ctypes.util, "find_library", lambda _: None)
    with pytest.raises(AudioUnavailable, match="sudo apt install libportaudio2"):
        pick(Direction.INPUT)


def test_native_noise_goes_to_the_log(tmp_path, capfd):
    log = tmp_path / "native.log"
    with native_errors_to(log):
        os.write(2, b"ALSA lib pcm.c: nonsense\n")
    os.write(2, b"after\n")
    assert log.read_bytes() == b"ALSA lib pcm.c: nonsense\n"
    assert capfd.readouterr().err == "after\n"


def test_native_noise_ends_with_an_exception_too(tmp_path, capfd):
    with pytest.raises(KeyError), native_errors_to(tmp_path / "native.log"):
        raise KeyError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.fixture
async def server(tmp_path_factory, monkeypatch):
    """Two devices without hardware, for PortAudio in this process and for the programs that feed it."""
    server = SoundServer(tmp_path_factory.mktemp("sound"))
    for name in ("XDG_RUNTIME_DIR", "HOME", "PULSE_SERVER"):
        monkeypatch.setenv(name, server.env[name])
    try:
        await server.start()
        look_again()
        yield server
    finally:
        await server.stop()


class Listening(Recorder):
    """Tells when something happened for the nth time."""

    def __init__(self, answer):
        super().__init__(answer)
        self._news = asyncio.Event()

    def level(self, level):
        super().level(level)
        self._news.set()

    def speaking_ended(self, heard, interrupted):
        super().speaking_ended(heard, interrupted)
        self._news.set()

    async def until(self, name, times=1):
        """Give up when nothing happens for long."""
        async with asyncio.timeout(30):
            while len(self.of(name)) < times:
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def talking(models, answer, hand=None, **options):
    """A session over the default devices, whose microphone gives sound already."""
    session = Listening(answer)
    running = asyncio.create_task(
        run_voice(session, Microphone(), Speaker(), options=VoiceOptions(models=models, **options), hand=hand)
    )
    try:
        await session.until("level")
        yield session
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


@needs_server
async def test_speech_goes_in_at_the_microphone_and_the_answer_comes_out_of_the_speaker(
    server, models, speak
):
    question = speak(0.3, "What time is it?", 0.5)
    async with talking(models, lambda _: "Lunch with Anna is on Saturday at noon.") as session:
        recorder = await server.record_speaker()
        sound = asyncio.create_task(recorder.communicate())
        await server.say(question)
        await session.until("speaking_ended")
        await asyncio.sleep(0.5)  # what the speaker holds is still to be heard
    recorder.terminate()
    heard = soxr.resample(np.frombuffer((await sound)[0], np.int16), 44_100, SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(heard) > 500)
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it"]
    assert session.of("speaking_ended") == [("Lunch with Anna is on Saturday at noon.", False)]
    answer = heard[loud[0] - SAMPLE_RATE // 10 : loud[-1] + SAMPLE_RATE // 2]
    assert plain(" ".join(models.decoder.final(answer).words)) == "lunch with anna is on saturday at noon"


@needs_server
async def test_sound_that_is_cut_short_does_not_click(server):
    session, rate = Recorder(), 24_000
    speech = Speech(rate)
    recorder = await server.record_speaker()
    heard: list[np.ndarray] = []

    async def listen(until_loud):
        """Until a third of a second is loud, or silent."""
        while True:
            part = np.frombuffer(await recorder.stdout.readexactly(44_100 // 3 * 2), np.int16) / 32768
            heard.append(part)
            if (np.abs(part) > 0.1).any() == until_loud:
                return

    async def feed():
        session.say(speech)
        speech.say("It hums.")
        speech.add((np.sin(np.arange(9 * rate) * 2 * np.pi * 440 / rate) * 16_000).astype("<i2").tobytes())
        await listen(until_loud=True)
        speech.cut()
        await listen(until_loud=False)

    async with asyncio.timeout(30):
        await run_speaker(session, Speaker(), feed)
    recorder.terminate()
    await recorder.communicate()
    whole = np.concatenate(heard)
    spectrum = np.fft.rfft(whole)
    spectrum[: int(5000 / 44_100 * len(whole))] = 0
    clicks = np.abs(np.fft.irfft(spectrum, len(whole)))
    last = np.flatnonzero(np.abs(whole) > 0.01)[-1]
    assert clicks[last - 2000 : last + 2000].max() < 0.003


@needs_server
async def test_the_speaker_waits_at_once_and_goes_on_where_it_was(server):
    speaker = SpeakerOutput(pick(Direction.OUTPUT), asyncio.get_running_loop().create_future())
    tone = (np.sin(np.arange(8820) * 0.06) * 16_000).astype("<i2")
    speaker._waiting += tone.tobytes()

    def played():
        """20 ms, as the device's thread fetches them."""
        out = bytearray(2 * 882 * speaker._width)
        speaker._play(out, 882, None, None)
        return np.frombuffer(out, "<i2")[:: speaker._width]

    try:
        assert (played()[220:] == tone[220:882]).all()
        speaker._free.clear()
        assert not played()[220:].any() and not played().any()
        speaker._free.set()
        assert (played()[220:] == tone[882 + 440 : 882 + 220 + 882]).all()
        assert (played() == tone[882 + 220 + 882 :][:882]).all()
    finally:
        speaker.close()


@needs_server
async def test_turns_over_devices_which_change_in_between(server, models, speak):
    question = speak(0.3, "What time is it?", 0.5)
    hand = VoiceHand()
    async with talking(models, lambda _: "It is noon.", hand) as session:
        await server.say(question)
        await session.until("speaking_ended")
        levels = len(session.of("level"))
        hand.use(source=Microphone("pulse"), sink=Speaker("pulse"))
        await session.until("level", levels + 10)
        await server.say(question)
        await session.until("speaking_ended", 2)
        assert hand.devices == ("pulse", "pulse") and hand.echo is Echo.CANCEL
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it"] * 2
    assert session.of("speaking_ended") == [("It is noon.", False)] * 2
    assert pick(Direction.INPUT) in devices(Direction.INPUT)


@needs_server
@pytest.mark.parametrize("echo", Echo)
async def test_it_hears_itself_only_where_echo_is_let_through(server, models, speak, echo):
    await server.open_the_room()
    async with talking(models, lambda text: LONG if "time" in text else "", echo=echo) as session:
        await server.say(speak(0.3, "What time is it?", 0.5))
        await session.until("speaking_ended")
        await session.until("level", len(session.of("level")) + 20)  # what is still in the air has been heard
    ((heard, interrupted),) = session.of("speaking_ended")
    assert interrupted == (echo is Echo.OFF)
    assert (heard == LONG) == (echo is not Echo.OFF)
    assert len(session.of("speech_started")) == (2 if echo is Echo.OFF else 1)
    assert bool(session.of("interrupt")) == (echo is Echo.OFF)


@needs_server
async def test_it_does_not_hear_itself_where_the_machine_is_late(server, models, speak, monkeypatch):
    class Slow(SileroVADAnalyzer):
        """Takes 0.3 s now and then, as where something else wants the machine."""

        looks = 0

        async def analyze_audio(self, buffer):
            self.looks += 1
            if self.looks % 10 == 0:
                await asyncio.sleep(0.3)
            return await super().analyze_audio(buffer)

    monkeypatch.setattr("voice.pipeline.voice_analyzer", lambda: Slow(params=voice_analyzer().params))
    await server.open_the_room()
    async with talking(models, lambda text: LONG if "time" in text else "") as session:
        await server.say(speak(0.3, "What time is it?", 0.5))
        await session.until("speaking_ended")
    assert session.of("speaking_ended") == [(LONG, False)]
    assert not session.of("interrupt")


@needs_server
async def test_what_can_be_cancelled_of_the_echo_is_measured(server, models):
    await server.open_the_room()
    sound = models.voice(
        "This is the assistant, which listens to itself for a while now, and then tells how loud it was.",
        seed=1,
    )
    devices = pick(Direction.INPUT), pick(Direction.OUTPUT)
    found = await asyncio.to_thread(probe, *devices, sound, models.voice.sample_rate)
    assert found.is_heard and found.is_cancelled
    assert found.room < -60 < found.echo < -10


@needs_server
async def test_a_device_that_goes_is_told_and_the_talk_goes_on_when_it_is_back(server, models, speak):
    question = speak(0.3, "What time is it?", 0.5)
    async with talking(models, lambda _: LONG) as session:
        await server.say(question)
        await session.until("speaking_started")
        levels = len(session.of("level"))
        await server.stop()
        await session.until("speaking_ended")
        await server.start()
        await session.until("level", levels + 10)
        await server.say(question)
        await session.until("end_turn", 2)
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it"] * 2
    assert session.of("speaking_ended")[0][1] is True
    assert [text for text, error in session.of("notice") if error] == [
        "default is gone; I go on when it is back, or with another"
    ]


@needs_server
async def test_a_device_that_hangs_does_not_keep_the_talk_from_ending(server, models):
    async with talking(models, lambda _: ""):
        server.signal(signal.SIGSTOP)
    server.signal(signal.SIGCONT)


@needs_server
async def test_a_machine_that_cannot_keep_up_tells_the_gap_and_hears_what_comes_later(
    server, models, speak, monkeypatch
):
    class Late(SileroVADAnalyzer):
        """Stands still until it is let go, as if something else had the machine."""

        free = asyncio.Event()

        async def analyze_audio(self, buffer):
            await self.free.wait()
            return await super().analyze_audio(buffer)

    monkeypatch.setattr("voice.pipeline.voice_analyzer", lambda: Late(params=voice_analyzer().params))
    monkeypatch.setattr("voice.transport._BEHIND", 1.0)
    Late.free.set()
    async with talking(models, lambda _: "") as session:
        await server.say(speak("What is on my calendar on Friday and"))
        await session.until("speech_started")
        Late.free.clear()
        await server.say(speak("on Saturday?", 3.0))
        levels = len(session.of("level"))
        Late.free.set()
        await session.until("audio_lost")
        await server.say(speak(0.5, "What time is it?", 0.5))
        await session.until("end_turn")
    assert len(session.of("level")) > levels
    assert len(session.of("audio_lost")) >= 1
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it"]
