"""Where a turn reaches the world, and how far it may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.calls import LiveCall
from agents.events import Event
from agents.speech import Speech
from tools.tool import Arguments


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a turn. Seconds and counts; the reason is shown when one bites.

    A tool's own bounds (`tools.tool.ToolLimits`) hold beside these.
    """

    calls: int = 24  # IDs in a turn
    versions: int = 60  # issues in a turn, patches included
    speculative: int = 32  # runs in a turn before its commit point
    parallel: int = 8  # reads that run at the same time
    call_seconds: float = 10.0
    confirm_seconds: float = 10.0
    reaction_seconds: float = 15.0
    turn_seconds: float = 60.0  # from the final update to the end of the turn
    correction_seconds: float = 8.0  # after an answer, in which "no, Saturday" still corrects it


class Port(Protocol):
    """Where a turn reaches the world."""

    def now(self) -> float:
        """Seconds on the session clock."""
        ...

    def emit(self, event: Event) -> None:
        """Publish an event."""
        ...

    def notice(self, text: str, *, error: bool = False) -> None:
        """Tell the user something in one line."""
        ...

    def start(self, call: LiveCall, arguments: Arguments) -> None:
        """Run the call; its outcome comes back through `Dispatcher.finished` or `Dispatcher.failed`."""
        ...

    def cancel(self, call: LiveCall) -> None:
        """Stop the run of a read, or take back a question. The outcome no longer matters."""
        ...

    def ask(self, call: LiveCall, arguments: Arguments) -> None:
        """Ask the user; the answer comes back through `Dispatcher.confirmed`."""
        ...

    def speak(self, turn: int, speech: Speech) -> None:
        """The brain answers the turn in its own voice."""
        ...

    def undo(self, call: LiveCall) -> None:
        """Take the call's effect back; `Dispatcher.undone` or `Dispatcher.not_undone` is told."""
        ...

    def keep(self, entries: Sequence[int]) -> None:
        """The turn is committed: these effects that happened early are guesses no more."""
        ...
