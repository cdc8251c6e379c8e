"""The calls of a turn as they stand, and how far it is committed. Every change of a call is published."""

from __future__ import annotations

from dataclasses import replace

from agents.calls import LiveCall, Signal, transition
from agents.commit import CommitPoint
from agents.events import CallChanged, CallState, Effected
from agents.port import Port
from tools.tool import Json


class Board:
    """Calls by ID, each in its current version."""

    def __init__(self, turn: int, port: Port) -> None:
        self.calls: dict[int, LiveCall] = {}
        self.waiting: set[int] = set()  # IDs of those that wait for an operand or for room
        self.commit = CommitPoint()
        self.is_settled = False  # the brain has nothing to add until something new arrives
        self._turn = turn
        self._port = port
        self._runs = 0

    def put(
        self, call: LiveCall, signal: Signal, *, reason: str = "", text: str = "", value: Json = None
    ) -> LiveCall:
        """Move a call on, and publish it. Raises TransitionError."""
        return self.show(self.store(call.after(signal)), reason=reason, text=text, value=value)

    def begin(self, call: LiveCall, reason: str, *, early: bool = False) -> LiveCall:
        """Start a call, in a run of its own."""
        self._runs += 1
        state = transition(call.state, Signal.START)
        return self.show(self.store(replace(call, state=state, run=self._runs, early=early)), reason=reason)

    def store(self, call: LiveCall) -> LiveCall:
        """Take note of a call without a word."""
        self.calls[call.id] = call
        if call.state is CallState.WAITING:
            self.waiting.add(call.id)
        else:
            self.waiting.discard(call.id)
        return call

    def show(self, call: LiveCall, *, reason: str = "", text: str = "", value: Json = None) -> LiveCall:
        """Publish how a call stands, which need not be the current version."""
        self._port.emit(
            CallChanged(self._turn, self._port.now(), call.id, call.version, call.state, reason, text, value)
        )
        return call

    def done(self, call: LiveCall) -> None:
        """Publish that a call has its result, and that its effect happened where it has one."""
        assert call.result is not None
        if call.entry is not None:
            self._port.emit(
                Effected(
                    self._turn,
                    self._port.now(),
                    call.id,
                    call.version,
                    call.entry,
                    call.tool.name,
                    call.result.text,
                    call.tool.undo is not None,
                )
            )
        self.show(call, text=call.result.text, value=call.result.value)

    def running(self, id: int, run: int) -> LiveCall | None:
        """The call that waits for the outcome of this very run."""
        call = self.calls.get(id)
        return call if call and call.run == run and call.state is CallState.RUNNING else None

    def is_released(self, call: LiveCall) -> bool:
        """Whether the call may run whatever it does."""
        return self.commit.reached and call.id <= self.commit.released
