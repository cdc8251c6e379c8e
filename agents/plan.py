"""The calls the brain wants in a turn: it issues, patches and withdraws them."""

from __future__ import annotations

from dataclasses import replace

from agents import graph
from agents.actions import Call, Remove
from agents.calls import LiveCall
from agents.dispatcher import Dispatcher
from agents.events import PATCHED, REMOVED, CallIssued, CallRemoved
from agents.port import Limits, Port
from agents.references import References
from agents.regrets import Regret
from tools.tool import ToolError, well_formed
from tools.toolbox import Toolbox


class Plan:
    """What the brain wants of the calls of one turn, as far as it may still have its way."""

    def __init__(
        self, turn: int, dispatcher: Dispatcher, toolbox: Toolbox, port: Port, limits: Limits
    ) -> None:
        self._turn = turn
        self._board = dispatcher.board
        self._calls = dispatcher.calls
        self._rollback = dispatcher.rollback
        self._toolbox = toolbox
        self._port = port
        self._limits = limits
        self._issues = 0
        self._correctable: set[int] = set()  # effects that had begun when the user went on speaking

    def let_correct(self) -> None:
        """The user goes on speaking: effects that have begun may be corrected, until the next commit."""
        self._correctable = {call.id for call in self._calls.values() if call.has_begun}

    def settle(self) -> None:
        """The turn is committed: what was done is done."""
        self._correctable.clear()

    def apply(self, action: Call | Remove) -> bool:
        """Issue, patch or withdraw a call. False where that changes nothing, or cannot be done any more."""
        return self._issue(action) if isinstance(action, Call) else self._remove(action.id)

    # ---- actions -------------------------------------------------------------------------------

    def _issue(self, action: Call) -> bool:
        action = replace(action, arguments={key: well_formed(x) for key, x in action.arguments.items()})
        old = self._calls.get(action.id)
        if old is not None and old.is_wanted and self._same(old, action):
            return False
        try:
            self._check_room(action, old)
            tool = self._toolbox.get(action.name)
        except ToolError as error:
            self._port.notice(str(error))
            return False
        self._issues += 1
        regret = self._rollback.regrets.get(action.id)
        if old is not None and old.is_wanted:
            self._rollback.discard(old, PATCHED)
        version = old.version + 1 if old else 1
        arguments = dict(action.arguments)
        call = LiveCall(self._turn, action.id, version, tool, arguments, References.of(arguments))
        self._board.store(call)
        self._port.emit(
            CallIssued(self._turn, self._port.now(), call.id, version, tool.name, arguments, tool.effect)
        )
        self._rollback.reset_dependants(call.id)
        if graph.is_cyclic(self._calls, call.id):
            self._rollback.fail(call, "It would have to wait for itself.")
        elif self._is_still_done(call, regret):
            self._rollback.restore(call)
        else:
            self._check(call)
        self._board.commit = self._board.commit.issued(call.id)
        return True

    def _remove(self, id: int) -> bool:
        call = self._calls.get(id)
        if call is None or not call.is_wanted:
            return False
        try:
            self._check_revocable(call)
        except ToolError as error:
            self._port.notice(str(error))
            return False
        self._port.emit(CallRemoved(self._turn, self._port.now(), id))
        self._rollback.withdraw(call, REMOVED)
        return True

    # ---- conditions ----------------------------------------------------------------------------

    def _check_room(self, action: Call, old: LiveCall | None) -> None:
        """Raises ToolError where an issue can change nothing any more."""
        if old is not None and old.is_wanted:
            self._check_revocable(old)
        if self._issues >= self._limits.versions or (old is None and len(self._calls) >= self._limits.calls):
            raise ToolError(
                f"This turn has reached its limit of {self._limits.calls} calls; the rest is left out."
            )

    def _check_revocable(self, call: LiveCall) -> None:
        """Raises ToolError where `call`, or what depends on it, was carried out for good."""
        for id in (call.id, *graph.dependants(self._calls, call.id)):
            begun = self._calls[id]
            if not begun.has_begun or begun.early:
                continue
            if begun.tool.undo is None:
                raise ToolError(f"Call {id} has already been carried out, and cannot be undone.")
            if id not in self._correctable:
                raise ToolError(f"Call {id} has already been carried out; it can only be undone.")

    def _check(self, call: LiveCall) -> None:
        """Fail a call with arguments its tool cannot take, before anything waits for it."""
        if not graph.operands(call, self._calls):
            try:
                self._toolbox.check(call.tool.name, call.arguments)
            except ToolError as error:
                self._rollback.fail(call, str(error))

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
