"""The brain's side of a log: which of its decisions count, and what they release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.actions import Answer, Answering, Call, Pause, Remove
from agents.events import CallIssued, CallRemoved, CallState, Updated
from tests.agents.fuzz import ledger
from tests.agents.fuzz.brain import Decided
from tests.agents.fuzz.ledger import TOOLBOX, Ledger, Turn


class Decisions:
    """Follows what the brain does."""

    def __init__(self, known: Ledger) -> None:
        self._ledger = known
        self._accepted = _accepted(known.run.log)

    def decided(self, at: int, decided: Decided) -> None:
        """The brain did something; `at` is the place in the log."""
        turn = self._ledger.turn(decided.turn)
        if turn.is_over:
            return
        match decided.action:
            case Call() as call:
                accepted = at in self._accepted
                if accepted and not turn.loose and (why := self._refusal(turn, call)):
                    self._ledger.wrong("refusal", f"{call} was taken in spite of: {why}")
                if not accepted and not turn.loose and not self._refusal(turn, call):
                    self._ledger.wrong("refusal", f"{call} was left out for no reason")
            case Remove(id):
                accepted = at in self._accepted
                if not accepted and id in turn.wanted and not turn.loose and not self._fixed(turn, id):
                    self._ledger.wrong("refusal", f"call {id} was not removed for no reason")
            case Pause() | Answering() | Answer():
                turn.settled = decided.seen
                if turn.is_certain:
                    self.settle(turn)
                return
            case _:
                pass
        turn.settled = -1

    def settle(self, turn: Turn) -> None:
        """The brain is done for now: what that releases, if it knew all the words."""
        update = self._ledger.run.log[turn.settled]
        assert isinstance(update, Updated)
        if (
            update.final
            and turn.settled > max(turn.reopened, turn.moved_on)
            and ledger.said(update.text) == ledger.said(turn.text)
        ):
            turn.released = max((max(self._ledger.turn(n).known, default=0) for n in turn.chain), default=0)
            turn.saved = -1
            self._commit(turn)

    def _commit(self, turn: Turn) -> None:
        for early in [m for m in turn.early if turn.states[m] is CallState.READY]:
            self._ledger.keep(turn, early)
        if not turn.is_committed:
            turn.correctable.clear()

    def _refusal(self, turn: Turn, call: Call) -> str:
        old = turn.wanted.get(call.id)
        if old is not None and old.tool == call.name:
            same = TOOLBOX.canonical(call.name, old.arguments) == TOOLBOX.canonical(call.name, call.arguments)
            if same:
                return "it is the same"
        if call.name not in TOOLBOX:
            return "there is no such tool"
        if turn.issues >= self._ledger.limits.versions:
            return "too many versions"
        if call.id not in turn.known and len(turn.known) >= self._ledger.limits.calls:
            return "too many calls"
        if old is not None and self._fixed(turn, call.id):
            return "it was carried out for good"
        return ""

    def _fixed(self, turn: Turn, id: int) -> set[int]:
        """Calls among `id` and its dependants that were carried out for good."""
        return {
            other
            for other in {id, *self._ledger.plan(turn).dependants(id)} & turn.wanted.keys()
            if self._ledger.has_begun(turn, other)
            and (other, turn.wanted[other].version) not in turn.early
            and (ledger.tool(turn.wanted[other].tool).undo is None or other not in turn.correctable)
        }

    def issued(self, at: int, event: CallIssued) -> None:
        """A call is wanted: the brain said so, or it is carried over from the turn before."""
        turn = self._ledger.turn(event.turn)
        literal: frozenset[int] = frozenset()
        if at not in self._accepted.values():
            earlier = self._ledger.turns[turn.chain[-2]].wanted if len(turn.chain) > 1 else {}
            if event.call not in earlier:
                self._ledger.wrong("decisions", f"call {event.call} was issued, but not by the brain")
                return
            literal = earlier[event.call].literal
            if ledger.is_effect(event.name):
                turn.correctable.add(event.call)
                turn.happened.add((event.call, event.version))
        else:
            turn.issues += 1
        turn.known.add(event.call)
        turn.wanted[event.call] = replace(ledger.wanted(event), literal=literal)
        turn.saved = -1
        turn.changed = turn.changed or turn.is_committed

    def removed(self, event: CallRemoved) -> None:
        """The brain withdrew a call."""
        turn = self._ledger.turn(event.turn)
        self._ledger.drop(turn, self._ledger.plan(turn).dependants(event.call) | {event.call})
        turn.saved = -1
        turn.changed = turn.changed or turn.is_committed

    def committed(self, turn: Turn) -> None:
        """The session says that a turn is committed."""
        if turn.has_coughed and turn.released < 0 <= turn.saved:  # as if the user had not gone on
            turn.released, turn.saved, turn.reopened = turn.saved, -1, -1
            turn.is_certain, turn.text, turn.moved_on = True, turn.certain_text, -1
            self._commit(turn)
        turn.commits += 1
        turn.is_committed = True
        if turn.released < 0:
            self._ledger.wrong(
                "commit", f"turn {turn.number} was committed before the brain was done with all words"
            )


def _accepted(log: Sequence[object]) -> dict[int, int]:
    """Places of the brain's calls and removals that were taken, and of the events that say so."""
    found: dict[int, int] = {}
    decided: tuple[int, Decided] | None = None
    for at, item in enumerate(log):
        match item:
            case Decided():
                decided = (at, item)
            case CallIssued(turn=turn, call=id) | CallRemoved(turn=turn, call=id) if decided is not None:
                action = decided[1].action
                if isinstance(action, Call | Remove) and (decided[1].turn, action.id) == (turn, id):
                    found[decided[0]] = at
                    decided = None
            case _:
                pass
    return found
