"""One call of a turn, and the only transitions it can make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agents.events import CallState
from agents.references import References
from tools.tool import Arguments, Effect, Tool, ToolResult


class Signal(StrEnum):
    """What can happen to a call."""

    START = "start"
    HOLD = "hold"
    ASK = "ask"
    FINISH = "finish"
    FAIL = "fail"
    DISCARD = "discard"
    UNDO = "undo"  # its effect was taken back


_NEXT: dict[tuple[CallState, Signal], CallState] = {
    (CallState.WAITING, Signal.START): CallState.RUNNING,
    (CallState.WAITING, Signal.HOLD): CallState.HELD,
    (CallState.ASKING, Signal.HOLD): CallState.HELD,  # the user said something else
    (CallState.HELD, Signal.START): CallState.RUNNING,
    (CallState.HELD, Signal.ASK): CallState.ASKING,
    (CallState.ASKING, Signal.START): CallState.RUNNING,
    (CallState.WAITING, Signal.FINISH): CallState.READY,  # an equal call already had the result
    (CallState.HELD, Signal.FINISH): CallState.READY,
    (CallState.RUNNING, Signal.FINISH): CallState.READY,
    (CallState.READY, Signal.UNDO): CallState.UNDONE,
    **{
        (state, Signal.FAIL): CallState.FAILED
        for state in (CallState.WAITING, CallState.HELD, CallState.ASKING, CallState.RUNNING)
    },
    **{(state, Signal.DISCARD): CallState.DISCARDED for state in CallState if state.is_wanted},
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

    `version` counts issues under the same ID; `run` is the number of its run among those of the turn,
    0 before the first: the outcome of any other run is late and changes nothing.
    """

    turn: int
    id: int
    version: int
    tool: Tool
    arguments: Arguments
    references: References
    state: CallState = CallState.WAITING
    run: int = 0
    result: ToolResult | None = None
    error: str = ""
    entry: int | None = None  # of its effect in the journal
    shares: int | None = None  # the equal effect whose result it has, without one of its own
    early: bool = False  # its effect happened before the turn was committed: still a guess
    rejected: bool = False  # asked, and the user said something else than yes
    waits: str = ""  # the bound it waits for, as it was shown

    def after(self, signal: Signal) -> LiveCall:
        """The call after `signal`. Raises TransitionError."""
        return replace(self, state=transition(self.state, signal))

    @property
    def is_effect(self) -> bool:
        """Whether running it changes the world."""
        return self.tool.effect is not Effect.READ

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state.is_over

    @property
    def has_begun(self) -> bool:
        """Whether its effect may have happened, so that it can no longer be taken back silently."""
        return self.is_effect and self.state in (CallState.RUNNING, CallState.READY)

    @property
    def is_wanted(self) -> bool:
        """Whether the brain still wants it."""
        return self.state.is_wanted

    def anew(self) -> LiveCall:
        """The same call as if it had never run."""
        return LiveCall(
            self.turn, self.id, self.version, self.tool, self.arguments, References.of(self.arguments)
        )
