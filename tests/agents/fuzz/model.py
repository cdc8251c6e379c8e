"""Follows a session's log with rules of its own: what the brain wants, what may begin, what must stand."""

from __future__ import annotations

from dataclasses import replace

from agents import phrases
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallRemoved,
    Committed,
    ConfirmAnswered,
    Continued,
    Effected,
    EndOfTurn,
    Heard,
    Notice,
    Reopened,
    SessionEnded,
    TurnEnded,
    TurnStarted,
    UndoFailed,
    Undone,
)
from agents.words import spoken_words
from tests.agents.fuzz import ledger
from tests.agents.fuzz.brain import Decided
from tests.agents.fuzz.decisions import Decisions
from tests.agents.fuzz.ledger import Ledger, Turn
from tests.agents.fuzz.plan import Plan
from tests.agents.fuzz.progress import Progress
from tests.agents.fuzz.stage import PATIENT, Moved, Run
from tests.agents.fuzz.world import UNDO_SECONDS, Ran, TakenBack

_GIVEN_UP = ("This took too long", "Sorry, something went wrong")


class Model:
    """The log of a run, read once. `violations` are sentences, each opening with the rule that was broken."""

    def __init__(self, run: Run) -> None:
        self._ledger = Ledger(run)
        self._decisions = Decisions(self._ledger)
        self._progress = Progress(self._ledger)
        self._undoing = False  # the user has asked for an undo
        self._failures = 0
        self._pressed = False  # ... by a key
        self._failed: dict[int, str] = {}  # undos by entry
        self._untold: list[str] = []
        self._tools: dict[int, str] = {}  # entry → tool
        self._guesses: set[int] = set()  # entries of effects that happened early
        self._entries: dict[int, int] = {}  # entry → turn
        for at, item in enumerate(run.log):
            self._step(at, item)
        for text in self._untold:
            self._ledger.wrong("told", f"nobody was told: {text}")

    @property
    def violations(self) -> list[str]:
        """The rules that were broken, each with how."""
        return self._ledger.violations

    @property
    def turns(self) -> dict[int, Turn]:
        """The turns by number."""
        return self._ledger.turns

    def plan(self, turn: Turn) -> Plan:
        """What the brain wants of a turn."""
        return self._ledger.plan(turn)

    @property
    def undo_failed(self) -> dict[int, str]:
        """Journal entries that could not be taken back, and why."""
        return self._failed

    def _step(self, at: int, item: object) -> None:
        match item:
            case Decided():
                self._decisions.decided(at, item)
            case TurnStarted(turn=number):
                self._ledger.turn(number)
            case Moved(what, said):
                self._moved(what, said)
            case Continued(turn=number, of=of):
                self._ledger.turn(number).chain[:0] = self._ledger.turns[of].chain
                self._ledger.turn(number).loose = self._ledger.turns[of].loose
            case CallIssued():
                self._decisions.issued(at, item)
            case CallRemoved():
                self._decisions.removed(item)
            case CallChanged():
                self._progress.changed(item)
            case Heard(turn=number, stable=stable, unstable=unstable):
                turn = self._ledger.turn(number)
                text = f"{stable} {unstable}"
                if not turn.is_certain and ledger.said(text) != ledger.said(turn.text):
                    turn.text, turn.moved_on = text, at
            case EndOfTurn(turn=number):
                turn = self._ledger.turn(number)
                turn.is_certain, turn.has_coughed = True, False
                if turn.settled >= 0:
                    self._decisions.settle(turn)
            case Reopened(turn=number, at=time):
                self._ledger.turn(number).reopened_at = time
                self._ledger.turn(number).is_certain = False
                self._reopened(at, self._ledger.turn(number))
            case Committed(turn=number):
                self._decisions.committed(self._ledger.turn(number))
            case ConfirmAnswered(turn=number, call=id, yes=yes, said=said):
                turn = self._ledger.turn(number)
                if yes and not self._said_yes(at):
                    self._ledger.wrong("confirm", f"nobody said yes to call {id}")
                if id not in turn.wanted:
                    self._ledger.wrong("confirm", f"an answer to call {id}, which nobody wants")
                    return
                turn.answered = (id, turn.wanted[id].version) if yes else None
                turn.wanted[id] = replace(turn.wanted[id], refused=not yes)
                if not yes and (not said or phrases.reply(said) is False):
                    self._ledger.drop(turn, self._ledger.plan(turn).dependants(id) | {id})
            case Effected(turn=number, entry=entry, call=id, version=version, name=tool):
                self._entries[entry] = number
                self._tools[entry] = tool
                if (id, version) in self._ledger.turn(number).early:
                    self._guesses.add(entry)
                self._world_changed()
                self._ledger.turn(number).happened.add((id, version))
            case Undone(turn=number, entry=entry, at=time):
                turn = self._ledger.turn(number)
                if self._undoing:
                    self._loosen(entry)
                elif (
                    turn.released < 0
                    and entry not in self._guesses
                    and time > turn.reopened_at + UNDO_SECONDS
                ):
                    self._ledger.wrong("commit", f"entry {entry} was taken back before the user was done")
                self._world_changed()
            case Ran() | TakenBack():
                self._ledger.changes += 1
            case UndoFailed(entry=entry, text=text):
                self._failures += 1
                if entry in self._entries:
                    self._failed[entry] = text
                    tool = self._tools[entry]
                    if not self._undoing and ledger.tool(tool).undo is None:
                        self._ledger.wrong("once", f"entry {entry}, {tool}, was to be undone but has no undo")
                if not self._pressed:
                    self._untold.append(text)
                if self._undoing:
                    self._loosen(entry)
            case Answered(turn=number, text=text):
                self._told(text)
                turn = self._ledger.turn(number)
                if text.startswith(_GIVEN_UP):
                    turn.loose = turn.loose or "given up"
                    if text.startswith(_GIVEN_UP[0]) and self._ledger.limits.turn_seconds == PATIENT:
                        self._ledger.wrong("ends", f"turn {number} hung until its time was up")
            case TurnEnded(turn=number):
                self._ledger.turn(number).is_over = True
            case SessionEnded(wrong_effects=wrong):
                if wrong > self._failures:
                    self._ledger.wrong("wrong effects", f"{wrong}, and {self._failures} undos failed")
            case Notice(text=text):
                self._told(text)
            case _:
                pass

    def _told(self, text: str) -> None:
        self._untold = [untold for untold in self._untold if untold not in text]

    def _loosen(self, entry: int) -> None:
        if (turn := self._ledger.turns.get(self._entries.get(entry, 0))) is not None:
            for other in self._ledger.turns.values():
                if set(other.chain) & set(turn.chain):
                    other.loose = other.loose or "the user took an effect back"

    # ---- the user ------------------------------------------------------------------------------

    def _moved(self, what: str, said: object) -> None:
        current = [turn for turn in self._ledger.turns.values() if not turn.is_over]
        if what == "undo" or (what == "end_turn" and phrases.is_undo(str(said))):
            self._undoing = True
            self._pressed = self._pressed or what == "undo"  # who pressed a key sees what came of it
            if what == "end_turn":
                for turn in current:
                    turn.loose = turn.loose or "the user took it back"
        elif what in ("close", "stop"):
            for turn in current:
                turn.loose = turn.loose or "hung up"
        elif what == "end_turn" and not spoken_words(str(said)):
            for turn in current:
                turn.has_coughed = turn.reopened >= 0

    def _reopened(self, at: int, turn: Turn) -> None:
        turn.saved = turn.released
        turn.released = -1
        turn.is_committed = False
        turn.reopened = at
        turn.certain_text = turn.text
        turn.correctable = {id for id in turn.wanted if self._ledger.has_begun(turn, id)}

    def _said_yes(self, at: int) -> bool:
        before = self._ledger.run.log[at - 1]
        while isinstance(before, Heard):
            at -= 1
            before = self._ledger.run.log[at - 1]
        return isinstance(before, Moved) and (
            (before.what == "confirm" and before.said is True)
            or (before.what == "end_turn" and str(before.said).startswith("yes"))
        )

    def _world_changed(self) -> None:
        for turn in self._ledger.turns.values():
            turn.read.clear()
