"""Giving calls up: one that failed, was patched or withdrawn, and with it what depends on it.

An effect that has begun cannot be given up like a read. It is regretted: it stands until it is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents import graph
from agents.board import Board
from agents.calls import LiveCall, Signal
from agents.events import CASCADE, RESTORED, CallState, UndoFailed, Undone
from agents.port import Port
from agents.regrets import Regret, Regrets
from agents.runs import Runs


class Rollback:
    """Takes calls off a board, their runs with them. `told` is what the answer must say of effects undone."""

    def __init__(self, turn: int, board: Board, runs: Runs, port: Port) -> None:
        self.regrets = Regrets()
        self.told: list[str] = []  # of effects taken back, or not
        self._turn = turn
        self._board = board
        self._calls = board.calls
        self._runs = runs
        self._port = port

    # ---- giving up -----------------------------------------------------------------------------

    def fail(self, call: LiveCall, message: str) -> None:
        """Fail a call, and with it what depends on it."""
        self._board.put(replace(call, error=message), Signal.FAIL, text=message)
        self._cascade(graph.dependants(self._calls, call.id))

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
        dependants = graph.dependants(self._calls, call.id)
        self.discard(call, reason, removed=True)
        self._cascade(dependants)

    def reject(self, call: LiveCall) -> None:
        """The user did not say yes."""
        self.withdraw(replace(call, error="I left that."), "you did not say yes")

    def reset_dependants(self, id: int) -> None:
        """Call `id` is another one now: what had its result starts over."""
        for other in graph.dependants(self._calls, id):
            call = self._calls[other]
            if call.has_begun:
                self._regret(call, CASCADE, removed=False)
            elif call.state is CallState.WAITING:
                continue
            elif call.state is CallState.FAILED and graph.is_cyclic(self._calls, other):
                continue  # it would fail again
            else:
                self._stop(call)
            self._board.show(self._board.store(call.anew()), reason=f"call {id} changed")

    def _cascade(self, dependants: Sequence[int]) -> None:
        for id in dependants:
            self.discard(self._calls[id], CASCADE, removed=True)

    def _regret(self, call: LiveCall, reason: str, removed: bool) -> None:
        self.regrets.add(Regret(call, reason, removed))
        for other in list(self._calls.values()):
            if other.shares == call.id and other.state is CallState.READY:
                self._board.show(self._board.store(other.anew()), reason=f"call {call.id} changed")

    def _stop(self, call: LiveCall) -> None:
        if call.state is CallState.ASKING:
            self._port.cancel(call)
        elif call.state is CallState.RUNNING and (unwanted := self._runs.leave(call)):
            self._port.cancel(unwanted)

    # ---- effects that are regretted ------------------------------------------------------------

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
        if done.state is CallState.RUNNING and not regret.is_reset:
            # Its outcome will be that of the new version.
            self._board.show(replace(done, state=CallState.DISCARDED), reason=RESTORED)
        text, value = (done.result.text, done.result.value) if done.result else ("", None)
        self._board.show(self._board.store(restored), reason=RESTORED, text=text, value=value)

    def undo_next(self) -> bool:
        """Begin to take the next one back, where nothing stands against it. True if another may follow."""
        if not self.regrets:
            return False
        due = None if self._runs.has_effect else self.regrets.due(self._board.commit.reached)
        if due is None:
            return False
        if due.call.entry is None:  # it shared an equal effect, which is another call's
            self.regrets.pop(due.call.id)
            return True
        self.regrets.begin(due)
        self._port.undo(due.call)
        return False

    def undone(self, id: int, text: str) -> None:
        """The effect that was to be taken back is; `text` says so."""
        if self.regrets.get(id) is None:
            return  # the user took it back meanwhile
        regret = self.regrets.pop(id)
        assert regret.call.entry is not None
        self._port.emit(Undone(self._turn, self._port.now(), regret.call.entry, text))
        undone = regret.call.after(Signal.UNDO)
        current = self._calls[id]
        if current.version != undone.version or not current.is_wanted:
            self._board.show(undone, reason=regret.reason)
        if regret.removed and not regret.call.early:  # of a guess nobody has heard
            self.told.append(text)
        self._runs.world_changed()

    def not_undone(self, id: int, message: str) -> None:
        """The effect could not be taken back; the user must be told."""
        if self.regrets.get(id) is None:
            return  # the user took it back meanwhile
        regret = self.regrets.pop(id)
        assert regret.call.entry is not None
        self._port.emit(UndoFailed(self._turn, self._port.now(), regret.call.entry, message))
        self.told.append(message)

    def taken_back(self, entry: int) -> None:
        """The user took the effect of a journal entry back: it is neither to be undone nor corrected."""
        for regret in self.regrets:
            if regret.call.entry == entry:
                self.regrets.pop(regret.call.id)
        for call in list(self._calls.values()):
            if call.entry == entry:
                self._board.store(replace(call, state=CallState.UNDONE))
        self._runs.world_changed()

    def forget_corrections(self) -> None:
        """The turn comes to nothing: what an earlier commit has done stays done."""
        for regret in self.regrets.forget_corrections():
            done = regret.call
            if regret.is_reset and done.entry is not None:  # it was shown to start over, and never will
                assert done.result is not None
                if self._calls[done.id].version == done.version:
                    self._board.store(done)
                self._board.show(done, reason=RESTORED, text=done.result.text, value=done.result.value)
