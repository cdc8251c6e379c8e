"""Which call of a turn moves, and when: it starts, is held, asks, or waits."""

from __future__ import annotations

from dataclasses import replace

from agents import bounds, graph
from agents.board import Board
from agents.calls import LiveCall, Signal
from agents.events import EARLY, CallState
from agents.port import Limits, Port
from agents.rollback import Rollback
from agents.runs import Runs
from tools.tool import Arguments, Effect, Speculate, ToolError
from tools.toolbox import Toolbox


class Scheduler:
    """Moves the calls of a board on: reads side by side, effects one after the other."""

    def __init__(
        self, board: Board, runs: Runs, rollback: Rollback, toolbox: Toolbox, port: Port, limits: Limits
    ) -> None:
        self._board = board
        self._calls = board.calls
        self._runs = runs
        self._rollback = rollback
        self._toolbox = toolbox
        self._port = port
        self._limits = limits
        self._may_be_early = any(tool.speculate is Speculate.EARLY for tool in toolbox)
        self._latest: tuple[int, int, Arguments] | None = None  # the effect that began last: ID, run

    def pump(self) -> None:
        """Undo, start, hold or ask for whatever can move, until nothing moves."""
        while self._rollback.undo_next() or self._step_calls() or self._step_effects():
            pass

    def start(self, call: LiveCall, key: str = "") -> None:
        """Run a call; `key` is that of a read."""
        arguments = self._resolved(call)
        if arguments is None:
            return
        guess = not self._board.is_released(call)
        early = guess and call.is_effect
        if call.is_effect and not early:
            call = self.bind(call)
        call = self._board.begin(call, EARLY if early else "", early=early)
        self._runs.started(call, key, guess=guess)
        if call.is_effect:
            self._latest = (call.id, call.run, arguments)
        self._port.start(call, arguments)

    def bind(self, call: LiveCall) -> LiveCall:
        """`call` is carried out for good: what it and its operands mention, they mention for good."""
        for id in graph.needs(self._calls, call.id):
            self._board.store(graph.bound(self._calls[id], self._calls))
        return graph.bound(call, self._calls)

    # ---- steps ---------------------------------------------------------------------------------

    def _step_calls(self) -> bool:
        movable = self._board.waiting
        if self._board.commit.reached:  # until then what is held stays held
            movable = movable | {call.id for call in self._calls.values() if call.state is CallState.HELD}
        moved = False
        for id in sorted(movable):
            call = self._calls[id]
            if call.state not in (CallState.WAITING, CallState.HELD):
                continue  # it fell with one before it
            if self._waits_in_vain(call):
                self._rollback.fail(call, "Part of what it needed never came.")
                moved = True
            elif reason := self._must_wait(call):
                if call.state is CallState.WAITING:
                    self._board.put(call, Signal.HOLD, reason=reason)
            elif not call.is_effect and graph.is_ready(self._calls, call):
                moved = self._read(call) or moved
        return moved

    def _read(self, call: LiveCall) -> bool:
        key = self._toolbox.canonical(call.tool.name, graph.substitute(call, self._calls))
        if (known := self._runs.result(key)) is not None:
            self._board.put(replace(call, result=known), Signal.FINISH, text=known.text, value=known.value)
        elif (owner := self._runs.shared(key)) is not None:
            self._runs.join(owner, self._board.begin(call, f"shares call {owner.id}"))
        elif crowded := bounds.crowded(call, self._runs, self._limits):
            if call.waits != crowded:
                self._board.show(self._board.store(replace(call, waits=crowded)), reason=crowded)
            return False
        else:
            self.start(call, key)
        return True

    def _step_effects(self) -> bool:
        if not (self._board.commit.reached or self._may_be_early):
            return False
        if self._rollback.regrets or self._runs.has_effect:
            return False
        call = graph.next_effect(self._calls)
        if call is None or self._must_wait(call):
            return False
        if call.rejected:
            self._rollback.reject(call)
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
            self.start(call)
        return True

    # ---- conditions ----------------------------------------------------------------------------

    def _must_wait(self, call: LiveCall) -> str:
        """Why `call` has to wait for the commit point; "" where it need not."""
        if self._board.is_released(call):
            return ""
        reason = bounds.held(call)
        if not reason and graph.is_ready(self._calls, call):
            reason = bounds.guessed_enough(call, self._runs, self._limits)
        return reason

    def _waits_in_vain(self, call: LiveCall) -> bool:
        """Whether it needs a call that is not there, and the brain has nothing to add."""
        if not (self._board.commit.reached and self._board.is_settled):
            return False
        needs = (self._calls.get(id) for id in graph.operands(call, self._calls))
        return any(need is None or not need.is_wanted or need.state is CallState.FAILED for need in needs)

    def _just_done(self, call: LiveCall, arguments: Arguments) -> LiveCall | None:
        """The effect that happened last, where `call` asks for the very same again: a model's slip."""
        if self._latest is None:
            return None
        id, run, latest = self._latest
        done = self._calls[id]
        stands = done.run == run and done.state is CallState.READY
        return done if stands and done.tool is call.tool and latest == arguments else None

    def _resolved(self, call: LiveCall) -> Arguments | None:
        """The arguments with their operands filled in and checked; None where the call failed over it."""
        try:
            return self._toolbox.check(call.tool.name, graph.substitute(call, self._calls))
        except ToolError as error:
            self._rollback.fail(call, str(error))
            return None
