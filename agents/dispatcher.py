"""Which call of a turn moves, and when: starts, holds, asks, finishes, undoes.

Synchronous and free of any event loop. The turn says what is wanted and how far it is committed; what
takes time is handed to the `Port` and comes back as another step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents import bounds, graph
from agents.board import Board
from agents.calls import LiveCall, Signal
from agents.commit import CommitPoint
from agents.events import (
    CASCADE,
    EARLY,
    RESTORED,
    CallState,
    LateResult,
    UndoFailed,
    Undone,
)
from agents.port import Limits, Port
from agents.regrets import Regret, Regrets
from agents.runs import Runs
from tools.tool import Arguments, Effect, Speculate, ToolError, ToolResult
from tools.toolbox import Toolbox


class Dispatcher:
    """The calls of one turn, by ID, and the effects to be taken back."""

    def __init__(self, turn: int, toolbox: Toolbox, port: Port, limits: Limits) -> None:
        self._board = Board(turn, port)
        self.calls = self._board.calls
        self.regrets = Regrets()
        self.commit = CommitPoint()
        self.is_settled = False  # the brain has nothing to add until something new arrives
        self.told: list[str] = []  # of effects taken back, or not: what the answer must say too
        self._is_dropped = False
        self._turn = turn
        self._toolbox = toolbox
        self._port = port
        self._limits = limits
        self._runs = Runs()
        self._may_be_early = any(tool.speculate is Speculate.EARLY for tool in toolbox)
        self._latest: tuple[int, int, Arguments] | None = None  # the effect that began last: ID, run

    # ---- outcomes ------------------------------------------------------------------------------

    def finished(self, id: int, run: int, result: ToolResult, entry: int | None = None) -> bool:
        """A run returned. False when it was late and changed nothing. `entry`: its journal number."""
        marks = self._runs.over(id, run, result)
        if entry is not None:
            self._runs.world_changed()
        if (regretted := self.regrets.finished(id, run, result, entry)) is not None:
            self._board.done(regretted)
            self._forget_corrections()
            self.pump()
            return True
        calls = [call for mark in sorted(marks or ()) if (call := self._board.running(*mark))]
        for call in calls:
            done = self._board.store(replace(call, result=result, entry=entry).after(Signal.FINISH))
            self._board.done(done)
        self.keep()
        if not calls:
            self._port.emit(LateResult(self._turn, self._port.now(), id, result.text))
        self.pump()
        return bool(calls)

    def failed(self, id: int, run: int, message: str, *, unknown: bool = False) -> bool:
        """A run failed. False when it was late and changed nothing.

        `unknown`: whether its effect happened cannot be said.
        """
        marks = self._runs.over(id, run, None)
        if (regretted := self.regrets.failed(id, run, message)) is not None:
            self._board.show(regretted, text=message)
            if unknown:
                self.told.append(message)
            self.pump()
            return True
        calls = [call for mark in sorted(marks or ()) if (call := self._board.running(*mark))]
        for call in calls:
            self.fail(call, message)
        self.pump()
        return bool(calls)

    def undone(self, id: int, text: str) -> None:
        """The effect that was to be taken back is; `text` says so."""
        if self.regrets.get(id) is None:
            return  # the user took it back meanwhile
        regret = self.regrets.pop(id)
        assert regret.call.entry is not None
        self._port.emit(Undone(self._turn, self._port.now(), regret.call.entry, text))
        undone = regret.call.after(Signal.UNDO)
        current = self.calls[id]
        if current.version != undone.version or not current.is_wanted:
            self._board.show(undone, reason=regret.reason)
        if regret.removed and not regret.call.early:  # of a guess nobody has heard
            self.told.append(text)
        self._runs.world_changed()
        self.pump()

    def not_undone(self, id: int, message: str) -> None:
        """The effect could not be taken back; the user must be told."""
        if self.regrets.get(id) is None:
            return  # the user took it back meanwhile
        regret = self.regrets.pop(id)
        assert regret.call.entry is not None
        self._port.emit(UndoFailed(self._turn, self._port.now(), regret.call.entry, message))
        self.told.append(message)
        self.pump()

    def taken_back(self, entry: int) -> None:
        """The user took the effect of a journal entry back: it is neither to be undone nor corrected."""
        for regret in self.regrets:
            if regret.call.entry == entry:
                self.regrets.pop(regret.call.id)
        for call in list(self.calls.values()):
            if call.entry == entry:
                self._board.store(replace(call, state=CallState.UNDONE))
        self._runs.world_changed()
        self.pump()

    def world_changed(self) -> None:
        """An effect of another turn happened, or is gone: what was read before need not be so any more."""
        self._runs.world_changed()

    def confirmed(self, id: int, yes: bool) -> None:
        """The user said yes or no to a call that asks."""
        call = self.calls[id]
        if call.state is not CallState.ASKING:
            return
        if yes:
            self._start(call)
        else:
            self._reject(call)
        self.pump()

    def corrected(self, id: int) -> None:
        """The user answered a question with something else: the call stays held, and only a new one asks."""
        call = self.calls[id]
        if call.state is CallState.ASKING:
            self._board.put(replace(call, rejected=True), Signal.HOLD, reason="you said something else")

    def refused(self, id: int, message: str) -> None:
        """A call that asks cannot succeed, so there was nothing to ask."""
        call = self.calls[id]
        if call.state is CallState.ASKING:
            self.fail(call, message)

    # ---- what the turn decides -----------------------------------------------------------------

    def take(self, call: LiveCall) -> None:
        """A call as it was issued, or carried over from the turn that this one continues."""
        self._board.store(call)

    def fail(self, call: LiveCall, message: str) -> None:
        """Fail a call, and with it what depends on it."""
        self._board.put(replace(call, error=message), Signal.FAIL, text=message)
        self._cascade(graph.dependants(self.calls, call.id))

    def discard(self, call: LiveCall, reason: str, *, removed: bool = False) -> None:
        """Give a call up. One whose effect has begun is to be taken back."""
        if call.has_begun:
            self._regret(call, reason, removed)
            # The effect stands until it is undone; to the other calls it is gone already.
            self._board.store(replace(call, state=CallState.DISCARDED))
        else:
            self._stop(call)
            self._board.put(replace(call, result=None), Signal.DISCARD, reason=reason)

    def withdraw(self, call: LiveCall, reason: str) -> None:
        """Give a call up for good, and with it what depends on it."""
        dependants = graph.dependants(self.calls, call.id)
        self.discard(call, reason, removed=True)
        self._cascade(dependants)

    def restore(self, call: LiveCall) -> None:
        """`call` asks again for the effect that was to be taken back: it stands as it is."""
        regret = self.regrets.pop(call.id)
        done = regret.call
        restored = replace(
            call,
            state=done.state,
            run=done.run,
            result=done.result,
            entry=done.entry,
            shares=done.shares,
            early=done.early,
        )
        if (
            done.state is CallState.RUNNING and not regret.is_reset
        ):  # its outcome will be that of the new version
            self._board.show(replace(done, state=CallState.DISCARDED), reason=RESTORED)
        text, value = (done.result.text, done.result.value) if done.result else ("", None)
        self._board.show(self._board.store(restored), reason=RESTORED, text=text, value=value)

    def reset_dependants(self, id: int) -> None:
        """Call `id` is another one now: what had its result starts over."""
        for other in graph.dependants(self.calls, id):
            call = self.calls[other]
            if call.has_begun:
                self._regret(call, CASCADE, removed=False)
            elif call.state is CallState.WAITING:
                continue
            elif call.state is CallState.FAILED and graph.is_cyclic(self.calls, other):
                continue  # it would fail again
            else:
                self._stop(call)
            self._board.show(self._board.store(call.anew()), reason=f"call {id} changed")

    def drop(self, why: str) -> None:
        """Discard whatever is not over; effects that have begun go on, but for guesses, which are undone."""
        self._is_dropped = True
        self._forget_corrections()
        for call in list(self.calls.values()):
            if call.has_begun and call.early:
                self.discard(call, why)
        for call in list(self.calls.values()):  # also those that shared an effect discarded just now
            if not (call.is_over or call.has_begun):
                self.discard(call, why)
        self.pump()

    def keep(self) -> None:
        """What happened early and is committed now is a guess no more."""
        kept = [
            call
            for call in self.calls.values()
            if call.early and call.state is CallState.READY and self._is_released(call)
        ]
        for call in kept:
            self._board.store(replace(self._bind(call), early=False))
        if entries := [call.entry for call in kept if call.entry is not None]:
            self._port.keep(entries)

    def pump(self) -> None:
        """Undo, start, hold or ask for whatever can move, until nothing moves."""
        while self._step_regrets() or self._step_calls() or self._step_effects():
            pass

    @property
    def is_busy(self) -> bool:
        """Whether a call runs, asks, or will move without the brain's doing anything more."""
        return (
            any(
                call.state in (CallState.RUNNING, CallState.ASKING)
                or (not call.is_over and self._is_released(call))
                for call in self.calls.values()
            )
            or self.is_undoing
        )

    @property
    def is_undoing(self) -> bool:
        """Whether an effect is being taken back, or will be."""
        return self.regrets.is_active(self.commit.reached)

    @property
    def has_effect_under_way(self) -> bool:
        """Whether an effect runs or is being taken back, so that its outcome is still to come."""
        return bool(self.regrets) or self._runs.has_effect

    # ---- steps ---------------------------------------------------------------------------------

    def _step_regrets(self) -> bool:
        if not self.regrets:
            return False
        due = None if self._runs.has_effect else self.regrets.due(self.commit.reached)
        if due is None:
            return False
        if due.call.entry is None:  # it shared an equal effect, which is another call's
            self.regrets.pop(due.call.id)
            return True
        self.regrets.begin(due)
        self._port.undo(due.call)
        return False

    def _step_calls(self) -> bool:
        movable = self._board.waiting
        if self.commit.reached:  # until then what is held stays held
            movable = movable | {call.id for call in self.calls.values() if call.state is CallState.HELD}
        moved = False
        for id in sorted(movable):
            call = self.calls[id]
            if call.state not in (CallState.WAITING, CallState.HELD):
                continue  # it fell with one before it
            if self._waits_in_vain(call):
                self.fail(call, "Part of what it needed never came.")
                moved = True
            elif reason := self._must_wait(call):
                if call.state is CallState.WAITING:
                    self._board.put(call, Signal.HOLD, reason=reason)
            elif not call.is_effect and graph.is_ready(self.calls, call):
                moved = self._read(call) or moved
        return moved

    def _read(self, call: LiveCall) -> bool:
        key = self._key(call)
        if (known := self._runs.result(key)) is not None:
            self._board.put(replace(call, result=known), Signal.FINISH, text=known.text, value=known.value)
        elif (owner := self._runs.shared(key)) is not None:
            self._runs.join(owner, self._board.begin(call, f"shares call {owner.id}"))
        elif crowded := bounds.crowded(call, self._runs, self._limits):
            if call.waits != crowded:
                self._board.show(self._board.store(replace(call, waits=crowded)), reason=crowded)
            return False
        else:
            self._start(call, key)
        return True

    def _step_effects(self) -> bool:
        if not (self.commit.reached or self._may_be_early) or self.regrets or self._runs.has_effect:
            return False
        call = graph.next_effect(self.calls)
        if call is None or self._must_wait(call):
            return False
        if call.rejected:
            self._reject(call)
            return True
        arguments = self._resolved(call)
        if arguments is None:
            return True
        if same := self._just_done(call, arguments):
            assert same.result is not None
            self._board.put(
                replace(call, result=same.result, shares=same.id),
                Signal.FINISH,
                reason=f"the same as call {same.id}",
                text=same.result.text,
                value=same.result.value,
            )
        elif call.tool.effect is Effect.CONFIRM:
            if call.state is CallState.WAITING:
                call = self._board.put(call, Signal.HOLD)
            self._port.ask(self._board.put(call, Signal.ASK), arguments)
        else:
            self._start(call)
        return True

    # ---- conditions ----------------------------------------------------------------------------

    def _is_released(self, call: LiveCall) -> bool:
        return self.commit.reached and call.id <= self.commit.released

    def _must_wait(self, call: LiveCall) -> str:
        """Why `call` has to wait for the commit point; "" where it need not."""
        if self._is_released(call):
            return ""
        reason = bounds.held(call)
        if not reason and graph.is_ready(self.calls, call):
            reason = bounds.guessed_enough(call, self._runs, self._limits)
        return reason

    def _waits_in_vain(self, call: LiveCall) -> bool:
        """Whether it needs a call that is not there, and the brain has nothing to add."""
        if not (self.commit.reached and self.is_settled):
            return False
        needs = (self.calls.get(id) for id in graph.operands(call, self.calls))
        return any(need is None or not need.is_wanted or need.state is CallState.FAILED for need in needs)

    def _just_done(self, call: LiveCall, arguments: Arguments) -> LiveCall | None:
        """The effect that happened last, where `call` asks for the very same again: a model's slip."""
        if self._latest is None:
            return None
        id, run, latest = self._latest
        done = self.calls[id]
        stands = done.run == run and done.state is CallState.READY
        return done if stands and done.tool is call.tool and latest == arguments else None

    # ---- moves ---------------------------------------------------------------------------------

    def _start(self, call: LiveCall, key: str = "") -> None:
        """Run a call; `key` is that of a read."""
        arguments = self._resolved(call)
        if arguments is None:
            return
        guess = not self._is_released(call)
        early = guess and call.is_effect
        if call.is_effect and not early:
            call = self._bind(call)
        call = self._board.begin(call, EARLY if early else "", early=early)
        self._runs.started(call, key, guess=guess)
        if call.is_effect:
            self._latest = (call.id, call.run, arguments)
        self._port.start(call, arguments)

    def _bind(self, call: LiveCall) -> LiveCall:
        """`call` is carried out for good: what it and its operands mention, they mention for good."""
        for id in graph.needs(self.calls, call.id):
            self._board.store(graph.bound(self.calls[id], self.calls))
        return graph.bound(call, self.calls)

    def _resolved(self, call: LiveCall) -> Arguments | None:
        """The arguments with their operands filled in and checked; None where the call failed over it."""
        try:
            return self._toolbox.check(call.tool.name, graph.substitute(call, self.calls))
        except ToolError as error:
            self.fail(call, str(error))
            return None

    def _key(self, call: LiveCall) -> str:
        return self._toolbox.canonical(call.tool.name, graph.substitute(call, self.calls))

    def _reject(self, call: LiveCall) -> None:
        self.withdraw(replace(call, error="I left that."), "you did not say yes")

    def _cascade(self, dependants: Sequence[int]) -> None:
        for id in dependants:
            self.discard(self.calls[id], CASCADE, removed=True)

    def _regret(self, call: LiveCall, reason: str, removed: bool) -> None:
        self.regrets.add(Regret(call, reason, removed))
        for other in list(self.calls.values()):
            if other.shares == call.id and other.state is CallState.READY:
                self._board.show(self._board.store(other.anew()), reason=f"call {call.id} changed")

    def _forget_corrections(self) -> None:
        if not self._is_dropped or self.commit.reached:
            return
        for regret in self.regrets.forget_corrections():
            done = regret.call
            if regret.is_reset and done.entry is not None:  # it was shown to start over, and never will
                assert done.result is not None
                if self.calls[done.id].version == done.version:
                    self._board.store(done)
                self._board.show(done, reason=RESTORED, text=done.result.text, value=done.result.value)

    def _stop(self, call: LiveCall) -> None:
        if call.state is CallState.ASKING:
            self._port.cancel(call)
        elif call.state is CallState.RUNNING and (unwanted := self._runs.leave(call)):
            self._port.cancel(unwanted)
