"""A brain that takes part in the conversation itself: it can hear the user and speak in its own voice.

Its turn has two parts. While words arrive it decides on calls, as every brain does, and pauses. Once the
turn is committed and none of its calls is open it is asked once more, to answer: that is when a service
is handed what the calls returned. `agents.history.stage` tells which part it is. In its answer it may
still issue calls, and is asked again when they are over.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from agents.brain import Brain, Interaction


@runtime_checkable
class LiveBrain(Brain, Protocol):
    """What a session does for such a brain beside asking it.

    `hears` is the rate, in Hz, at which it wants the user's voice as 16-bit mono PCM; None where words
    are enough. It answers with `Speak`, followed by `Answer` with the same words, or with `Answer` alone
    where our own voice shall say it. Its reactions may wait for a service rather than write: without
    patience it is interrupted for a result at once.
    """

    hears: int | None

    def listen(self, turn: int, audio: bytes) -> None:
        """Take what the user says in `turn`, from just before its first word; must not block."""
        ...


@runtime_checkable
class ForesightedBrain(Brain, Protocol):
    """A brain whose reactions take long enough that it wants to know early what is likely to come."""

    def foresee(self, interaction: Interaction) -> None:
        """Take what the interaction will be if the user says no more than is heard now; must not block.

        That is told when they fall silent, before anybody can say whether the turn is over, and again when
        the words turn out to be others. Nothing may come of it but a quicker reaction.
        """
        ...
