"""A brain that follows a declared list of actions: for tests and benchmarks of the runtime alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from agents.actions import Action, Answer, Pause
from agents.brain import Interaction
from agents.events import Updated
from agents.words import spoken_words


@dataclass(frozen=True, slots=True)
class Step:
    """What to do once `words` words of the turn have been handed over (None: the final update).

    `seconds` is how long the brain takes to write each of the actions.
    """

    words: int | None
    actions: Sequence[Action]
    seconds: float = 0.0


class ScriptedBrain:
    """Does the steps of `script` in order, each as soon as its words are there; pauses in between.

    An interrupted step goes on with the action it was writing. `script` may differ by turn.
    """

    name = "scripted"

    def __init__(
        self, script: Callable[[int], Sequence[Step]] | Sequence[Step], patience: float = 0.0
    ) -> None:
        self.patience = patience
        self._script = script
        self._done: dict[int, int] = {}  # turn → actions done

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Yield every action that is due, then a pause unless the last one was an answer."""
        update = next(event for event in reversed(interaction.of_turn) if isinstance(event, Updated))
        known = len(spoken_words(update.text))
        position = 0
        script = self._script(interaction.turn) if callable(self._script) else self._script
        for step in script:
            if not update.final and (step.words is None or step.words > known):
                break
            for action in step.actions:
                position += 1
                if position <= self._done.get(interaction.turn, 0):
                    continue
                await asyncio.sleep(step.seconds)
                self._done[interaction.turn] = position
                yield action
                if isinstance(action, Answer):
                    return
        yield Pause()

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""
