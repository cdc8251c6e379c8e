"""The calls of one turn: outcomes and the user's replies come in, and whatever can move then moves.

Synchronous and free of any event loop. The turn says what is wanted and how far it is committed; what
takes time is handed to the `Port` and comes back as another step.
"""

from __future__ import annotations

from dataclasses import replace

from agents.board import Board
from agents.calls import LiveCall, Signal
from agents.events import CallState, LateResult
from agents.port import Limits, Port
from agents.rollback import Rollback
from agents.runs import Runs
from agents.scheduler import Scheduler
from tools.tool import ToolResult
from tools.toolbox import Toolbox


class Dispatcher:
    """What comes back of the calls of one turn, by ID, and what that sets going."""

    def __init__(self, turn: int, toolbox: Toolbox, port: Port, limits: Limits) -> None:
        self.board = Board(turn, port)
        self.calls = self.board.calls
        self._runs = Runs()
        self.rollback = Rollback(turn, self.board, self._runs, port)
        self._scheduler = Scheduler(self.board, self._runs, self.rollback, toolbox, port, limits)
        self._is_dropped = False
        self._turn = turn
        self._port = port

    # ---- outcomes ------------------------------------------------------------------------------

    def finished(self, id: int, run: int, result: ToolResult, entry: int | None = None) -> bool:
        """A run returned. False when it was late and changed nothing. `entry`: its journal number."""
        marks = self._runs.over(id, run, result)
        if entry is not None:
            self._runs.world_changed()
        if (regretted := self.rollback.regrets.finished(id, run, result, entry)) is not None:
            self.board.done(regretted)
            self._forget_corrections()
            self.pump()
            return True
        calls = [call for mark in sorted(marks or ()) if (call := self.board.running(*mark))]
        for call in calls:
            done = self.board.store(replace(call, result=result, entry=entry).after(Signal.FINISH))
            self.board.done(done)
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
        if (regretted := self.rollback.regrets.failed(id, run, message)) is not None:
            self.board.show(regretted, text=message)
            if unknown:
                self.rollback.told.append(message)
            self.pump()
            return True
        calls = [call for mark in sorted(marks or ()) if (call := self.board.running(*mark))]
        for call in calls:
            self.rollback.fail(call, message)
        self.pump()
        return bool(calls)

    def undone(self, id: int, text: str) -> None:
        """The effect that was to be taken back is; `text` says so."""
        self.rollback.undone(id, text)
        self.pump()

    def not_undone(self, id: int, message: str) -> None:
        """The effect could not be taken back; the user must be told."""
        self.rollback.not_undone(id, message)
        self.pump()

    def taken_back(self, entry: int) -> None:
        """The user took the effect of a journal entry back: it is neither to be undone nor corrected."""
        self.rollback.taken_back(entry)
        self.pump()

    def world_changed(self) -> None:
        """An effect of another turn happened, or is gone: what was read before need not be so any more."""
        self._runs.world_changed()

    # ---- replies -------------------------------------------------------------------------------

    def confirmed(self, id: int, yes: bool) -> None:
        """The user said yes or no to a call that asks."""
        call = self.calls[id]
        if call.state is not CallState.ASKING:
            return
        if yes:
            self._scheduler.start(call)
        else:
            self.rollback.reject(call)
        self.pump()

    def corrected(self, id: int) -> None:
        """The user answered a question with something else: the call stays held, and only a new one asks."""
        call = self.calls[id]
        if call.state is CallState.ASKING:
            self.board.put(replace(call, rejected=True), Signal.HOLD, reason="you said something else")

    def refused(self, id: int, message: str) -> None:
        """A call that asks cannot succeed, so there was nothing to ask."""
        call = self.calls[id]
        if call.state is CallState.ASKING:
            self.rollback.fail(call, message)

    # ---- what the turn decides -----------------------------------------------------------------

    def drop(self, why: str) -> None:
        """Discard whatever is not over; effects that have begun go on, but for guesses, which are undone."""
        self._is_dropped = True
        self._forget_corrections()
        for call in list(self.calls.values()):
            if call.has_begun and call.early:
                self.rollback.discard(call, why)
        for call in list(self.calls.values()):  # also those that shared an effect discarded just now
            if not (call.is_over or call.has_begun):
                self.rollback.discard(call, why)
        self.pump()

    def keep(self) -> None:
        """What happened early and is committed now is a guess no more."""
        kept = [
            call
            for call in self.calls.values()
            if call.early and call.state is CallState.READY and self.board.is_released(call)
        ]
        for call in kept:
            self.board.store(replace(self._scheduler.bind(call), early=False))
        if entries := [call.entry for call in kept if call.entry is not None]:
            self._port.keep(entries)

    def pump(self) -> None:
        """Undo, start, hold or ask for whatever can move, until nothing moves."""
        self._scheduler.pump()

    @property
    def is_busy(self) -> bool:
        """Whether a call runs, asks, or will move without the brain's doing anything more."""
        return self.is_undoing or any(map(self._moves_by_itself, self.calls.values()))

    @property
    def is_undoing(self) -> bool:
        """Whether an effect is being taken back, or will be."""
        return self.rollback.regrets.is_active(self.board.commit.reached)

    @property
    def has_effect_under_way(self) -> bool:
        """Whether an effect runs or is being taken back, so that its outcome is still to come."""
        return bool(self.rollback.regrets) or self._runs.has_effect

    def _moves_by_itself(self, call: LiveCall) -> bool:
        return call.state in (CallState.RUNNING, CallState.ASKING) or (
            not call.is_over and self.board.is_released(call)
        )

    def _forget_corrections(self) -> None:
        if self._is_dropped and not self.board.commit.reached:
            self.rollback.forget_corrections()
