"""Where one turn of the user stands between us and the Live model."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.brains.gemini_calls import Asks
from agents.brains.gemini_words import SPEAKS
from agents.speech import Speech

SETTLED = 1.0  # seconds without a word after which an answer is over, where its end may have been another's
CROSSING = 0.5  # seconds in which what the model still says may be from before it was given the turn


@dataclass(slots=True)
class Talk:
    """One turn.

    The service reports the end of each generation, and what we send may cross that report. So generations
    are counted: one for each thing sent that makes the model speak. `given` is the position, in the turn's
    events, of the words the model has, None while it has none; on connection `number`. Times are the
    loop's, in seconds.
    """

    turn: int
    asks: Asks
    generations: int = 0  # of which the end has not been reported; those of the turn before among them
    given: int | None = None
    words: str = ""  # those it was given
    number: int = 0
    times: int = 0  # how often it was given
    is_heard: bool = False  # something was said since the model was last given something
    moved: float = 0.0  # when the last message came
    is_offered: bool = False  # the speech was handed to the session
    speech: Speech = field(default_factory=lambda: Speech(SPEAKS))
    _has_ended: bool = False  # a generation that said something was reported over
    _crossing: float = 0.0  # until when what comes is from before

    def give(self, position: int, words: str, number: int, now: float) -> None:
        """The model is given the turn, from the beginning."""
        self.given, self.words, self.number = position, words, number
        self.times += 1
        self._crossing = now + CROSSING if self.generations else 0.0
        self.prompted(now)

    def take_back(self) -> None:
        """The turn goes on: the model is given it again."""
        self.given = None
        self._restart()

    def prompted(self, now: float) -> None:
        """The model was sent what makes it speak: anything it said before is no answer."""
        self._restart()
        self._has_ended = False
        self.generations += 1
        self.moved = now

    def said(self, audio: bytes, now: float) -> None:
        """The model speaks."""
        self.moved = now
        if now >= self._crossing:
            self.speech.add(audio)
            self.is_heard = True

    def spelt(self, text: str, now: float) -> None:
        """More words of what it says."""
        self.moved = now
        if now >= self._crossing:
            self.speech.say(text)

    def interrupted(self) -> None:
        """The running generation was broken off, by what we sent or by the user."""
        self._crossing = 0.0
        self._restart()

    def ended(self, now: float) -> None:
        """A generation is over."""
        self._crossing = 0.0
        self._has_ended = self._has_ended or self.is_heard
        self.generations = max(0, self.generations - 1)
        self.moved = now

    def is_over(self, now: float) -> bool:
        """Whether the model has nothing more to say, unless it is sent something."""
        return self.generations == 0 or (self._has_ended and now - self.moved >= SETTLED)

    def _restart(self) -> None:
        self.speech.cut()
        self.speech = Speech(SPEAKS)
        self.is_offered = self.is_heard = False
