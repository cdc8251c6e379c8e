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
    _is_speaking: bool = False  # a generation says something, and its end was not reported
    _is_broken_off: bool = False  # a generation was interrupted, and its end was not reported
    _stale: float = 0.0  # until when what is said is from before; at most
    _prompted: float = 0.0  # when the model was last sent something to react to

    def give(self, position: int, words: str, number: int, now: float) -> None:
        """The model is given the turn, from the beginning."""
        self.given, self.words, self.number = position, words, number
        self.times += 1
        self.prompted(now)

    def next(self, turn: int, asks: Asks) -> Talk:
        """The user begins another turn; what the model still says belongs to this one."""
        self.take_back()
        talk = Talk(turn, asks, self.generations)
        talk._is_speaking = self._is_speaking
        return talk

    def over(self) -> None:
        """The answer is complete."""
        self.speech.end()
        self.generations = 0

    def take_back(self) -> None:
        """The turn goes on: the model is given it again."""
        self.given = None
        self._restart()

    def lost(self) -> None:
        """The connection is gone. What was said of an answer is taken back."""
        self.number, self.generations = -1, 0
        self._is_speaking = self._is_broken_off = False
        self._restart()

    def prompted(self, now: float) -> None:
        """The model was sent what makes it speak: anything it said before is no answer."""
        self._stale = now + CROSSING if self._is_speaking else 0.0
        self._restart()
        self._has_ended = False
        self.generations += 1
        self.moved = self._prompted = now

    def said(self, audio: bytes, now: float) -> None:
        """The model speaks."""
        self.moved, self._is_speaking = now, True
        if now >= self._stale:
            self.speech.add(audio)
            self.is_heard = True

    def spelt(self, text: str, now: float) -> None:
        """More words of what it says."""
        self.moved = now
        if now >= self._stale:
            self.speech.say(text)

    def interrupted(self) -> None:
        """The running generation was broken off, by what we sent or by the user."""
        self._is_broken_off, self._stale = True, 0.0
        self._restart()

    def ended(self, now: float) -> None:
        """A generation is over: the last, or one that what we sent has crossed."""
        was_broken_off = self._is_broken_off
        self._is_broken_off = self._is_speaking = False
        self._stale = 0.0
        self.moved = now
        if was_broken_off and self.generations == 1 and now - self._prompted < CROSSING:
            return  # what was broken off was not known to run
        self._has_ended = self._has_ended or self.is_heard
        self.generations = max(0, self.generations - 1)

    def is_over(self, now: float) -> bool:
        """Whether the model has nothing more to say, unless it is sent something."""
        return self.generations == 0 or (self._has_ended and now - self.moved >= SETTLED)

    def _restart(self) -> None:
        if not self.speech.is_over:  # an answer that is complete is played to its end
            self.speech.cut()
        self.speech = Speech(SPEAKS)
        self.is_offered = self.is_heard = False
