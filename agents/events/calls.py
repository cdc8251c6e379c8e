"""What becomes of the calls, and of their effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tools.tool import Effect, Json

# Why a wrong guess was discarded: the reasons that count as rolled back.
PATCHED = "you said otherwise"
REMOVED = "you took it back"
CASCADE = "what it depended on is gone"

# Why an effect happens before its turn is committed.
EARLY = "early; undone if wrong"

# Why a call is ready without having run: it was in the turn that this one continues.
CARRIED = "done before"
# ... or it asks again for an effect that was about to be taken back.
RESTORED = "as it was"


class CallState(StrEnum):
    """Where one version of a call stands."""

    WAITING = "waiting"  # for an operand, or for a free slot
    RUNNING = "running"
    READY = "ready"  # finished, result at hand
    HELD = "held"  # must wait for commit
    ASKING = "asking"  # committed; waiting for the user's yes
    FAILED = "failed"
    DISCARDED = "discarded"  # patched, removed, cascaded or refused
    UNDONE = "undone"  # had an effect, which was compensated

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the call by itself."""
        return self in (CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)

    @property
    def is_wanted(self) -> bool:
        """Whether the brain still wants the call."""
        return self not in (CallState.DISCARDED, CallState.UNDONE)


@dataclass(frozen=True, slots=True)
class CallIssued:
    """The brain issued a call. A `version` above 1 patches the call of the same ID."""

    turn: int
    at: float
    call: int
    version: int
    name: str
    arguments: Mapping[str, Json]
    effect: Effect


@dataclass(frozen=True, slots=True)
class CallRemoved:
    """The brain withdrew a call. What depended on it is discarded with it."""

    turn: int
    at: float
    call: int


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call entered `state`. `reason` says why, in words for people, where that is not obvious.

    `text` is the result as a spoken sentence (READY) or the failure (FAILED); `value` is what `$n`
    stands for (READY).
    """

    turn: int
    at: float
    call: int
    version: int
    state: CallState
    reason: str = ""
    text: str = ""
    value: Json = None


@dataclass(frozen=True, slots=True)
class LateResult:
    """A run that had been given up returned all the same. It is recorded, and changes nothing."""

    turn: int
    at: float
    call: int
    text: str


@dataclass(frozen=True, slots=True)
class Effected:
    """A write happened and stands in the effect journal as `entry`."""

    turn: int
    at: float
    call: int
    version: int
    entry: int
    name: str
    text: str
    undoable: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """The effect of journal entry `entry` was taken back."""

    turn: int
    at: float
    entry: int
    text: str


@dataclass(frozen=True, slots=True)
class UndoFailed:
    """The effect of journal entry `entry` should have been taken back and was not; `text` says why."""

    turn: int
    at: float
    entry: int
    text: str
