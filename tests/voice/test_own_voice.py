"""A brain that speaks in its own voice: its sound goes to the output as it arrives, and stops where cut."""

import asyncio

import numpy as np
import soundfile
from pipecat.frames.frames import (
    InputAudioRawFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from agents.events import Answered
from agents.speech import Speech
from tests.voice.recorder import Recorder
from voice.bridge import Bridge
from voice.ears import BrainEars
from voice.pipeline import run_speaker

RATE = 24_000


def tone(seconds: float) -> bytes:
    return (np.sin(np.arange(int(seconds * RATE)) * 0.06) * 9000).astype("<i2").tobytes()


async def speak(session: Recorder, speech: Speech, *, seconds: float, answer: str) -> None:
    """As a brain does: sound in pieces, its words with it, the whole answer at the end."""
    session.say(speech)
    for part in range(4):
        speech.say(answer.split()[part] + " ")
        speech.add(tone(seconds / 4))
        await asyncio.sleep(0)
    speech.end()
    session.publish(Answered(session._turn, session.now(), answer))


async def test_its_sound_is_played_once_and_not_said_again(tmp_path):
    session = Recorder()
    heard: list[float] = []
    speech = Speech(RATE, heard.append)
    path = tmp_path / "out.wav"

    async def feed():
        await speak(session, speech, seconds=1.2, answer="Lunch is on Saturday")

    await run_speaker(session, path, feed)
    samples, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    assert rate == RATE
    said = np.abs(np.frombuffer(4 * tone(0.3), "<i2") / 32768) > 0.05
    assert len(loud) == np.count_nonzero(said)  # all of it, once; a machine that is late makes gaps
    assert session.of("speaking_ended") == [("Lunch is on Saturday", False)]
    assert len(session.of("speaking_started")) == 1
    assert heard == [speech.received]


async def test_what_its_voice_did_not_say_is_said_by_ours():
    session = Recorder()
    speech = Speech(RATE)
    bridge = Bridge(session)

    async def later():
        await asyncio.sleep(0.1)
        session.say(speech)
        speech.say("Done.")
        speech.add(tone(0.2))
        speech.end()
        session.publish(Answered(0, 0.0, "Done. But Friday could not be undone."))

    task = asyncio.create_task(later())
    down, _ = await run_test(bridge, frames_to_send=[SleepFrame(sleep=0.4)])
    await task
    assert sum(len(frame.audio) for frame in down if isinstance(frame, TTSAudioRawFrame)) == len(tone(0.2))
    assert [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)] == [
        " But Friday could not be undone."
    ]


async def test_a_speech_that_is_taken_back_is_silenced_and_the_reason_said():
    session = Recorder()
    speech = Speech(RATE)

    async def later():
        await asyncio.sleep(0.1)
        session.say(speech)
        speech.say("Lunch is")
        speech.add(tone(0.2))
        await asyncio.sleep(0.1)
        speech.cut()
        session.publish(Answered(0, 0.0, "Sorry, the connection was lost."))

    task = asyncio.create_task(later())
    down, _ = await run_test(Bridge(session), frames_to_send=[SleepFrame(sleep=0.5)])
    await task
    assert [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)] == [
        "Sorry, the connection was lost."
    ]


async def test_the_user_cuts_in_and_the_brain_learns_how_much_was_heard():
    session = Recorder()
    heard: list[float] = []
    speech = Speech(RATE, heard.append)

    async def later():
        await asyncio.sleep(0.1)
        session.say(speech)
        speech.add(tone(0.5))

    task = asyncio.create_task(later())
    down, _ = await run_test(
        Bridge(session), frames_to_send=[SleepFrame(sleep=0.3), VADUserStartedSpeakingFrame(start_secs=0.2)]
    )
    await task
    assert heard == [0.0]  # no output told that any of it was played
    speech.add(tone(0.5))
    assert session.of("interrupt") == [()]
    assert sum(len(frame.audio) for frame in down if isinstance(frame, TTSAudioRawFrame)) == len(tone(0.5))


async def test_the_brain_hears_the_microphone_at_its_own_rate():
    session = Recorder()
    session.hearing = RATE
    frame = InputAudioRawFrame(bytes(2 * 16_000), 16_000, 1)
    await run_test(BrainEars(session), frames_to_send=[frame, SleepFrame(sleep=0.05)])
    assert 0.9 * RATE <= sum(len(audio) for (audio,) in session.of("listen")) / 2 <= RATE


async def test_a_brain_that_wants_words_hears_nothing():
    session = Recorder()
    await run_test(BrainEars(session), frames_to_send=[InputAudioRawFrame(bytes(640), 16_000, 1)])
    assert not session.of("listen")
