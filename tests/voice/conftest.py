import warnings

import numpy as np
import pytest
import soundfile

with warnings.catch_warnings():
    # Importing Pipecat 1.14 warns about its own deprecated classes and, on Python 3.12, about audioop.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pipecat.services.tts_service  # noqa: F401

from voice.models import load


@pytest.fixture(scope="session")
def models():
    """The real models, loaded once."""
    return load()


@pytest.fixture
def speak(models, tmp_path):
    """Writes a recording of sentences and pauses (seconds) in the project's voice; gives its path."""

    def write(*parts, rate=models.voice.sample_rate):
        audio = [
            models.voice(part, seed=1) if isinstance(part, str) else np.zeros(int(part * rate), np.float32)
            for part in parts
        ]
        path = tmp_path / f"said-{len(list(tmp_path.iterdir()))}.wav"
        soundfile.write(path, np.concatenate(audio), rate)
        return path

    return write
