"""One call of a turn, and the only transitions it can make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agents.events import CallState
from tools.tool import Arguments, Effect, Tool, ToolResult


class Signal(StrEnum):
    """What can happen to a call."""

    START = "start"
    HOLD = "hold"
    ASK = "ask"
    FINISH = "finish"
    FAIL = "fail"
    DISCARD = "discard"
    RESET = "reset"  # an operand changed: wait again


_NEXT: dict[tuple[CallState, Signal], CallState] = {
    (CallState.WAITING, Signal.START): CallState.RUNNING,
    (CallState.WAITING, Signal.HOLD): CallState.HELD,
    (CallState.HELD, Signal.START): CallState.RUNNING,
    (CallState.HELD, Signal.ASK): CallState.ASKING,
    (CallState.ASKING, Signal.START): CallState.RUNNING,
    (CallState.WAITING, Signal.FINISH): CallState.READY,  # an equal call already had the result
    (CallState.RUNNING, Signal.FINISH): CallState.READY,
    **{
        (state, Signal.FAIL): CallState.FAILED
        for state in (CallState.WAITING, CallState.HELD, CallState.ASKING, CallState.RUNNING)
    },
    **{
        (state, Signal.DISCARD): CallState.DISCARDED
        for state in CallState
        if state not in (CallState.DISCARDED, CallState.UNDONE)
    },
    **{
        (state, Signal.RESET): CallState.WAITING
        for state in CallState
        if state not in (CallState.DISCARDED, CallState.UNDONE)
    },
}


class TransitionError(ValueError):
    """A signal that makes no sense in the call's state: a defect of the caller."""


def transition(state: CallState, signal: Signal) -> CallState:
    """The state after `signal`. Raises TransitionError where there is none."""
    try:
        return _NEXT[state, signal]
    except KeyError:
        raise TransitionError(f"{signal} in state {state}") from None


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call as issued, with where it stands.

    `version` counts issues under the same ID, `run` counts runs: a result that carries an older
    version or run is late and changes nothing.
    """

    turn: int
    id: int
    version: int
    tool: Tool
    arguments: Arguments
    state: CallState = CallState.WAITING
    run: int = 0
    result: ToolResult | None = None
    error: str = ""

    def after(self, signal: Signal) -> LiveCall:
        """The call after `signal`; a start or a reset begins a new run."""
        run = self.run + 1 if signal in (Signal.START, Signal.RESET) else self.run
        return replace(self, state=transition(self.state, signal), run=run)

    @property
    def is_effect(self) -> bool:
        """Whether running it changes the world."""
        return self.tool.effect is not Effect.READ

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in (CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)

    @property
    def has_begun(self) -> bool:
        """Whether its effect may have happened, so that it can no longer be taken back silently."""
        return self.is_effect and self.state in (CallState.RUNNING, CallState.READY, CallState.UNDONE)

    @property
    def is_wanted(self) -> bool:
        """Whether the brain still wants it."""
        return self.state is not CallState.DISCARDED
