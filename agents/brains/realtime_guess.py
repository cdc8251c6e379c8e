"""OpenAI Realtime as the one who guesses: responses out of band, of which the conversation knows nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agents import history, native
from agents.actions import Action
from agents.brain import Interaction
from agents.brains.openai_words import failed, lost
from agents.brains.realtime_link import Link
from agents.brains.realtime_response import LinkLost, Response, ResponseFailed
from agents.brains.realtime_service import Service
from agents.native import CallReader

HISTORY = 40  # items of the conversation that a guess refers to
TOKENS = 600  # of a guess, reasoning among them


class OutOfBand:
    """Guesses over the connection of `service`, which is not its own to close."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def warm_up(self) -> None:
        """Connect. Raises BrainError."""
        await self._service.ready({})

    async def close(self) -> None:
        """The connection is another's."""

    async def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Calls and removals, asked for once more where the connection broke; closing it cancels by ID."""
        model = self._service.options.model
        for attempt in (1, 2):
            link = (await self._service.ready(interaction.turns, interaction.turn)).link
            reader = CallReader(self._service.toolbox, interaction.of_turn)
            response = None
            try:
                response = _ask(link, interaction)
                async for event in response.stream():
                    if event.type == "response.output_item.done" and event.item.type == "function_call":
                        action = reader.read(event.item.name, event.item.arguments)
                        if action is not None:
                            yield action
                return
            except LinkLost as error:
                if attempt == 2:
                    raise lost(error, model) from None
            except ResponseFailed as error:
                raise failed(error) from None
            finally:
                if response is not None:
                    link.cancel(response)


def _ask(link: Link, interaction: Interaction) -> Response:
    said = {"type": "input_text", "text": native.update(interaction.of_turn)}
    references = [{"type": "item_reference", "id": id} for id in link.items[-HISTORY:]]
    return link.respond(
        interaction.turn,
        {
            "conversation": "none",
            "output_modalities": ["text"],
            "max_output_tokens": TOKENS,
            "input": [*references, {"type": "message", "role": "user", "content": [said]}],
        },
        oob=True,
        guess=not history.is_certain(interaction.of_turn),
        depends=set(),
    )
