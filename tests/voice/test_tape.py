"""The sound beside a record: on the session's clock, readable at any time, and no reason to stop talking."""

import wave
from pathlib import Path

import numpy as np
import pytest
from pipecat.frames.frames import InputAudioRawFrame
from pipecat.tests.utils import run_test

from tests.voice.recorder import Recorder
from voice.tape import Tape, TapeRecorder
from voice.wavfile import BadAudio

RATE = 16000
CHUNK = RATE // 50


def tone(number):
    """20 ms that can be told from others."""
    return np.full(CHUNK, number, np.int16).tobytes()


def heard(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_second_n_of_the_file_is_second_n_of_the_session(tmp_path):
    with Tape(tmp_path / "a.wav") as tape:
        tape.add(tone(1), 2.02)  # the microphone opened after two seconds
        tape.add(tone(2), 2.05)  # a little late is no silence
        tape.add(tone(3), 5.00)  # another device was chosen meanwhile
        tape.add(tone(4), 5.02)
    samples = heard(tmp_path / "a.wav")
    assert len(samples) == pytest.approx(5.02 * RATE, abs=2)
    for number, begins in ((1, 2.0), (2, 2.02), (3, 4.98), (4, 5.0)):
        (where,) = np.nonzero(samples == number)
        assert len(where) == CHUNK
        assert where[0] == pytest.approx(begins * RATE, abs=2)


def test_the_file_can_be_read_before_it_is_complete(tmp_path):
    tape = Tape(tmp_path / "a.wav")
    for number in range(1, 120):
        tape.add(tone(number), number / 50)
    assert len(heard(tmp_path / "a.wav")) == 100 * CHUNK  # whole seconds
    tape.close()
    tape.close()
    assert len(heard(tmp_path / "a.wav")) == 119 * CHUNK
    tape.add(tone(1), 9.0)
    assert len(heard(tmp_path / "a.wav")) == 119 * CHUNK


def test_nothing_heard_is_a_file_without_sound(tmp_path):
    with Tape(tmp_path / "a.wav"):
        pass
    assert len(heard(tmp_path / "a.wav")) == 0


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(BadAudio, match="cannot be written: No such file"):
        Tape(tmp_path / "none" / "a.wav")


async def test_what_passes_by_is_on_the_tape_and_goes_on(tmp_path):
    session = Recorder(lambda text: None)
    frames = [InputAudioRawFrame(tone(number), RATE, 1) for number in range(1, 6)]
    with Tape(tmp_path / "a.wav") as tape:
        down, _ = await run_test(TapeRecorder(session, tape), frames_to_send=frames)
    assert [frame.audio for frame in down if isinstance(frame, InputAudioRawFrame)] == [
        frame.audio for frame in frames
    ]
    samples = heard(tmp_path / "a.wav")
    assert [number for number in range(1, 6) if (samples == number).sum() == CHUNK] == [1, 2, 3, 4, 5]


async def test_a_full_disk_is_told_once_and_the_talk_goes_on():
    session = Recorder(lambda text: None)
    frames = [InputAudioRawFrame(tone(number), RATE, 1) for number in range(1, 110)]
    full = Path("/dev/full")
    with Tape(full) as tape:
        down, _ = await run_test(TapeRecorder(session, tape), frames_to_send=frames)
    assert len([frame for frame in down if isinstance(frame, InputAudioRawFrame)]) == len(frames)
    ((text, error),) = session.of("notice")
    assert text.startswith(f"cannot go on writing {full}: No space left on device")
    assert error
