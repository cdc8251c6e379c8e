"""A brain that makes up its mind as a schedule says, and sometimes loses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from agents.actions import Action, Answer, Pause
from agents.brain import BrainError, Interaction
from agents.events import Updated
from agents.words import spoken_words

REACTION_SECONDS = 4.0  # what the session allows a reaction


@dataclass(frozen=True, slots=True)
class Mishap:
    """A brain that fails instead of acting: `why` is break, stop, or stall."""

    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the brain does next, once it knows `words` words of the turn and `finals` of its ends.

    `seconds` is how long it takes over it.
    """

    action: Action | Mishap
    words: int = 0
    finals: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decided:
    """The brain did something. `seen` is the place in the log of the latest words it knew."""

    turn: int
    action: Action | Mishap
    seen: int


class StageBrain:
    """Makes the decisions of each turn in order, as soon as it knows what they need; pauses in between."""

    name = "fuzz"

    def __init__(self, scripts: Sequence[Sequence[Decision]], patience: float, log: list[object]) -> None:
        self.patience = patience
        self._scripts = scripts
        self._log = log
        self._done: dict[int, int] = {}

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Yield what is due, then a pause."""
        turn = interaction.turn
        updates = [event for event in interaction.of_turn if isinstance(event, Updated)]
        words, finals = len(spoken_words(updates[-1].text)), sum(event.final for event in updates)
        seen = max(at for at, item in enumerate(self._log) if item is updates[-1])
        script = self._scripts[turn - 1] if turn <= len(self._scripts) else ()
        while (place := self._done.get(turn, 0)) < len(script):
            decision = script[place]
            if finals < decision.finals or words < decision.words:
                break
            await asyncio.sleep(decision.seconds)
            self._done[turn] = place + 1
            self._log.append(Decided(turn, decision.action, seen))
            if isinstance(decision.action, Mishap):
                if decision.action.why == "break":
                    raise BrainError("The brain broke.")
                if decision.action.why == "stop":
                    return
                await asyncio.sleep(REACTION_SECONDS * 2)
                continue
            yield decision.action
            if isinstance(decision.action, Pause | Answer):
                return
        self._log.append(Decided(turn, Pause(), seen))
        yield Pause()

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""
