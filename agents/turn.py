"""One turn: the brain's actions and the user's change of mind go in, decisions and events come out.

Synchronous and free of any event loop. Every method is one atomic step, so no schedule of words,
results and actions can be half applied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from agents import graph, references
from agents.actions import Action, Answer, Call, Pause, Remove, Speak, Think
from agents.calls import LiveCall
from agents.commit import CommitPoint
from agents.dispatcher import Dispatcher
from agents.events import (
    CARRIED,
    PATCHED,
    REMOVED,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Committed,
    Drafted,
    EndOfTurn,
    Notice,
    Paused,
    Reopened,
    Thought,
)
from agents.port import Limits, Port
from agents.references import References
from agents.regrets import Regret
from agents.speech import Speech
from tools.tool import ToolError, well_formed
from tools.toolbox import Toolbox


class Turn:
    """What the brain wants in one turn, and how far it is committed."""

    def __init__(self, number: int, toolbox: Toolbox, port: Port, limits: Limits) -> None:
        self.number = number
        self.draft: str | None = None
        self._is_literal = False  # nothing in the draft stands for a result
        self.is_paused = False
        self.finals = 0  # final updates so far: what the brain wrote before the latest one cannot commit
        self.is_dropped = False
        self.dispatcher = Dispatcher(number, toolbox, port, limits)
        self._toolbox = toolbox
        self._port = port
        self._limits = limits
        self._issues = 0
        self._is_guess = False  # the words are final as far as can be told, which is not certain
        self._foregone: Pause | Answer | None = None  # how the brain settled on that guess
        self._correctable: set[int] = set()  # effects that had begun when the user went on speaking
        self._interrupted: tuple[CommitPoint, str | None] | None = None  # what a reopening took back

    # ---- the user ------------------------------------------------------------------------------

    def guess_end(self) -> None:
        """The user has probably finished: what the brain makes of the words counts once that is certain."""
        self.finals += 1
        self._is_guess, self._foregone = True, None

    def forget_guess(self) -> None:
        """The words go on, or are others than was guessed."""
        self._is_guess, self._foregone = False, None

    def confirm_guess(self) -> None:
        """The words that were guessed to be all are all: what the brain has settled on them holds."""
        foregone, self._foregone = self._foregone, None
        self._is_guess = False
        self._port.emit(EndOfTurn(self.number, self._port.now()))
        self._set(self.dispatcher.commit.final_received())
        match foregone:
            case Answer(text, is_literal):
                self.draft, self._is_literal = text, is_literal
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
        self.draft, self.is_paused = None, False
        self._port.emit(EndOfTurn(self.number, self._port.now()))
        self._set(self.dispatcher.commit.final_received())

    def reopen(self) -> None:
        """The user goes on speaking: whatever has not begun is held again, what has can be corrected."""
        self._interrupted = (self.dispatcher.commit, self.draft) if self.dispatcher.commit.reached else None
        self.draft, self.is_paused = None, False
        self._correctable = {call.id for call in self.calls.values() if call.has_begun}
        self._port.emit(Reopened(self.number, self._port.now()))
        self._set(self.dispatcher.commit.reopened())

    def resume(self) -> bool:
        """The user said nothing more after all: commit as before. False where that is not possible."""
        if self._interrupted is None:
            return False
        self.forget_guess()
        commit, self.draft = self._interrupted
        assert commit.by is not None
        self.is_paused = self.draft is None
        self._commit(commit)
        self.dispatcher.pump()
        return True

    def carry(self, earlier: Turn) -> None:
        """Go on where `earlier` ended too early: its results stand, and its effects can be corrected."""
        at = self._port.now()
        ready = [call for call in earlier.calls.values() if call.state is CallState.READY]
        for call in ready:
            self.dispatcher.take(replace(call, turn=self.number, version=1))
            self._port.emit(
                CallIssued(self.number, at, call.id, 1, call.tool.name, call.arguments, call.tool.effect)
            )
        self._port.emit(Paused(self.number, at))
        for call in ready:
            assert call.result is not None
            text, value = call.result.text, call.result.value
            self._port.emit(CallChanged(self.number, at, call.id, 1, call.state, CARRIED, text, value))
        self._correctable = {call.id for call in self.calls.values() if call.has_begun}
        self._set(replace(self.dispatcher.commit, highest=earlier.dispatcher.commit.highest))

    # ---- the brain -----------------------------------------------------------------------------

    def act(self, action: Action, *, seen: int) -> None:
        """Apply one action. `seen`: how many final updates the brain had seen when it wrote it."""
        if self.is_dropped:
            return
        knowing = self.dispatcher.commit.final and seen == self.finals
        guessing = self._is_guess and seen == self.finals
        self.is_paused = False
        self._foregone = None
        match action:
            case Think(text, interrupted):
                self._port.emit(Thought(self.number, self._port.now(), text, interrupted))
            case Call():
                self._issue(action)
            case Remove(id):
                self._remove(id)
            case Pause():
                self.is_paused = True
                self._port.emit(Paused(self.number, self._port.now()))
                self._foregone = action if guessing else None
                self._commit(self.dispatcher.commit.settled("pause", knowing))
            case Speak(speech):
                self._speak(speech)
            case Answer(text) if guessing:
                self._foregone = action
                self._port.emit(Drafted(self.number, self._port.now(), text))
            case Answer(text, is_literal):
                self._answer(text, is_literal, knowing)
            case _:
                assert_never(action)
        self.dispatcher.is_settled = self.is_paused or self.draft is not None
        self.dispatcher.pump()

    def drop(self, why: str) -> None:
        """The turn is over: discard whatever is not, but for effects that have begun."""
        self.is_dropped = True
        self.dispatcher.drop(why)

    # ---- questions -----------------------------------------------------------------------------

    @property
    def calls(self) -> dict[int, LiveCall]:
        """The calls by ID, each in its current version."""
        return self.dispatcher.calls

    @property
    def is_answered(self) -> bool:
        """Whether the brain has written its answer, which may still hang on a guess."""
        return self.draft is not None or isinstance(self._foregone, Answer)

    @property
    def is_foregone(self) -> bool:
        """Whether the brain has settled on words that are all, as far as can be told."""
        return self._foregone is not None

    @property
    def commit(self) -> CommitPoint:
        """How far the turn is committed."""
        return self.dispatcher.commit

    @property
    def answer(self) -> str | None:
        """The answer with its results filled in, as soon as all it needs is there, else None."""
        if self.draft is None or not self.commit.reached or self.dispatcher.is_undoing:
            return None
        named = set[int]() if self._is_literal else references.mentioned(self.draft)
        if any(not call.is_over and (call.is_effect or call.id in named) for call in self.calls.values()):
            return None
        said = self.draft if self._is_literal else references.spoken(self.draft, self.spoken)
        if not said:  # it named a call that fell with one before it: why that failed is said instead
            return self.outcome
        return " ".join([said, *self.dispatcher.told]).strip()

    @property
    def outcome(self) -> str:
        """What was done, as it is said where the brain has nothing to say."""
        fed = {
            operand
            for call in self.calls.values()
            if call.is_wanted
            for operand in graph.operands(call, self.calls)
        }
        results = [
            self.spoken(call.id) for call in self.calls.values() if call.is_wanted and call.id not in fed
        ]
        return " ".join(filter(None, [*results, *self.dispatcher.told]))

    def spoken(self, id: int) -> str:
        """What is said of a call: its result, why it failed, or nothing where it was withdrawn."""
        call = self.calls.get(id)
        if call is None:
            return ""
        return call.result.text if call.result and call.is_wanted else call.error

    # ---- actions -------------------------------------------------------------------------------

    def _issue(self, action: Call) -> None:
        action = replace(action, arguments={key: well_formed(x) for key, x in action.arguments.items()})
        old = self.calls.get(action.id)
        if old is not None and old.is_wanted and self._same(old, action):
            return
        try:
            self._check_room(action, old)
            tool = self._toolbox.get(action.name)
        except ToolError as error:
            self._port.emit(Notice(self._port.now(), str(error)))
            return
        self._issues += 1
        self._interrupted = None
        regret = self.dispatcher.regrets.get(action.id)
        if old is not None and old.is_wanted:
            self.dispatcher.discard(old, PATCHED)
        call = LiveCall(
            self.number,
            action.id,
            old.version + 1 if old else 1,
            tool,
            dict(action.arguments),
            References.of(action.arguments),
        )
        self.dispatcher.take(call)
        self._port.emit(
            CallIssued(
                self.number,
                self._port.now(),
                call.id,
                call.version,
                tool.name,
                call.arguments,
                tool.effect,
            )
        )
        self.dispatcher.reset_dependants(call.id)
        if graph.is_cyclic(self.calls, call.id):
            self.dispatcher.fail(call, "It would have to wait for itself.")
        elif self._is_still_done(call, regret):
            self.dispatcher.restore(call)
        else:
            self._check(call)
        self._set(self.commit.issued(call.id))

    def _check_room(self, action: Call, old: LiveCall | None) -> None:
        """Raises ToolError where an issue can change nothing any more."""
        if old is not None and old.is_wanted:
            self._check_revocable(old)
        if self._issues >= self._limits.versions or (old is None and len(self.calls) >= self._limits.calls):
            raise ToolError(
                f"This turn has reached its limit of {self._limits.calls} calls; the rest is left out."
            )

    def _check_revocable(self, call: LiveCall) -> None:
        """Raises ToolError where `call`, or what depends on it, was carried out for good."""
        for id in (call.id, *graph.dependants(self.calls, call.id)):
            begun = self.calls[id]
            if not begun.has_begun or begun.early:
                continue
            if begun.tool.undo is None:
                raise ToolError(f"Call {id} has already been carried out, and cannot be undone.")
            if id not in self._correctable:
                raise ToolError(f"Call {id} has already been carried out; it can only be undone.")

    def _is_still_done(self, call: LiveCall, regret: Regret | None) -> bool:
        """Whether `call` asks for the very effect that was to be taken back.

        With references in its arguments it may mean another one than it did.
        """
        if regret is None or regret.undoing or call.references != References(frozenset(), frozenset()):
            return False
        return self._same(regret.call, call)

    def _same(self, old: LiveCall, new: Call | LiveCall) -> bool:
        name = new.name if isinstance(new, Call) else new.tool.name
        return old.tool.name == name and (
            self._toolbox.canonical(name, old.arguments) == self._toolbox.canonical(name, new.arguments)
        )

    def _check(self, call: LiveCall) -> None:
        """Fail a call with arguments its tool cannot take, before anything waits for it."""
        if not graph.operands(call, self.calls):
            try:
                self._toolbox.check(call.tool.name, call.arguments)
            except ToolError as error:
                self.dispatcher.fail(call, str(error))

    def _remove(self, id: int) -> None:
        call = self.calls.get(id)
        if call is None or not call.is_wanted:
            return
        try:
            self._check_revocable(call)
        except ToolError as error:
            self._port.emit(Notice(self._port.now(), str(error)))
            return
        self._interrupted = None
        self._port.emit(CallRemoved(self.number, self._port.now(), id))
        self.dispatcher.withdraw(call, REMOVED)

    def _speak(self, speech: Speech) -> None:
        """Say it, unless something could still change what is true."""
        if self.commit.reached and all(call.is_over for call in self.calls.values()):
            self._port.speak(self.number, speech)
        else:
            speech.cut()

    def _answer(self, text: str, is_literal: bool, knowing: bool) -> None:
        if not knowing:
            self.is_paused = True  # an answer to half a sentence is no answer: wait for the rest
            self._port.emit(Paused(self.number, self._port.now()))
            return
        self.draft, self._is_literal = text, is_literal
        self._port.emit(Drafted(self.number, self._port.now(), text))
        self._commit(self.commit.settled("answer", knowing))

    def _commit(self, point: CommitPoint) -> None:
        if point.by is not None and not self.commit.reached:
            self._port.emit(Committed(self.number, self._port.now(), point.by))
            self._correctable.clear()
            self._interrupted = None
        self._set(point)
        self.dispatcher.keep()

    def _set(self, point: CommitPoint) -> None:
        self.dispatcher.commit = point
        self.dispatcher.is_settled = self.is_paused or self.draft is not None
