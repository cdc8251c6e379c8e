from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from voice.frames import HypothesisFrame, TurnEndedFrame, VoiceHintFrame
from voice.turns import Patience, TurnDetector, unfinished
from voice.vad import STOP_SECS
from voice.wavfile import read_audio

DEMO = read_audio(Path(__file__).parents[2] / "assets" / "demo.wav")


@pytest.mark.parametrize(
    "text",
    [
        "What's on my calendar on",
        "Text Ana and",
        "put lunch with the",
        "Remind me to, um...",
        "What's on my calendar on Friday, no",
        "What's on my calendar on Friday,",
        "Book a table for",
        "Send it to my",
        "Call Ana or",
        "I want to put it on a",
        "Set a timer for 10.",
        "Set a timer.",
        "Find the nearest",
        "Write a note that says",
    ],
)
def test_words_that_call_for_more(text):
    assert unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "no no no",
        "Yes.",
        "No thanks.",
        "Turn the kitchen light on.",
        "Put lunch with Ana on Saturday at one.",
        "What's the weather in Paris?",
        "Stop.",
        "Call her.",
        "What?",
        "Set a timer for ten minutes.",
        "Cancel the timer.",
    ],
)
def test_words_that_may_be_all(text):
    assert not unfinished(text)


@given(st.text())
def test_any_text_is_judged(text):
    assert unfinished(text) in (True, False)


def speech(start, end):
    """The demonstration from `start` to `end` in seconds; silence beyond its end."""
    pcm = DEMO.tobytes()[round(start * 16000) * 2 : round(end * 16000) * 2]
    pcm += bytes(round((end - start) * 16000) * 2 - len(pcm))
    return [InputAudioRawFrame(pcm[at : at + 640], 16000, 1) for at in range(0, len(pcm), 640)]


def stop(silence, text):
    """What voice detector and recogniser say of a silence."""
    return [
        VoiceHintFrame(VADState.QUIET, silence),
        HypothesisFrame(text, "", settled=silence),
        VADUserStoppedSpeakingFrame(stop_secs=STOP_SECS),
    ]


async def ends(models, *frames):
    down, _ = await run_test(TurnDetector(models.prosody, PATIENCE), frames_to_send=frames)
    return [frame.text for frame in down if isinstance(frame, TurnEndedFrame)]


FRIDAY = "What's on my calendar on Friday?"
ALL = f"{FRIDAY} No, Saturday, and put lunch with Anna on Saturday at one."
PATIENCE = Patience()
START = VADUserStartedSpeakingFrame(start_secs=0.2)


async def test_a_machine_that_is_late_does_not_take_a_pause_for_the_end(models):
    late = SleepFrame(sleep=0.5)  # longer than the judgement takes; the audio of it is still to come
    heard = await ends(
        models,
        START, *speech(0, 2.56), *stop(1, FRIDAY), late,
        START, *speech(2.56, 6.22), *stop(2, ALL), late, *speech(6.22, 7.0), late,
    )  # fmt: skip
    assert heard == [ALL]


async def test_a_sentence_that_is_complete_ends_sooner_than_one_that_is_not(models):
    late = SleepFrame(sleep=0.5)
    short = speech(8.0, 8.02 + PATIENCE.short - STOP_SECS)
    spoken = [START, *speech(2.56, 6.22)]
    assert await ends(models, *spoken, *stop(1, ALL), late, *short, late) == [ALL]
    assert await ends(models, *spoken, *stop(1, f"{ALL} And"), late, *short, late) == []
    rest = speech(9.0, 9.0 + PATIENCE.long - PATIENCE.short)
    assert await ends(models, *spoken, *stop(1, f"{ALL} And"), late, *short, *rest, late) == [f"{ALL} And"]


async def test_words_still_being_decoded_are_waited_for(models):
    quiet, heard, stopped = stop(1, ALL)
    early = HypothesisFrame(FRIDAY, "", settled=0)
    late = SleepFrame(sleep=0.5)
    silence = speech(8.0, 8.0 + 2 * PATIENCE.long)
    spoken = [START, *speech(2.56, 6.22), early, quiet, stopped, late, *silence, late]
    assert await ends(models, *spoken) == []
    assert await ends(models, *spoken, heard, late) == [ALL]
