"""The seam to every model: an interaction goes in, actions come out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agents.actions import Action
from agents.events import Event
from tools.errors import HeadstartError
from tools.toolbox import Toolbox


class BrainError(HeadstartError):
    """A brain cannot work. Its message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a brain is shown: the tools at hand, the current turn's number and events, oldest first.

    `turns` are the events of every turn so far, by its number, this one's among them.
    """

    toolbox: Toolbox
    turn: int
    of_turn: Sequence[Event]
    turns: Mapping[int, Sequence[Event]] = field(default_factory=dict[int, Sequence[Event]])


class Brain(Protocol):
    """Turns the interaction so far into actions.

    `patience` is how long, in seconds, the session lets an action that is being written finish when new
    words arrive, before it closes the reaction. A small local model finishes a call in less time than
    writing it again would take; where reactions are long it is 0. A brain without patience is also asked
    again for each result, once its present action is written; another sees results with the next words,
    and is asked again for them when the words are all there.
    """

    name: str
    patience: float

    def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """React to what is new. Ends with Pause or Answer; closing the iterator interrupts the brain.

        Raises BrainError where the model cannot be reached or fails.
        """
        ...

    async def warm_up(self) -> None:
        """Load what the first reaction needs, so that the first turn is as fast as the next."""
        ...

    async def close(self) -> None:
        """Free the model. No reaction may be running."""
        ...
