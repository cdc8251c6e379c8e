"""One turn: the brain's actions and the user's change of mind go in, decisions and events come out.

Synchronous and free of any event loop. Every method is one atomic step, so no schedule of words,
results and actions can be half applied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from agents import wording
from agents.actions import Action, Answer, Answering, Call, Pause, Remove, Speak, Think
from agents.calls import LiveCall
from agents.commit import CommitPoint
from agents.dispatcher import Dispatcher
from agents.events import (
    CARRIED,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Drafted,
    EndOfTurn,
    Paused,
    Reopened,
    Thought,
)
from agents.plan import Plan
from agents.port import Limits, Port
from agents.speech import Speech
from tools.toolbox import Toolbox


class Turn:
    """What the brain has decided in one turn, and how far it is committed."""

    def __init__(self, number: int, toolbox: Toolbox, port: Port, limits: Limits) -> None:
        self.number = number
        self.is_paused = False
        self.finals = 0  # final updates so far: what the brain wrote before the latest one cannot commit
        self.is_dropped = False
        self.dispatcher = Dispatcher(number, toolbox, port, limits)
        self._board = self.dispatcher.board
        self._plan = Plan(number, self.dispatcher, toolbox, port, limits)
        self._port = port
        self._draft: Answer | None = None
        self._is_answering = False  # the answer is being written, and nothing else will be
        self._is_guess = False  # the words are final as far as can be told, which is not certain
        self._foregone: Pause | Answering | Answer | None = None  # how the brain settled on that guess
        self._interrupted: tuple[CommitPoint, Answer | None] | None = None  # what a reopening took back

    # ---- the user ------------------------------------------------------------------------------

    def guess_end(self) -> None:
        """The user has probably finished: what the brain makes of the words counts once that is certain."""
        self.finals += 1
        self._is_guess, self._foregone = True, None

    def forget_guess(self) -> None:
        """The words go on, or are others than was guessed."""
        self._is_guess, self._foregone, self._is_answering = False, None, False

    def confirm_guess(self) -> None:
        """The words that were guessed to be all are all: what the brain has settled on them holds."""
        foregone, self._foregone = self._foregone, None
        self._is_guess = False
        self._port.emit(EndOfTurn(self.number, self._port.now()))
        self._set(self.commit.final_received())
        match foregone:
            case Answer():
                self._draft = foregone
                self._commit(self.commit.settled("answer", True))
            case Answering():
                self._commit(self.commit.settled("answer", True))
            case Pause():
                self.is_paused = True
                self._commit(self.commit.settled("pause", True))
            case None:
                return
        self._set(self.commit)
        self.dispatcher.pump()

    def final_received(self) -> None:
        """The final update is in: what the brain does knowing it may commit."""
        self.forget_guess()
        self.finals += 1
        self._draft, self.is_paused = None, False
        self._port.emit(EndOfTurn(self.number, self._port.now()))
        self._set(self.commit.final_received())

    def reopen(self) -> None:
        """The user goes on speaking: whatever has not begun is held again, what has can be corrected."""
        is_settled = self.commit.reached and not self._is_answering
        self._interrupted = (self.commit, self._draft) if is_settled else None
        self._draft, self.is_paused, self._is_answering = None, False, False
        self._plan.let_correct()
        self._port.emit(Reopened(self.number, self._port.now()))
        self._set(self.commit.reopened())

    def resume(self) -> bool:
        """The user said nothing more after all: commit as before. False where that is not possible."""
        if self._interrupted is None:
            return False
        self.forget_guess()
        commit, self._draft = self._interrupted
        assert commit.by is not None
        self.is_paused = self._draft is None
        self._commit(commit)
        self.dispatcher.pump()
        return True

    def carry(self, earlier: Turn) -> None:
        """Go on where `earlier` ended too early: its results stand, and its effects can be corrected."""
        at = self._port.now()
        ready = [call for call in earlier.calls.values() if call.state is CallState.READY]
        for call in ready:
            self._board.store(replace(call, turn=self.number, version=1))
            self._port.emit(
                CallIssued(self.number, at, call.id, 1, call.tool.name, call.arguments, call.tool.effect)
            )
        self._port.emit(Paused(self.number, at))
        for call in ready:
            assert call.result is not None
            text, value = call.result.text, call.result.value
            self._port.emit(CallChanged(self.number, at, call.id, 1, call.state, CARRIED, text, value))
        self._plan.let_correct()
        self._set(replace(self.commit, highest=earlier.commit.highest))

    # ---- the brain -----------------------------------------------------------------------------

    def act(self, action: Action, *, seen: int) -> None:
        """Apply one action. `seen`: how many final updates the brain had seen when it wrote it."""
        if self.is_dropped:
            return
        knowing = self.commit.final and seen == self.finals
        guessing = self._is_guess and seen == self.finals
        self.is_paused = self._is_answering = False
        self._foregone = None
        match action:
            case Think(text, interrupted):
                self._port.emit(Thought(self.number, self._port.now(), text, interrupted))
            case Call() | Remove():
                if self._plan.apply(action):
                    self._interrupted = None  # there is no going back to what was committed before
            case Pause():
                self.is_paused = True
                self._port.emit(Paused(self.number, self._port.now()))
                self._foregone = action if guessing else None
                self._commit(self.commit.settled("pause", knowing))
            case Speak(speech):
                self._speak(speech)
            case Answering():
                self._is_answering = knowing or guessing
                self._foregone = action if guessing else None
                self._commit(self.commit.settled("answer", knowing))
            case Answer(text) if guessing:
                self._foregone = action
                self._port.emit(Drafted(self.number, self._port.now(), text))
            case Answer():
                self._answer(action, knowing)
            case _:
                assert_never(action)
        self._set(self.commit)
        self.dispatcher.pump()

    def drop(self, why: str) -> None:
        """The turn is over: discard whatever is not, but for effects that have begun."""
        self.is_dropped = True
        self.dispatcher.drop(why)

    # ---- questions -----------------------------------------------------------------------------

    @property
    def calls(self) -> dict[int, LiveCall]:
        """The calls by ID, each in its current version."""
        return self._board.calls

    @property
    def told(self) -> list[str]:
        """What has to be said of effects taken back, or not, whatever the brain answers."""
        return self.dispatcher.rollback.told

    @property
    def has_all_words(self) -> bool:
        """Whether the user has finished, as far as can be told."""
        return self.commit.final or self._is_guess

    @property
    def is_answered(self) -> bool:
        """Whether the brain has written its answer, or writes it, which may still hang on a guess."""
        return self._draft is not None or self._is_answering or isinstance(self._foregone, Answer)

    @property
    def is_foregone(self) -> bool:
        """Whether the brain has settled on words that are all, as far as can be told."""
        return self._foregone is not None

    @property
    def commit(self) -> CommitPoint:
        """How far the turn is committed."""
        return self._board.commit

    @property
    def answer(self) -> str | None:
        """The answer with its results filled in, as soon as all it needs is there, else None."""
        if self._draft is None or not self.commit.reached or self.dispatcher.is_undoing:
            return None
        return wording.answer(self._draft, self.calls, self.told)

    @property
    def outcome(self) -> str:
        """What was done, as it is said where the brain has nothing to say."""
        return wording.outcome(self.calls, self.told)

    # ---- inside --------------------------------------------------------------------------------

    def _speak(self, speech: Speech) -> None:
        """Say it, unless something could still change what is true."""
        if self.commit.reached and all(call.is_over for call in self.calls.values()):
            self._port.speak(self.number, speech)
        else:
            speech.cut()

    def _answer(self, answer: Answer, knowing: bool) -> None:
        if not knowing:
            self.is_paused = True  # an answer to half a sentence is no answer: wait for the rest
            self._port.emit(Paused(self.number, self._port.now()))
            return
        self._draft = answer
        self._port.emit(Drafted(self.number, self._port.now(), answer.text))
        self._commit(self.commit.settled("answer", knowing))

    def _commit(self, point: CommitPoint) -> None:
        if point.by is not None and not self.commit.reached:
            self._port.emit(Committed(self.number, self._port.now(), point.by))
            self._plan.settle()
            self._interrupted = None
        self._set(point)
        self.dispatcher.keep()

    def _set(self, point: CommitPoint) -> None:
        self._board.commit = point
        self._board.is_settled = self.is_paused or self._is_answering or self._draft is not None
