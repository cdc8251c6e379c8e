"""A larger model with a clock-trained adapter, on vLLM or whatever else completes text.

It reads and writes the same stream as the local brain, through an engine: a server over HTTP, or vLLM inside
this process.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from agents.actions import Action
from agents.brain import Interaction
from agents.brains.engine import Engine, Order
from agents.brains.grammar import Situation, grammar
from agents.brains.writing import LIMIT, actions, stream
from tools.toolbox import Toolbox


class VllmBrain:
    """Thinks with the model of `engine`. `toolbox` is what it will mostly be asked to use."""

    name = "vllm"
    # As long as a call of thirty tokens takes at the pace of an edge GPU: finishing it costs the new words
    # no more than writing it again would, and what is whole can stay where it is in the model's memory.
    patience = 0.4

    def __init__(self, engine: Engine, toolbox: Toolbox) -> None:
        self._engine = engine
        self._toolbox = toolbox

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Continue the stream of the current turn."""
        situation = Situation.of(interaction.of_turn)
        order = Order(LIMIT, grammar(interaction.toolbox, situation), situation.final)
        pieces = self._engine.write(stream(interaction), order)
        async with contextlib.aclosing(actions(pieces, "The model")) as written:
            async for action in written:
                yield action

    async def warm_up(self) -> None:
        """Reach the engine, and have it read the declared tools, which lead every stream."""
        await self._engine.open()
        opening = stream(Interaction(self._toolbox, 1, ())) or [" "]
        # The grammar of an answer takes longest to prepare, and most of it serves all later ones.
        order = Order(1, grammar(self._toolbox, Situation(final=True)))
        async with contextlib.aclosing(self._engine.write(opening, order)) as pieces:
            async for _ in pieces:
                pass

    async def close(self) -> None:
        """Let go of the engine."""
        await self._engine.close()
