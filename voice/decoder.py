"""One piece of speech to words, with an encoder window no longer than it must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from voice.agreement import believable, trim_loop

SAMPLE_RATE = 16000
_FRAMES_PER_SECOND = 100
_LONGEST = 30.0
# Measured on 81 replies of one to four words, 60 requests of 3.6 s and 8 of 11 to 22 s, clean, noisy and in a
# room: no more word errors than with windows of 15 and 30 s (0.7, 7.9, 0.3 %), for 36, 29 and 20 % less CPU
# time. With 8 s a "yes" in noise becomes "yes, yes, yes".
_WIDE = 10.0
_AFTER = 5.0

Audio = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Words of one decode; `believable` is False where the model itself doubts that it heard speech."""

    words: tuple[str, ...]
    believable: bool


class Decoder:
    """Whisper on mono 16 kHz int16 audio of at most 30 s. Blocking: call it in one worker thread.

    Whisper pads every piece to 30 s, which costs 0.7 s of CPU whatever was said. The encoder takes
    shorter input, so the window follows the speech. The price is that the model, shown little silence,
    sometimes repeats itself: hence the cap on tokens and the loop guard, and the wide window for the
    decode that counts.
    """

    def __init__(self, model: WhisperModel, language: str = "en") -> None:
        self.language = language
        self._model = model
        multilingual = model.model.is_multilingual
        tokenizer = Tokenizer(model.hf_tokenizer, multilingual, task="transcribe", language=language)
        self._tokenizer = tokenizer
        self._prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        self._suppressed = list(get_suppressed_tokens(tokenizer, (-1,)) or ())

    def partial(self, audio: Audio) -> Decoded:
        """Words while the user talks: fast, window of the speech plus 2 s.

        The last word comes without punctuation: there it marks the end of the audio, not of a sentence.
        """
        decoded = self._decode(audio, len(audio) / SAMPLE_RATE + 2.0)
        if not decoded.words:
            return decoded
        *words, last = decoded.words
        return Decoded((*words, last.rstrip(".,;:?!-…") or last), decoded.believable)

    def final(self, audio: Audio) -> Decoded:
        """Words once the user fell silent: window of the speech plus 5 s, of 10 s at least."""
        return self._decode(audio, max(_WIDE, len(audio) / SAMPLE_RATE + _AFTER))

    def _decode(self, audio: Audio, window: float) -> Decoded:
        seconds = len(audio) / SAMPLE_RATE
        features = self._model.feature_extractor(audio.astype(np.float32) / 32768.0)
        # An even number of frames: the encoder halves their rate. Zeros go into the features, not into
        # the audio: measured, silent audio makes short windows loop three times as often.
        frames = int(min(window, _LONGEST) * _FRAMES_PER_SECOND) // 2 * 2
        encoded = self._model.encode(pad_or_trim(features, frames))
        result = self._model.model.generate(
            encoded,
            [self._prompt],
            beam_size=1,
            # The library generates at most half of this: 5 tokens a second and 6 to begin with.
            max_length=2 * (int(5 * seconds) + 6),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = result.sequences_ids[0]
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        words = trim_loop(self._tokenizer.decode(tokens).split())
        return Decoded(tuple(words), believable(logprob, result.no_speech_prob))
