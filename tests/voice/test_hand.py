"""What a key does to a running voice: real models in a real pipeline, in real time."""

import asyncio
import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import run_virtually
from tests.voice.recorder import Recorder
from tests.voice.test_conversation import LONG, plain
from voice.bridge import Bridge
from voice.hand import Ends, Microphone, Speaker, VoiceHand
from voice.pipeline import VoiceOptions, run_voice
from voice.vad import loudness


class Pressing(Recorder):
    """Presses a key, once, when the session is told something for the first time."""

    def __init__(self, at, press, answer=lambda _: ""):
        super().__init__(answer)
        self._at, self._press = at, press

    def _maybe(self, name):
        if name == self._at:
            self._at = None
            self._press()

    def hear(self, stable, unstable):
        super().hear(stable, unstable)
        self._maybe("hear")

    def end_turn(self, text):
        super().end_turn(text)
        self._maybe("end_turn")

    def speaking_started(self):
        super().speaking_started()
        self._maybe("speaking_started")


async def talk(models, source, hand, at, press, answer=lambda _: ""):
    session = Pressing(at, press, answer)
    await run_voice(session, source, None, options=VoiceOptions(models=models), hand=hand)
    return session


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_loudness_is_between_nothing_and_full_scale(samples):
    assert 0.0 <= loudness(np.array(samples, np.int16).tobytes()) <= 1.0


def test_loudness_of_a_tone():
    tone = 16384 * np.sin(2 * np.pi * np.arange(1600) / 16)
    assert loudness(tone.astype(np.int16).tobytes()) == pytest.approx(0.5 / np.sqrt(2), abs=1e-3)
    assert loudness(b"") == 0.0


async def test_muting_silences_the_input_and_ends_the_turn(models, speak):
    hand = VoiceHand()
    source = speak(0.5, "What time is it in the town of Paris now, my dear friend?")
    session = await talk(models, source, hand, "hear", lambda: hand.mute(True))
    muted = session.calls.index(("muted", True))
    before = [call[1] for call in session.calls[:muted] if call[0] == "level"]
    after = [call[1] for call in session.calls[muted + 1 :] if call[0] == "level"]
    assert max(before) > 0.02 and max(after[1:]) == 0.0  # a block may have been half full
    assert session.names()[-2:] == ["speech_ended", "end_turn"]


async def test_silencing_is_no_interruption_by_the_user(models, speak):
    hand = VoiceHand()
    session = await talk(
        models, speak("What time is it?"), hand, "speaking_started", hand.hush, answer=lambda _: LONG
    )
    ((heard, interrupted),) = session.of("speaking_ended")
    assert interrupted and LONG.startswith(heard) and heard != LONG
    assert "interrupt" not in session.names()
    assert not hand.is_speaking


async def test_the_microphone_opens_for_one_turn(models, speak):
    hand = VoiceHand(muted=True)
    hand.open_for_one_turn()
    source = speak("What time is it?", 2.5, "Stop that, please.", 0.2)
    session = await talk(models, source, hand, None, None)
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it"]
    assert session.of("muted") == [(True,)]


async def test_what_follows_in_a_forgotten_turn_is_nobodys(models, speak):
    hand = VoiceHand()
    source = speak("What time is it in the town of Paris?", 2.0, "Stop that, please.", 0.2)
    session = await talk(models, source, hand, "hear", hand.forget_turn)
    assert [plain(text) for (text,) in session.of("end_turn")] == ["stop that please"]
    first = session.names().index("speech_started")
    assert session.names()[first + 1] == "speech_started"


async def test_a_device_that_cannot_be_had_changes_nothing_and_the_recording_goes_on(models, speak):
    hand = VoiceHand()
    source = speak("What time is it?", 2.5, "Stop that, please.", 0.2)
    session = await talk(
        models, source, hand, "end_turn", lambda: hand.use(sink=Speaker("no such device anywhere"))
    )
    assert hand.ends == Ends(source, None)
    assert [plain(text) for (text,) in session.of("end_turn")] == ["what time is it", "stop that please"]
    errors = [text for text, error in session.of("notice") if error]
    assert len(errors) == 1 and len(errors[0].splitlines()) == 1


async def test_changing_in_the_middle_of_a_turn_breaks_it_off_whole(models, speak):
    hand = VoiceHand()
    source = speak("What time is it in Paris?", 2.5, "Stop that, please.", 0.2)
    session = await talk(models, source, hand, "hear", lambda: hand.use(sink=Speaker("no such device")))
    assert session.of("end_turn")[0] == ("",)
    assert plain(session.of("end_turn")[-1][0]) == "stop that please"


async def test_a_conversation_of_many_changes_keeps_nothing_of_those_before(models, speak):
    hand = VoiceHand()
    seen: list[weakref.ref[Bridge]] = []

    class Changing(Recorder):
        def subscribe(self, callback):
            seen.append(weakref.ref(callback.__self__))
            return super().subscribe(callback)

        def notice(self, text, error=False):
            super().notice(text, error)
            if not error and len(seen) < 4:
                hand.use(sink=Speaker("no such device"))

    session = Changing()
    await run_voice(session, speak(0.2), None, options=VoiceOptions(models=models), hand=hand)
    assert len(seen) == 4
    for _ in range(100):  # the last one's tasks have been ended and take a moment to be gone
        gc.collect()
        if not any(bridge() for bridge in seen):
            break
        await asyncio.sleep(0.05)
    assert [bridge() for bridge in seen] == [None] * 4
    assert session.listeners == 0


def test_a_key_that_is_held_keeps_the_microphone_open_and_one_pressed_again_closes_it():
    async def main():
        hand = VoiceHand(muted=True)
        hand.open_for_one_turn()
        await asyncio.sleep(0.5)  # until a terminal begins to repeat the key
        for _ in range(100):
            hand.close_soon()
            await asyncio.sleep(0.1)
            assert not hand.is_muted
        await asyncio.sleep(0.1)
        assert hand.is_muted
        hand.open_for_one_turn()
        hand.close_soon()
        hand.mute(False)  # for good
        await asyncio.sleep(1.0)
        assert not hand.is_muted

    run_virtually(main())


def test_nothing_can_be_changed_before_the_voice_runs():
    hand = VoiceHand()
    hand.use(source=Microphone("Desk"))
    assert hand.ends is None and not hand.changed.is_set()
