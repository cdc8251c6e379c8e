"""One turn: the brain's actions and the tools' outcomes go in, decisions and events come out.

Synchronous and free of any event loop. Every method is one atomic step, so no schedule of words,
results and actions can be half applied; what takes time (running a tool, asking the user) is handed to
the `Port` and comes back as another step.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from agents import graph
from agents.actions import Action, Answer, Call, Pause, Remove, Think
from agents.calls import LiveCall, Signal
from agents.commit import CommitPoint
from agents.events import (
    CASCADE,
    PATCHED,
    REMOVED,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Committed,
    Drafted,
    Effected,
    Notice,
    Paused,
    Thought,
)
from agents.port import Limits, Port
from tools.tool import Arguments, Effect, Json, ToolError, ToolResult
from tools.toolbox import Toolbox

_REFERENCE = re.compile(r"\$(\d+)\b")


class Turn:
    """The calls of one turn and its commit point."""

    def __init__(self, number: int, toolbox: Toolbox, port: Port, limits: Limits) -> None:
        self.number = number
        self.calls: dict[int, LiveCall] = {}
        self.commit = CommitPoint()
        self.draft: str | None = None
        self.is_paused = False
        self._toolbox = toolbox
        self._port = port
        self._limits = limits
        self._issues = 0
        self._results: dict[str, ToolResult] = {}  # of reads, by canonical call

    # ---- steps ---------------------------------------------------------------------------------

    def final_received(self) -> None:
        """The final update is in: the brain's next action may commit."""
        self.commit = self.commit.final_received()
        self.draft, self.is_paused = None, False

    def reopen(self) -> None:
        """The user went on before the commit point. Raises AssertionError after it."""
        self.commit = self.commit.reopened()
        self.draft = None

    def act(self, action: Action, *, knowing: bool) -> None:
        """Apply one action. `knowing`: the brain had seen the final update when it wrote it."""
        at = self._port.now()
        self.is_paused = False
        match action:
            case Think(text, interrupted):
                self._port.emit(Thought(self.number, at, text, interrupted))
            case Call():
                self._issue(action)
            case Remove(id):
                self._remove(id)
            case Pause():
                self.is_paused = True
                self._port.emit(Paused(self.number, at))
                self._commit(self.commit.settled("pause", knowing))
            case Answer(text):
                self._answer(text, knowing)
            case _:
                assert_never(action)
        self._pump()

    def finished(self, id: int, run: int, result: ToolResult, entry: int | None = None) -> bool:
        """A run returned. False when it was late and changed nothing. `entry`: its journal number."""
        call = self._current(id, run)
        if call is None:
            return False
        if entry is not None:
            self._port.emit(
                Effected(
                    self.number,
                    self._port.now(),
                    id,
                    entry,
                    call.tool.name,
                    result.text,
                    call.tool.undo is not None,
                )
            )
        self._put(replace(call, result=result), Signal.FINISH, text=result.text, value=result.value)
        if not call.is_effect:
            self._results[self._key(call)] = result
        self._pump()
        return True

    def failed(self, id: int, run: int, message: str) -> bool:
        """A run failed. False when it was late and changed nothing."""
        call = self._current(id, run)
        if call is None:
            return False
        self._fail(call, message)
        self._pump()
        return True

    def confirmed(self, id: int, yes: bool) -> None:
        """The user said yes or no to a call that asks."""
        call = self.calls[id]
        if call.state is not CallState.ASKING:
            return
        if yes:
            self._start(call)
        else:
            self._put(replace(call, error="I left that."), Signal.DISCARD, reason="you did not say yes")
            self._cascade(id)
        self._pump()

    def refused(self, id: int, message: str) -> None:
        """A call that asks cannot succeed, so there was nothing to ask."""
        call = self.calls[id]
        if call.state is CallState.ASKING:
            self._fail(call, message)

    def drop(self, why: str) -> None:
        """Discard whatever is not over, but for effects that have begun."""
        for call in list(self.calls.values()):
            if not call.is_over and not call.has_begun:
                self._discard(call, why)

    # ---- questions -----------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether a call runs, asks, or will run without the brain's doing anything more."""
        return any(
            call.state in (CallState.RUNNING, CallState.ASKING)
            or (call.is_effect and not call.is_over and call.id <= self.commit.released)
            for call in self.calls.values()
        )

    @property
    def answer(self) -> str | None:
        """The answer with its results filled in, as soon as all it needs is there, else None."""
        if self.draft is None or not self.commit.reached:
            return None
        if any(
            not call.is_over and (call.is_effect or call.id in self._named()) for call in self.calls.values()
        ):
            return None
        return " ".join(_REFERENCE.sub(lambda match: self.spoken(int(match.group(1))), self.draft).split())

    @property
    def operands(self) -> frozenset[int]:
        """IDs that other wanted calls refer to."""
        return frozenset(
            operand
            for call in self.calls.values()
            if call.is_wanted
            for operand in graph.operands(call.arguments, self.calls)
        )

    def spoken(self, id: int) -> str:
        """What is said of a call: its result, why it failed, or nothing where it was withdrawn."""
        call = self.calls.get(id)
        if call is None:
            return ""
        return call.result.text if call.result else call.error

    def _named(self) -> set[int]:
        return {int(match) for match in _REFERENCE.findall(self.draft or "")}

    # ---- actions -------------------------------------------------------------------------------

    def _issue(self, action: Call) -> None:
        old = self.calls.get(action.id)
        refusal = self._refusal(action, old)
        if refusal is not None:
            if refusal:
                self._port.emit(Notice(self._port.now(), refusal))
            return
        self._issues += 1
        try:
            tool = self._toolbox.get(action.name)
        except ToolError as error:
            self._port.emit(Notice(self._port.now(), str(error)))
            return
        if old is not None and old.is_wanted:
            self._discard(old, PATCHED)
        version = old.version + 1 if old else 1
        call = LiveCall(
            self.number, action.id, version, tool, dict(action.arguments), run=old.run + 1 if old else 0
        )
        self.calls[call.id] = call
        self._port.emit(
            CallIssued(
                self.number, self._port.now(), call.id, version, tool.name, call.arguments, tool.effect
            )
        )
        for other in graph.dependants(self.calls, call.id):
            dependant = self.calls[other]
            if dependant.state is not CallState.WAITING:
                self._stop(dependant)
                self._put(replace(dependant, result=None), Signal.RESET, reason=f"call {call.id} changed")
        if graph.is_cyclic(self.calls, call.id):
            self._fail(call, "It would have to wait for itself.")
        else:
            self._check(call)
        self.commit = self.commit.issued(call.id)

    def _refusal(self, action: Call, old: LiveCall | None) -> str | None:
        """Why an issue changes nothing: "" where it repeats what stands, None where it is good."""
        if old is not None and old.is_wanted:
            if old.tool.name == action.name and self._same(old, action.arguments):
                return ""
            begun = [self.calls[id] for id in (old.id, *graph.dependants(self.calls, old.id))]
            if any(call.has_begun for call in begun):
                return f"Call {old.id} has already been carried out; it can only be undone."
        if self._issues >= self._limits.versions or (old is None and len(self.calls) >= self._limits.calls):
            return f"This turn has reached its limit of {self._limits.calls} calls; the rest is left out."
        return None

    def _same(self, old: LiveCall, arguments: Arguments) -> bool:
        name = old.tool.name
        return self._toolbox.canonical(name, old.arguments) == self._toolbox.canonical(name, arguments)

    def _check(self, call: LiveCall) -> None:
        """Fail a call with arguments its tool cannot take, before anything waits for it."""
        if not graph.operands(call.arguments, self.calls):
            try:
                self._toolbox.check(call.tool.name, call.arguments)
            except ToolError as error:
                self._fail(call, str(error))

    def _remove(self, id: int) -> None:
        call = self.calls.get(id)
        if call is None or not call.is_wanted:
            return
        if any(self.calls[other].has_begun for other in (id, *graph.dependants(self.calls, id))):
            self._port.emit(
                Notice(self._port.now(), f"Call {id} has already been carried out; it can only be undone.")
            )
            return
        self._port.emit(CallRemoved(self.number, self._port.now(), id))
        self._discard(call, REMOVED)
        self._cascade(id)

    def _answer(self, text: str, knowing: bool) -> None:
        if not (self.commit.final and knowing):
            self.is_paused = True  # an answer to half a sentence is no answer: wait for the rest
            self._port.emit(Paused(self.number, self._port.now()))
            return
        self.draft = text
        self._port.emit(Drafted(self.number, self._port.now(), text))
        self._commit(self.commit.settled("answer", knowing))

    def _commit(self, point: CommitPoint) -> None:
        if point.by is not None and not self.commit.reached:
            self._port.emit(Committed(self.number, self._port.now(), point.by))
        self.commit = point

    # ---- calls ---------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Start, hold or ask for whatever can move, until nothing moves."""
        while self._step_reads() or self._step_effects():
            pass

    def _step_reads(self) -> bool:
        for call in sorted(self.calls.values(), key=lambda call: call.id):
            if call.state not in (CallState.WAITING, CallState.HELD):
                continue
            if self._waits_in_vain(call):
                self._fail(call, "Part of what it needed never came.")
                return True
            if call.state is CallState.HELD:
                continue
            if call.is_effect:
                if not self._may_start_effect(call):
                    self._put(call, Signal.HOLD, reason="until you finish")
                    return True
            elif graph.is_ready(self.calls, call):
                known = self._results.get(self._key(call))
                if known is not None:
                    self._put(replace(call, result=known), Signal.FINISH, text=known.text, value=known.value)
                    return True
                if self._running_reads() < self._limits.parallel:
                    self._start(call)
                    return True
        return False

    def _waits_in_vain(self, call: LiveCall) -> bool:
        """Whether it needs a call that is not there, and the brain has nothing to add."""
        if not (self.commit.reached and (self.is_paused or self.draft is not None)):
            return False
        needs = (self.calls.get(id) for id in graph.operands(call.arguments, self.calls))
        return any(need is None or not need.is_wanted for need in needs)

    def _step_effects(self) -> bool:
        call = graph.next_effect(self.calls)
        if call is None or not self._may_start_effect(call):
            return False
        if call.tool.effect is Effect.CONFIRM:
            if call.state is CallState.WAITING:
                call = self._put(call, Signal.HOLD)
            arguments = self._resolved(call)
            if arguments is not None:
                self._put(call, Signal.ASK)
                self._port.ask(self.calls[call.id], arguments)
        else:
            self._start(call)
        return True

    def _may_start_effect(self, call: LiveCall) -> bool:
        return self.commit.reached and call.id <= self.commit.released and graph.is_ready(self.calls, call)

    def _running_reads(self) -> int:
        return sum(call.state is CallState.RUNNING and not call.is_effect for call in self.calls.values())

    def _start(self, call: LiveCall) -> None:
        arguments = self._resolved(call)
        if arguments is not None:
            self._port.start(self._put(call, Signal.START), arguments)

    def _resolved(self, call: LiveCall) -> Arguments | None:
        """The arguments with their operands filled in and checked; None where the call failed over it."""
        try:
            return self._toolbox.check(call.tool.name, graph.substitute(call.arguments, self.calls))
        except ToolError as error:
            self._fail(call, str(error))
            return None

    def _key(self, call: LiveCall) -> str:
        return self._toolbox.canonical(call.tool.name, graph.substitute(call.arguments, self.calls))

    def _fail(self, call: LiveCall, message: str) -> None:
        self._put(replace(call, error=message), Signal.FAIL, text=message)
        self._cascade(call.id)

    def _discard(self, call: LiveCall, reason: str) -> None:
        self._stop(call)
        self._put(replace(call, result=None, error=""), Signal.DISCARD, reason=reason)

    def _stop(self, call: LiveCall) -> None:
        if call.state in (CallState.RUNNING, CallState.ASKING):
            self._port.cancel(call)

    def _cascade(self, id: int) -> None:
        for other in graph.dependants(self.calls, id):
            if not self.calls[other].has_begun:
                self._discard(self.calls[other], CASCADE)

    def _current(self, id: int, run: int) -> LiveCall | None:
        call = self.calls.get(id)
        return call if call and call.run == run and call.state is CallState.RUNNING else None

    def _put(
        self, call: LiveCall, signal: Signal, *, reason: str = "", text: str = "", value: Json = None
    ) -> LiveCall:
        call = call.after(signal)
        self.calls[call.id] = call
        self._port.emit(
            CallChanged(self.number, self._port.now(), call.id, call.version, call.state, reason, text, value)
        )
        return call
