"""What every text model has in common here: the stream it continues, and the actions in what it writes."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncGenerator

from agents import protocol, wire
from agents.actions import Action, Answer, Answering, Pause
from agents.brain import BrainError, Interaction
from tools.assistant import assistant_tools
from tools.tool import Tool
from tools.toolbox import Toolbox

LIMIT = 160  # tokens of one reaction
PAUSED = wire.TOKENS[protocol.PAUSE]
# An action is complete where one of these was written: a call, a pause, an answer.
COMPLETING = (")", PAUSED, "\n")
_MARKS = (*COMPLETING, wire.TOKENS[protocol.ANSWER])

_BY_HEART = {tool.name: tool.parameters for tool in assistant_tools()}


def is_known(tool: Tool) -> bool:
    """Whether a trained model knows `tool` by heart."""
    return _BY_HEART.get(tool.name) == tool.parameters


def declaration(tool: Tool) -> str:
    """What a model is told of `tool`."""
    return protocol.declare(tool.name, tool.description, tool.parameters)


@functools.lru_cache(maxsize=32)
def declared(toolbox: Toolbox) -> tuple[str, ...]:
    """The declarations of the tools of `toolbox` that a trained model does not know by heart."""
    return tuple(declaration(tool) for tool in toolbox if not is_known(tool))


def stream(interaction: Interaction) -> list[str]:
    """The current turn in wire text, as parts that are cut into tokens alike whatever stands beside them."""
    parts = [*declared(interaction.toolbox), *protocol.elements(interaction.of_turn)]
    return [wire.encode(part) for part in parts]


async def actions(pieces: AsyncGenerator[str, None], name: str) -> AsyncGenerator[Action, None]:
    """The actions in `pieces` of wire text, each as soon as it is complete, until a pause or an answer.

    That an answer begins is one of them: nothing but its words can follow.
    The pieces are closed with it. `name` is what the user is told the model is called. Raises BrainError for
    text that is unreadable, or ends too early.
    """
    parser = protocol.ActionParser()
    text = fed = ""
    is_answering = False
    try:
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                text += piece
                # Whole actions only: half a wire token would decode differently than the whole.
                end = max((at + len(mark) for mark in _MARKS if (at := text.rfind(mark)) >= 0), default=0)
                if end <= len(text) - len(piece):
                    continue
                decoded = wire.decode(text[:end])
                for action in parser.feed(decoded.removeprefix(fed)):
                    if isinstance(action, Answer) and not is_answering:
                        yield Answering()
                    yield action
                    if isinstance(action, Pause | Answer):
                        return
                fed = decoded
                if parser.is_answering and not is_answering:
                    is_answering = True
                    yield Answering()
    except protocol.ProtocolError as error:
        raise BrainError(f"{name} wrote something unreadable: {error}") from error
    raise BrainError(f"{name} wrote more than it may without coming to an end.")
