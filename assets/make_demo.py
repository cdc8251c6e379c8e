"""Makes assets/demo.wav, the request of the demonstration, with the project's own voice.

Run as `python -m assets.make_demo`; the same file comes out every time.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import soxr
from hibari import SAMPLE_RATE as VOICE_RATE
from hibari import Hibari

TEXT = "What's on my calendar on Friday, no, Saturday, and put lunch with Anna on Saturday at one."
PATH = Path(__file__).with_name("demo.wav")
RATE = 16000
_SILENCE = 0.4  # seconds before and after the speech
_SEED = 1  # of the noise in the voice


def main() -> None:
    """Write the file."""
    speech = Hibari(threads=1)(TEXT, seed=_SEED)
    edge = np.zeros(int(_SILENCE * VOICE_RATE), np.float32)
    audio = soxr.resample(np.concatenate([edge, speech, edge]), VOICE_RATE, RATE, quality="HQ")
    pcm = (np.clip(audio, -1.0, 1.0) * 32767.0).astype("<i2")
    with wave.open(str(PATH), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())


if __name__ == "__main__":
    main()
