"""Our own Pipecat frames.

The ones that travel beside voice activity are system frames: those keep their order among each other,
and an interruption never drops them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import DataFrame, SystemFrame, UserStoppedSpeakingFrame


@dataclass
class VoiceHintFrame(SystemFrame):
    """The voice detector changed state, confirmed or not. `silence` numbers the silences from 1."""

    state: VADState
    silence: int


@dataclass
class HypothesisFrame(SystemFrame):
    """The words of the turn so far.

    `settled` is 0 while the user talks; otherwise the number of the silence in which everything said
    so far was decoded once more with the wide window.
    """

    stable: str
    unstable: str
    settled: int = 0

    @property
    def text(self) -> str:
        """Stable and unstable words together."""
        return f"{self.stable} {self.unstable}".strip()


@dataclass
class TurnLikelyEndedFrame(SystemFrame):
    """The user has probably finished: the sound is complete and the words so far do not call for more."""


@dataclass
class TurnEndedFrame(SystemFrame):
    """The user's turn is over; `text` is all of it, "" when nothing was understood."""

    text: str


@dataclass
class TurnClosedFrame(UserStoppedSpeakingFrame):
    """Travels up: the turn ended in this silence, and speech after it opens another.

    None: whatever is being said is nobody's.
    """

    silence: int | None = None


@dataclass
class AudioHeardFrame(SystemFrame):
    """Travels up: the voice detector has taken up one more frame of audio."""


@dataclass
class AudioLostFrame(SystemFrame):
    """Here so many seconds of what the microphone heard are missing: the machine could not keep up."""

    seconds: float


@dataclass
class TurnForgottenFrame(SystemFrame):
    """Travels up: nobody wants to know what the user says until they have fallen silent."""


@dataclass
class SpeakSoonFrame(SystemFrame):
    """The beginning of what will probably be said: it is worth having ready."""

    text: str


@dataclass
class HoldFrame(SystemFrame):
    """The output waits where it is, or goes on: somebody seems to begin to speak."""

    on: bool


@dataclass
class SpokenSoundFrame(DataFrame):
    """As `SpokenWordFrame`, after each moment of a brain's own voice: `seconds` of it stand before this."""

    seconds: float


@dataclass
class SoundHeardFrame(SystemFrame):
    """Travels back up: this many seconds of a brain's own voice left for the speaker."""

    seconds: float


@dataclass
class SpokenWordFrame(DataFrame):
    """Follows the audio of one word through the output's queue, so that it arrives when that was played."""

    word: str


@dataclass
class WordHeardFrame(SystemFrame):
    """Travels back up: the audio of this word left for the speaker."""

    word: str
