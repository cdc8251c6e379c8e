"""Follows a session's log with rules of its own: what the brain wants, what may begin, what must stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agents import phrases
from agents.actions import Answer, Call, Pause, Remove
from agents.events import (
    CARRIED,
    CASCADE,
    EARLY,
    RESTORED,
    Answered,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
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
    Updated,
)
from agents.words import spoken_words
from tests.agents.fuzz.plan import Plan, Wanted
from tests.agents.fuzz.stage import PATIENT, Decided, Moved, Run
from tests.agents.fuzz.world import UNDO_SECONDS, Desk, Ran, TakenBack
from tools.tool import Effect, Speculate, Tool

TOOLBOX = Desk(lambda item: None).toolbox()
_BEGUN = (CallState.RUNNING, CallState.READY)
_OVER = (CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)
NO_YES = "you did not say yes"
_GIVEN_UP = ("This took too long", "Sorry, something went wrong")


@dataclass
class Turn:
    """What is known of one turn at some place of the log."""

    number: int
    chain: list[int]  # the turns it continues, and itself
    wanted: dict[int, Wanted] = field(default_factory=dict[int, Wanted])
    issues: int = 0
    known: set[int] = field(default_factory=set[int])  # IDs ever issued
    states: dict[tuple[int, int], CallState] = field(default_factory=dict[tuple[int, int], CallState])
    early: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    correctable: set[int] = field(default_factory=set[int])
    stale: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    happened: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    since: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    readers: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])  # not those that share
    read: set[str] = field(default_factory=set[str])  # what is read, or was, since the last effect
    guesses: list[str] = field(default_factory=list[str])
    reopened: int = -1  # place in the log
    reopened_at: float = -9.0  # seconds
    released: int = -1  # the highest ID that may run; -1 before the commit
    text: str = ""  # all words heard
    certain_text: str = ""  # ... before the turn was reopened
    moved_on: int = -1  # place in the log where the words last became others
    has_coughed: bool = False  # after the turn was reopened
    is_certain: bool = False  # the user has finished
    settled: int = -1  # the place of the words the brain knew when it was done; -1 while it is not
    saved: int = -1  # what a cough gives back
    answered: tuple[int, int] | None = None  # the call and version that the user said yes to
    is_committed: bool = False
    commits: int = 0
    has_failed: bool = False  # an effect, so that what came before it may be done again
    changed: bool = False  # the brain changed its mind after a commit
    is_over: bool = False
    loose: str = ""  # why what must stand in the end cannot be told

    def state(self, id: int) -> CallState | None:
        """How the wanted version of a call stands."""
        return self.states.get((id, self.wanted[id].version))


class Model:
    """The log of a run, read once. `violations` are sentences, each opening with the rule that was broken."""

    def __init__(self, run: Run) -> None:
        self.violations: list[str] = []
        self.turns: dict[int, Turn] = {}
        self._run = run
        self._limits = run.setting.limits
        self._undoing = False  # the user has asked for an undo
        self._failures = 0
        self._pressed = False  # ... by a key
        self._failed: dict[int, str] = {}  # undos by entry
        self._untold: list[str] = []
        self._tools: dict[int, str] = {}  # entry → tool
        self._guesses: set[int] = set()  # entries of effects that happened early
        self._changes = 0  # effects and undos so far
        self._entries: dict[int, int] = {}  # entry → turn
        self._accepted = _accepted(run.log)
        for at, item in enumerate(run.log):
            self._step(at, item)
        for text in self._untold:
            self._wrong("told", f"nobody was told: {text}")

    def plan(self, turn: Turn) -> Plan:
        """What the brain wants of a turn."""
        return Plan(turn.wanted, TOOLBOX, self._run.setting.delays)

    @property
    def undo_failed(self) -> dict[int, str]:
        """Journal entries that could not be taken back, and why."""
        return self._failed

    def _wrong(self, rule: str, text: str) -> None:
        self.violations.append(f"{rule}: {text}")

    def _step(self, at: int, item: object) -> None:
        match item:
            case Decided():
                self._decided(at, item)
            case TurnStarted(turn=number):
                self._turn(number)
            case Moved(what, said):
                self._moved(what, said)
            case Continued(turn=number, of=of):
                self._turn(number).chain[:0] = self.turns[of].chain
                self._turn(number).loose = self.turns[of].loose
            case CallIssued():
                self._issued(at, item)
            case CallRemoved(turn=number, call=id):
                turn = self._turn(number)
                self._drop(turn, self.plan(turn).dependants(id) | {id})
                turn.saved = -1
                turn.changed = turn.changed or turn.is_committed
            case CallChanged():
                self._changed(item)
            case Heard(turn=number, stable=stable, unstable=unstable):
                turn = self._turn(number)
                text = f"{stable} {unstable}"
                if not turn.is_certain and _said(text) != _said(turn.text):
                    turn.text, turn.moved_on = text, at
            case EndOfTurn(turn=number):
                turn = self._turn(number)
                turn.is_certain, turn.has_coughed = True, False
                if turn.settled >= 0:
                    self._settle(turn)
            case Reopened(turn=number, at=time):
                self._turn(number).reopened_at = time
                self._turn(number).is_certain = False
                self._reopened(at, self._turn(number))
            case Committed(turn=number):
                self._committed(self._turn(number))
            case ConfirmAnswered(turn=number, call=id, yes=yes, said=said):
                turn = self._turn(number)
                if yes and not self._said_yes(at):
                    self._wrong("confirm", f"nobody said yes to call {id}")
                if id not in turn.wanted:
                    self._wrong("confirm", f"an answer to call {id}, which nobody wants")
                    return
                turn.answered = (id, turn.wanted[id].version) if yes else None
                turn.wanted[id] = replace(turn.wanted[id], refused=not yes)
                if not yes and (not said or phrases.reply(said) is False):
                    self._drop(turn, self.plan(turn).dependants(id) | {id})
            case Effected(turn=number, entry=entry, call=id, version=version, name=tool):
                self._entries[entry] = number
                self._tools[entry] = tool
                if (id, version) in self._turn(number).early:
                    self._guesses.add(entry)
                self._world_changed()
                self._turn(number).happened.add((id, version))
            case Undone(turn=number, entry=entry, at=time):
                turn = self._turn(number)
                if self._undoing:
                    self._loosen(entry)
                elif (
                    turn.released < 0
                    and entry not in self._guesses
                    and time > turn.reopened_at + UNDO_SECONDS
                ):
                    self._wrong("commit", f"entry {entry} was taken back before the user was done")
                self._world_changed()
            case Ran() | TakenBack():
                self._changes += 1
            case UndoFailed(entry=entry, text=text):
                self._failures += 1
                if entry in self._entries:
                    self._failed[entry] = text
                    tool = self._tools[entry]
                    if not self._undoing and _tool(tool).undo is None:
                        self._wrong("once", f"entry {entry}, {tool}, cannot be taken back, and was to be")
                if not self._pressed:
                    self._untold.append(text)
                if self._undoing:
                    self._loosen(entry)
            case Answered(turn=number, text=text):
                self._told(text)
                turn = self._turn(number)
                if text.startswith(_GIVEN_UP):
                    turn.loose = turn.loose or "given up"
                    if text.startswith(_GIVEN_UP[0]) and self._limits.turn_seconds == PATIENT:
                        self._wrong("ends", f"turn {number} hung until its time was up")
            case TurnEnded(turn=number):
                self._turn(number).is_over = True
            case SessionEnded(wrong_effects=wrong):
                if wrong > self._failures:
                    self._wrong("wrong effects", f"{wrong} where {self._failures} could not be taken back")
            case Notice(text=text):
                self._told(text)
            case _:
                pass

    def _turn(self, number: int) -> Turn:
        return self.turns.setdefault(number, Turn(number, [number]))

    def _drop(self, turn: Turn, gone: set[int]) -> None:
        turn.wanted = {id: call for id, call in turn.wanted.items() if id not in gone}

    def _told(self, text: str) -> None:
        self._untold = [untold for untold in self._untold if untold not in text]

    def _loosen(self, entry: int) -> None:
        if (turn := self.turns.get(self._entries.get(entry, 0))) is not None:
            for other in self.turns.values():
                if set(other.chain) & set(turn.chain):
                    other.loose = other.loose or "the user took an effect back"

    # ---- the user ------------------------------------------------------------------------------

    def _moved(self, what: str, said: object) -> None:
        current = [turn for turn in self.turns.values() if not turn.is_over]
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
        turn.correctable = {id for id in turn.wanted if self._has_begun(turn, id)}

    def _said_yes(self, at: int) -> bool:
        before = self._run.log[at - 1]
        while isinstance(before, Heard):
            at -= 1
            before = self._run.log[at - 1]
        return isinstance(before, Moved) and (
            (before.what == "confirm" and before.said is True)
            or (before.what == "end_turn" and str(before.said).startswith("yes"))
        )

    def _world_changed(self) -> None:
        for turn in self.turns.values():
            turn.read.clear()

    # ---- the brain -----------------------------------------------------------------------------

    def _decided(self, at: int, decided: Decided) -> None:
        turn = self._turn(decided.turn)
        if turn.is_over:
            return
        match decided.action:
            case Call() as call:
                accepted = at in self._accepted
                if accepted and not turn.loose and (why := self._refusal(turn, call)):
                    self._wrong("refusal", f"{call} was taken in spite of: {why}")
                if not accepted and not turn.loose and not self._refusal(turn, call):
                    self._wrong("refusal", f"{call} was left out for no reason")
            case Remove(id):
                accepted = at in self._accepted
                if not accepted and id in turn.wanted and not turn.loose and not self._fixed(turn, id):
                    self._wrong("refusal", f"call {id} was not removed for no reason")
            case Pause() | Answer():
                turn.settled = decided.seen
                if turn.is_certain:
                    self._settle(turn)
                return
            case _:
                pass
        turn.settled = -1

    def _settle(self, turn: Turn) -> None:
        """The brain is done for now: what that releases, if it knew all the words."""
        update = self._run.log[turn.settled]
        assert isinstance(update, Updated)
        if (
            update.final
            and turn.settled > max(turn.reopened, turn.moved_on)
            and _said(update.text) == _said(turn.text)
        ):
            turn.released = max((max(self._turn(n).known, default=0) for n in turn.chain), default=0)
            turn.saved = -1
            self._commit(turn)

    def _commit(self, turn: Turn) -> None:
        for early in [m for m in turn.early if turn.states[m] is CallState.READY]:
            self._keep(turn, early)
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
        if turn.issues >= self._limits.versions:
            return "too many versions"
        if call.id not in turn.known and len(turn.known) >= self._limits.calls:
            return "too many calls"
        if old is not None and self._fixed(turn, call.id):
            return "it was carried out for good"
        return ""

    def _fixed(self, turn: Turn, id: int) -> set[int]:
        """Calls among `id` and its dependants that were carried out for good."""
        return {
            other
            for other in {id, *self.plan(turn).dependants(id)} & turn.wanted.keys()
            if self._has_begun(turn, other)
            and (other, turn.wanted[other].version) not in turn.early
            and (_tool(turn.wanted[other].tool).undo is None or other not in turn.correctable)
        }

    def _has_begun(self, turn: Turn, id: int) -> bool:
        return _is_effect(turn.wanted[id].tool) and turn.state(id) in _BEGUN

    def _issued(self, at: int, event: CallIssued) -> None:
        turn = self._turn(event.turn)
        literal: frozenset[int] = frozenset()
        if at not in self._accepted.values():
            earlier = self.turns[turn.chain[-2]].wanted if len(turn.chain) > 1 else {}
            if event.call not in earlier:
                self._wrong("decisions", f"call {event.call} was issued, but not by the brain")
                return
            literal = earlier[event.call].literal
            if _is_effect(event.name):
                turn.correctable.add(event.call)
                turn.happened.add((event.call, event.version))
        else:
            turn.issues += 1
        turn.known.add(event.call)
        turn.wanted[event.call] = replace(_wanted(event), literal=literal)
        turn.saved = -1
        turn.changed = turn.changed or turn.is_committed

    def _keep(self, turn: Turn, early: tuple[int, int]) -> None:
        turn.early.discard(early)
        if early[0] in turn.wanted and turn.wanted[early[0]].version == early[1]:
            self._bind(turn, early[0])

    def _bind(self, turn: Turn, id: int) -> None:
        """The call is carried out for good: what it, or an operand, mentions of no call stays as it is."""
        for bound in {id, *self.plan(turn).needs_in_all(id)} & turn.wanted.keys():
            call = turn.wanted[bound]
            turn.wanted[bound] = replace(call, literal=call.literal | (_mentioned(call) - turn.wanted.keys()))

    # ---- the calls -----------------------------------------------------------------------------

    def _committed(self, turn: Turn) -> None:
        if turn.has_coughed and turn.released < 0 <= turn.saved:  # as if the user had not gone on
            turn.released, turn.saved, turn.reopened = turn.saved, -1, -1
            turn.is_certain, turn.text, turn.moved_on = True, turn.certain_text, -1
            self._commit(turn)
        turn.commits += 1
        turn.is_committed = True
        if turn.released < 0:
            self._wrong(
                "commit", f"turn {turn.number} was committed before the brain was done with all words"
            )

    def _changed(self, event: CallChanged) -> None:
        turn = self._turn(event.turn)
        mark = (event.call, event.version)
        before = turn.states.get(mark)
        turn.states[mark] = event.state
        if event.state is CallState.WAITING and event.call in turn.wanted:
            turn.wanted[event.call] = replace(turn.wanted[event.call], literal=frozenset())
        if event.reason == RESTORED and any(id == event.call for id, _ in turn.early):
            turn.early.add(mark)
        is_effect = event.call in turn.wanted and _is_effect(turn.wanted[event.call].tool)
        if is_effect and before is CallState.RUNNING and event.state is CallState.WAITING:
            turn.stale.add(mark)
        elif mark in turn.stale and event.state in (CallState.READY, CallState.FAILED):
            turn.stale.remove(mark)  # the outcome of an effect that was wanted no more when it came
            turn.states[mark] = before or event.state
            return
        if before is CallState.DISCARDED and event.state is CallState.UNDONE and mark in turn.happened:
            return
        if before in (CallState.DISCARDED, CallState.UNDONE):
            self._wrong("late", f"call {mark} became {event.state} after it was {before}")
        if event.state is CallState.RUNNING:
            turn.since[mark] = self._changes
        elif event.state is not CallState.READY:
            turn.since.pop(mark, None)
        wanted = turn.wanted.get(event.call)
        is_wanted = wanted is not None and wanted.version == event.version
        match event.state:
            case CallState.RUNNING | CallState.ASKING if event.reason not in (RESTORED, CARRIED):
                if not is_wanted:
                    self._wrong("wanted", f"call {mark} is {event.state} though the brain does not want it")
                else:
                    self._begun(turn, event)
            case CallState.READY if is_wanted:
                if event.reason == EARLY:
                    turn.early.add(mark)
                self._ready(turn, event)
            case CallState.FAILED if is_wanted:
                turn.has_failed = turn.has_failed or _is_effect(turn.wanted[event.call].tool)
                plan = self.plan(turn)
                if plan.come_to(event.call) is not None and not turn.loose:
                    self._wrong("failure", f"call {mark} failed for no reason: {event.text}")
                self._drop(turn, plan.dependants(event.call))
                if self.plan(turn).come_to(event.call) is not None:
                    turn.loose = turn.loose or "a call waited for itself, by way of one that fell with it"
            case CallState.DISCARDED if is_wanted and not turn.loose and not turn.is_over:
                self._discarded(turn, event)
            case _:
                pass

    def _discarded(self, turn: Turn, event: CallChanged) -> None:
        plan = self.plan(turn)
        if event.reason == NO_YES:
            self._drop(turn, plan.dependants(event.call) | {event.call})
        elif event.reason == CASCADE:
            self._wrong("cascade", f"call {event.call} fell, but all that it needs stands")

    def _begun(self, turn: Turn, event: CallChanged) -> None:
        tool = _tool(turn.wanted[event.call].tool)
        mark = (event.call, event.version)
        released = event.call <= turn.released
        if event.reason == EARLY:
            turn.early.add(mark)
            if tool.speculate is not Speculate.EARLY:
                self._wrong("commit", f"{tool.name} ran early")
        elif tool.effect is not Effect.READ and not released:
            self._wrong("commit", f"call {mark}, {tool.name}, began before it was released")
        if tool.effect is Effect.READ and tool.speculate is Speculate.NEVER and not released:
            self._wrong("commit", f"call {mark}, {tool.name}, got half the words")
        if event.state is CallState.ASKING:
            self._check_order(turn, event)
            return
        if tool.effect is Effect.CONFIRM and turn.answered != mark:
            self._wrong("confirm", f"call {mark} runs without a yes")
        if tool.effect is not Effect.READ:
            if event.reason != EARLY:
                turn.early.discard(mark)
                self._bind(turn, event.call)
        if tool.effect is Effect.WRITE:
            self._check_order(turn, event)
        if event.reason.startswith("shares"):
            return
        if tool.effect is Effect.READ:
            self._check_reads(turn, event)
        if not released:
            turn.guesses.append(tool.name)
            most = tool.limits.speculative
            if len(turn.guesses) > self._limits.speculative or (
                most is not None and turn.guesses.count(tool.name) > most
            ):
                self._wrong("limits", f"call {mark} is one guess too many")

    def _check_reads(self, turn: Turn, event: CallChanged) -> None:
        turn.readers.add((event.call, event.version))
        running = [
            _tool(turn.wanted[id].tool)
            for id, version in turn.readers
            if turn.states[id, version] is CallState.RUNNING and id in turn.wanted
            if turn.wanted[id].version == version
        ]
        tool = _tool(turn.wanted[event.call].tool)
        if len(running) > self._limits.parallel or (
            tool.limits.parallel is not None and running.count(tool) > tool.limits.parallel
        ):
            self._wrong("limits", f"call {event.call} runs beside too many others")
        done = self.plan(turn).come_to(event.call)
        if done is None:
            return
        key = TOOLBOX.canonical(done.tool, done.arguments)
        shared = any(
            turn.states[mark] is CallState.RUNNING
            and turn.since.get(mark) == self._changes
            and mark != (event.call, event.version)
            and mark[0] in turn.wanted
            and turn.wanted[mark[0]].version == mark[1]
            and (other := self.plan(turn).come_to(mark[0])) is not None
            and TOOLBOX.canonical(other.tool, other.arguments) == key
            for mark in turn.readers
        )
        if key in turn.read or shared:
            self._wrong("sharing", f"{key} is read again though nothing has changed")

    def _check_order(self, turn: Turn, event: CallChanged) -> None:
        plan = self.plan(turn)
        pending = {
            id
            for id in turn.wanted
            if plan.is_effect(id) and turn.state(id) not in _OVER and id != event.call
        }
        running = [
            mark
            for mark, state in turn.states.items()
            if state is CallState.RUNNING and mark != (event.call, event.version) and mark[0] in pending
            if _is_effect(turn.wanted[mark[0]].tool)
        ]
        if running:
            self._wrong("order", f"call {event.call} began while {running} ran")
        mine = _rank(turn.wanted[event.call])
        for id in pending:
            if _rank(turn.wanted[id]) < mine and not plan.needs_in_all(id) & (pending | {event.call}):
                self._wrong("order", f"call {event.call} began before call {id}")

    def _ready(self, turn: Turn, event: CallChanged) -> None:
        done = self.plan(turn).come_to(event.call)
        call = turn.wanted[event.call]
        if turn.loose:
            return
        if done is None:
            self._wrong("result", f"{call} is ready with {event.text!r}, but cannot have succeeded")
            return
        expected = f"{done.tool} of {done.arguments['x']}"
        if not event.text.casefold().startswith(expected.casefold()):
            self._wrong("result", f"{call} has {event.text!r}, not {expected!r}")
        mark = (event.call, event.version)
        turn.readers.discard(mark)
        since = turn.since.get(mark, self._changes)
        if done.tool == "look" and event.reason != CARRIED:
            if int(event.text.split()[-1].rstrip(".")) < since:
                self._wrong("stale", f"{call} has {event.text!r}, but {since} effects happened before it")
        if not _is_effect(call.tool) and event.reason != CARRIED and since == self._changes:
            turn.read.add(TOOLBOX.canonical(done.tool, done.arguments))
        if mark in turn.early and event.call <= turn.released:
            self._keep(turn, mark)


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


def _said(text: str) -> list[str]:
    return [word.casefold() for word in spoken_words(text)]


def _mentioned(call: Wanted) -> set[int]:
    return {int(number) for number in re.findall(r"\$(\d+)\b", str(call.arguments))}


def _wanted(event: CallIssued) -> Wanted:
    return Wanted(event.turn, event.call, event.version, event.name, event.arguments)


def _tool(name: str) -> Tool:
    return TOOLBOX.get(name)


def _is_effect(name: str) -> bool:
    return _tool(name).effect is not Effect.READ


def _rank(call: Wanted) -> tuple[bool, int]:
    return _tool(call.tool).effect is Effect.CONFIRM, call.id
