"""Taking turns with the user: which turn their words belong to, when it begins, and when it is over.

Each method is something the user did, and one synchronous step.
"""

from __future__ import annotations

from agents import phrases
from agents.ending import Ending
from agents.events import Continued, Heard, Mode, SpeechEnded, TurnStarted, Updated
from agents.floor import Floor, joined
from agents.host import Host
from agents.port import Limits
from agents.reactor import Reactor
from agents.turn import Turn
from agents.undo import Undo
from agents.words import same_words, spoken_words
from tools.toolbox import Toolbox


class TurnTaking:
    """What the user says, given to the brain as it comes."""

    def __init__(
        self,
        floor: Floor,
        host: Host,
        reactor: Reactor,
        ending: Ending,
        undo: Undo,
        toolbox: Toolbox,
        limits: Limits,
    ) -> None:
        self._floor = floor
        self._host = host
        self._reactor = reactor
        self._ending = ending
        self._undo = undo
        self._toolbox = toolbox
        self._limits = limits

    def speech_started(self) -> None:
        """The user begins to speak."""
        floor = self._floor
        floor.is_speaking, floor.is_silent = True, False
        if self._host.question is not None:
            self._host.question.timer.cancel()  # a reply is on its way: let it be said
        elif floor.turn is None:
            self._open()
        elif floor.turn.commit.final:
            self._reopen(floor.turn)

    def hear(self, stable: str, unstable: str) -> None:
        """All words since the turn began, or since it was reopened: the stable ones and the tail."""
        floor = self._floor
        if self._host.question is not None:
            said = joined(floor.given, stable)
            self._host.emit(Heard(self._host.question.call.turn, self._host.now(), said, unstable))
            return
        turn = floor.turn or self._open()
        if turn.commit.final:
            if not floor.is_speaking:
                return  # of an utterance that is over
            self._reopen(turn)  # what began as the reply to a question is none: a key has answered it
        if floor.may_correct:
            self._take_up(turn, phrases.is_correction(spoken_words(stable)))
        text = joined(floor.before, stable)
        self._host.emit(Heard(turn.number, self._host.now(), text, unstable))
        floor.hypothesis = joined(text, unstable)
        if floor.may_correct or (floor.guess is not None and same_words(floor.hypothesis, floor.guess)):
            return
        if floor.guess is not None:
            floor.guess = None
            turn.forget_guess()
        if floor.is_silent:
            self._foresee(turn)
        if not same_words(text, floor.given):
            floor.given = text
            self._reactor.hand_over(turn, text, final=False)

    def guess_end(self) -> None:
        """The user has probably finished: the brain is given all words, as if they were final."""
        floor, turn, text = self._floor, self._floor.turn, self._floor.hypothesis
        if turn is None or turn.commit.final or self._host.question is not None or floor.may_correct:
            return
        if self._reactor.mode is Mode.SEQUENTIAL or floor.guess is not None or not spoken_words(text):
            return
        floor.guess = floor.given = text
        turn.guess_end()
        self._reactor.hand_over(turn, text, final=True)

    def speech_ended(self, at: float) -> None:
        """The user fell silent at `at` seconds on the session clock."""
        turn = self._floor.turn
        if self._host.question is None and turn is not None:
            self._host.emit(SpeechEnded(turn.number, at))
            self._floor.is_silent = True
            self._foresee(turn)

    def end_turn(self, text: str) -> None:
        """The user has finished, with `text`: what was guessed of it holds, or the brain is given it."""
        turn = self._floor.turn
        self._floor.is_speaking = False
        if self._host.question is not None:
            self._reply(text)
        elif turn is not None and not turn.commit.final:
            self._finish(turn, text)

    # ---- inside --------------------------------------------------------------------------------

    def _open(self) -> Turn:
        earlier, now = self._floor.earlier, self._host.now()
        turn = Turn(self._floor.turns + 1, self._toolbox, self._host, self._limits)
        self._host.turns[turn.number] = turn
        self._floor.open(
            turn, may_correct=earlier is not None and now - earlier.at <= self._limits.correction_seconds
        )
        self._host.emit(TurnStarted(turn.number, now))
        return turn

    def _reopen(self, turn: Turn) -> None:
        """The end of the turn was none."""
        self._ending.unbound()
        turn.reopen()
        self._floor.before = self._floor.given
        self._reactor.reopened(turn)

    def _take_up(self, turn: Turn, correction: bool | None) -> None:
        """Go on with the turn before, if the words say so."""
        if correction is None:
            return
        floor, now = self._floor, self._host.now()
        floor.may_correct = False
        if correction:
            assert floor.earlier is not None
            words = floor.before = floor.given = floor.earlier.words
            self._host.emit(Continued(turn.number, now, floor.earlier.turn.number))
            self._host.emit(Updated(turn.number, now, words, False))
            turn.carry(floor.earlier.turn)

    def _finish(self, turn: Turn, text: str) -> None:
        """The user has finished the turn with `text`, or with what else they said since it was reopened."""
        floor = self._floor
        if phrases.is_undo(text):
            self._host.emit(Heard(turn.number, self._host.now(), joined(floor.before, text), ""))
            floor.turn = None  # what is said meanwhile is another turn
            self._undo.answer(turn)
            return
        if floor.may_correct:
            self._take_up(turn, phrases.is_correction(spoken_words(text)) or False)
        guess, floor.guess = floor.guess, None
        borne_out = guess is not None and same_words(joined(floor.before, text), guess)
        is_known = borne_out and (turn.is_foregone or self._reactor.is_wanted(turn))
        if not is_known and not spoken_words(text) and turn.resume():
            self._ending.bound(turn)
            self._ending.changed(turn)
            return
        text = floor.given = joined(floor.before, text)
        self._host.emit(Heard(turn.number, self._host.now(), text, ""))
        if is_known:
            turn.confirm_guess()
            self._ending.bound(turn)
            self._ending.settle(turn)
            return
        turn.final_received()
        if not spoken_words(text):
            self._host.notice("I did not hear any words.")
            self._ending.end(turn, "")
            return
        self._ending.bound(turn)
        self._reactor.hand_over(turn, text, final=True)

    def _foresee(self, turn: Turn) -> None:
        """Let the brain know what it would be given if the user said no more than this."""
        text = self._floor.hypothesis
        if not turn.commit.final and not self._floor.may_correct and spoken_words(text):
            self._reactor.foresee(turn, text)

    def _reply(self, text: str) -> None:
        """Words after a question: a yes, a no, or what is to be done instead."""
        verdict = phrases.reply(text)
        if not spoken_words(text):
            self._host.wait_for_reply()
        elif verdict is None:
            turn = self._host.correct(text)
            self._reopen(turn)
            self._finish(turn, text)
        else:
            self._host.reply(verdict, text)
