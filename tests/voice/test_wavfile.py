import numpy as np
import pytest
import soundfile

from voice.decoder import SAMPLE_RATE
from voice.wavfile import BadAudio, FileOutput, read_audio


def tone(rate, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels_become_16_khz_mono(tmp_path, rate, channels):
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tone(rate)] * channels, axis=1), rate)
    audio = read_audio(path)
    assert audio.dtype == np.int16
    assert abs(len(audio) - SAMPLE_RATE // 2) <= 2
    middle = audio[2000:6000].astype(float)
    assert abs(np.argmax(np.abs(np.fft.rfft(middle))) * SAMPLE_RATE / len(middle) - 440) < 5


def test_a_missing_file(tmp_path):
    with pytest.raises(BadAudio, match="no such file"):
        read_audio(tmp_path / "none.wav")


def test_a_folder(tmp_path):
    with pytest.raises(BadAudio, match="no such file"):
        read_audio(tmp_path)


@pytest.mark.parametrize("content", [b"", b"plain text", b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_file_that_is_not_audio(tmp_path, content):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        read_audio(path)
    assert len(str(caught.value).splitlines()) == 1


def test_an_empty_recording(tmp_path):
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), 16000)
    with pytest.raises(BadAudio, match="no audio"):
        read_audio(path)


def test_samples_beyond_full_scale_and_not_numbers_are_tamed(tmp_path):
    path = tmp_path / "wild.wav"
    soundfile.write(path, np.array([2.0, -2.0, np.nan, np.inf], np.float32), 16000, subtype="FLOAT")
    assert read_audio(path).tolist() == [32767, -32767, 0, 32767]


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(BadAudio, match="cannot be written"):
        FileOutput(tmp_path / "no" / "out.wav", 24000)
