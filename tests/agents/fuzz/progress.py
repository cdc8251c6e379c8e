"""The calls' side of a log: what may begin and when, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

from agents.events import CARRIED, CASCADE, EARLY, RESTORED, CallChanged, CallState
from tests.agents.fuzz import ledger
from tests.agents.fuzz.ledger import TOOLBOX, Ledger, Mark, Turn
from tools.tool import Effect, Speculate

NO_YES = "you did not say yes"
_OVER = (CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)


class Progress:
    """Follows the calls."""

    def __init__(self, known: Ledger) -> None:
        self._ledger = known

    def changed(self, event: CallChanged) -> None:
        """A call entered a state."""
        turn = self._ledger.turn(event.turn)
        mark = (event.call, event.version)
        self._one_at_a_time(turn, event, mark)
        before = turn.states.get(mark)
        turn.states[mark] = event.state
        if event.state is CallState.WAITING and event.call in turn.wanted:
            turn.wanted[event.call] = replace(turn.wanted[event.call], literal=frozenset())
        if event.reason == RESTORED and any(id == event.call for id, _ in turn.early):
            turn.early.add(mark)
        is_effect = event.call in turn.wanted and ledger.is_effect(turn.wanted[event.call].tool)
        if is_effect and before is CallState.RUNNING and event.state is CallState.WAITING:
            turn.stale.add(mark)
        elif mark in turn.stale and event.state in (CallState.READY, CallState.FAILED):
            turn.stale.remove(mark)  # the outcome of an effect that was wanted no more when it came
            turn.states[mark] = before or event.state
            return
        if before is CallState.DISCARDED and event.state is CallState.UNDONE and mark in turn.happened:
            return
        if event.state is CallState.READY and event.reason == RESTORED and mark in turn.happened:
            return  # the correction that had discarded it came to nothing
        if before in (CallState.DISCARDED, CallState.UNDONE):
            self._ledger.wrong("late", f"call {mark} became {event.state} after it was {before}")
        if event.state is CallState.RUNNING:
            turn.since[mark] = self._ledger.changes
        elif event.state is not CallState.READY:
            turn.since.pop(mark, None)
        wanted = turn.wanted.get(event.call)
        is_wanted = wanted is not None and wanted.version == event.version
        match event.state:
            case CallState.RUNNING | CallState.ASKING if event.reason not in (RESTORED, CARRIED):
                if not is_wanted:
                    self._ledger.wrong("wanted", f"call {mark} is {event.state}, but unwanted")
                else:
                    self._begun(turn, event)
            case CallState.READY if is_wanted:
                if event.reason == EARLY:
                    turn.early.add(mark)
                self._ready(turn, event)
            case CallState.FAILED if is_wanted:
                turn.has_failed = turn.has_failed or ledger.is_effect(turn.wanted[event.call].tool)
                plan = self._ledger.plan(turn)
                if plan.come_to(event.call) is not None and not turn.loose:
                    self._ledger.wrong("failure", f"call {mark} failed for no reason: {event.text}")
                self._ledger.drop(turn, plan.dependants(event.call))
                if self._ledger.plan(turn).come_to(event.call) is not None:
                    turn.loose = turn.loose or "a call waited for itself, by way of one that fell with it"
            case CallState.DISCARDED if is_wanted and not turn.loose and not turn.is_over:
                self._discarded(turn, event)
            case _:
                pass

    def _discarded(self, turn: Turn, event: CallChanged) -> None:
        plan = self._ledger.plan(turn)
        if event.reason == NO_YES:
            self._ledger.drop(turn, plan.dependants(event.call) | {event.call})
        elif event.reason == CASCADE:
            self._ledger.wrong("cascade", f"call {event.call} fell, but all that it needs stands")

    def _begun(self, turn: Turn, event: CallChanged) -> None:
        tool = ledger.tool(turn.wanted[event.call].tool)
        mark = (event.call, event.version)
        released = event.call <= turn.released
        if event.reason == EARLY:
            turn.early.add(mark)
            if tool.speculate is not Speculate.EARLY:
                self._ledger.wrong("commit", f"{tool.name} ran early")
        elif tool.effect is not Effect.READ and not released:
            self._ledger.wrong("commit", f"call {mark}, {tool.name}, began before it was released")
        if tool.effect is Effect.READ and tool.speculate is Speculate.NEVER and not released:
            self._ledger.wrong("commit", f"call {mark}, {tool.name}, got half the words")
        if event.state is CallState.ASKING:
            self._check_order(turn, event)
            return
        if tool.effect is Effect.CONFIRM and turn.answered != mark:
            self._ledger.wrong("confirm", f"call {mark} runs without a yes")
        if tool.effect is not Effect.READ:
            if event.reason != EARLY:
                turn.early.discard(mark)
                self._ledger.bind(turn, event.call)
        if tool.effect is Effect.WRITE:
            self._check_order(turn, event)
        if event.reason.startswith("shares"):
            return
        if tool.effect is Effect.READ:
            self._check_reads(turn, event)
        if not released:
            turn.guesses.append(tool.name)
            most = tool.limits.speculative
            if len(turn.guesses) > self._ledger.limits.speculative or (
                most is not None and turn.guesses.count(tool.name) > most
            ):
                self._ledger.wrong("limits", f"call {mark} is one guess too many")

    def _check_reads(self, turn: Turn, event: CallChanged) -> None:
        turn.readers.add((event.call, event.version))
        running = [
            ledger.tool(turn.wanted[id].tool)
            for id, version in turn.readers
            if turn.states[id, version] is CallState.RUNNING and id in turn.wanted
            if turn.wanted[id].version == version
        ]
        tool = ledger.tool(turn.wanted[event.call].tool)
        if len(running) > self._ledger.limits.parallel or (
            tool.limits.parallel is not None and running.count(tool) > tool.limits.parallel
        ):
            self._ledger.wrong("limits", f"call {event.call} runs beside too many others")
        done = self._ledger.plan(turn).come_to(event.call)
        if done is None:
            return
        key = TOOLBOX.canonical(done.tool, done.arguments)
        shared = any(
            turn.states[mark] is CallState.RUNNING
            and turn.since.get(mark) == self._ledger.changes
            and mark != (event.call, event.version)
            and mark[0] in turn.wanted
            and turn.wanted[mark[0]].version == mark[1]
            and (other := self._ledger.plan(turn).come_to(mark[0])) is not None
            and TOOLBOX.canonical(other.tool, other.arguments) == key
            for mark in turn.readers
        )
        if key in turn.read or shared:
            self._ledger.wrong("sharing", f"{key} is read again though nothing has changed")

    def _one_at_a_time(self, turn: Turn, event: CallChanged, mark: Mark) -> None:
        if event.state in (CallState.READY, CallState.FAILED):
            turn.under_way.discard(mark)
        elif event.state is CallState.RUNNING and event.reason == RESTORED:
            turn.under_way = {mark if other[0] == event.call else other for other in turn.under_way}
        elif event.state is CallState.RUNNING and event.call in turn.wanted:
            if ledger.is_effect(turn.wanted[event.call].tool):
                if turn.under_way:
                    self._ledger.wrong("order", f"call {mark} began while {turn.under_way} ran")
                turn.under_way.add(mark)

    def _check_order(self, turn: Turn, event: CallChanged) -> None:
        plan = self._ledger.plan(turn)
        pending = {
            id
            for id in turn.wanted
            if plan.is_effect(id) and turn.state(id) not in _OVER and id != event.call
        }
        mine = ledger.rank(turn.wanted[event.call])
        for id in pending:
            if ledger.rank(turn.wanted[id]) < mine and not plan.needs_in_all(id) & (pending | {event.call}):
                self._ledger.wrong("order", f"call {event.call} began before call {id}")

    def _ready(self, turn: Turn, event: CallChanged) -> None:
        done = self._ledger.plan(turn).come_to(event.call)
        call = turn.wanted[event.call]
        if turn.loose:
            return
        if done is None:
            self._ledger.wrong("result", f"{call} is ready with {event.text!r}, but cannot have succeeded")
            return
        expected = f"{done.tool} of {done.arguments['x']}"
        if not event.text.casefold().startswith(expected.casefold()):
            self._ledger.wrong("result", f"{call} has {event.text!r}, not {expected!r}")
        mark = (event.call, event.version)
        turn.readers.discard(mark)
        since = turn.since.get(mark, self._ledger.changes)
        if done.tool == "look" and event.reason != CARRIED:
            if int(event.text.split()[-1].rstrip(".")) < since:
                self._ledger.wrong("stale", f"{call} has {event.text!r} after {since} effects")
        if not ledger.is_effect(call.tool) and event.reason != CARRIED and since == self._ledger.changes:
            turn.read.add(TOOLBOX.canonical(done.tool, done.arguments))
        if mark in turn.early and event.call <= turn.released:
            self._ledger.keep(turn, mark)
