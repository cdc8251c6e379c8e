"""Who guesses for a brain that answers by itself: often another model, as that is the cheaper choice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from agents.actions import Action
from agents.brain import Interaction


class Speculator(Protocol):
    """Turns the words so far into calls, with `agents.native` for its prompt and for what it says."""

    def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Calls and removals for what is new; closing the iterator interrupts the model.

        Neither pauses nor answers: that is the brain's. Raises BrainError where the model cannot be reached.
        """
        ...

    async def warm_up(self) -> None:
        """Connect. Raises BrainError where that fails for good."""
        ...

    async def close(self) -> None:
        """Let go of the connection. No guess may be running."""
        ...
