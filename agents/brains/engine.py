"""What continues a stream of text: the seam between a text brain and the engine that runs its model.

A brain hands over the whole stream each time. What an engine has computed before it does not compute again,
each in its own way: a server keeps what it wrote to in its prefix cache, an engine in this process keeps one
request open and is fed only what is new.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.brain import BrainError


@dataclass(frozen=True, slots=True)
class Order:
    """How to continue a stream: at most `limit` tokens, until an action ends that ends a reaction.

    `grammar` (GBNF) is all that may be written; an engine that cannot hold its model to it leaves it alone,
    and what comes of it is checked when it is read. `is_final`: the user waits for it, so that it goes before
    those that only guess.
    """

    limit: int
    grammar: str | None = None
    is_final: bool = False


@dataclass(slots=True)
class Used:
    """Tokens that an engine has handled: in the streams it was given, those of them it had, and written ones.

    `new` are those of a stream that the one before, with what was written to it, did not begin with. `cached`
    are those the engine says it had; a request that was closed early does not say.
    """

    given: int = 0
    new: int = 0
    cached: int = 0
    written: int = 0


class Engine(Protocol):
    """Runs a model."""

    used: Used

    async def open(self) -> None:
        """Load or reach the model. Raises BrainError."""
        ...

    def write(self, stream: Sequence[str], order: Order) -> AsyncGenerator[str, None]:
        """Continue `stream`, whose parts are cut into tokens alike whatever stands beside them.

        Closing it interrupts the model. One at a time. Raises BrainError where the engine fails, and before
        it begins where the stream has outgrown the model's context.
        """
        ...

    async def close(self) -> None:
        """Let go of the model. Nothing may be under way."""
        ...


def room(tokens: int, context: int, limit: int) -> int:
    """How many tokens may be written after `tokens`: `limit`, or fewer where `context` ends before.

    Raises BrainError where there is no room for any.
    """
    # The last of a context's places stays free: some engines compute one token ahead.
    left = context - 1 - tokens
    if left < 1:
        raise BrainError(
            f"The turn is too long for the model: {tokens} tokens of {context}; "
            "say it in shorter turns, or serve the model with a longer context."
        )
    return min(limit, left)


class Cuts:
    """The tokens of what was cut last, so that of a growing stream only what is new is cut.

    What a model wrote is kept in the tokens it wrote it in, which need not be those a tokenizer would have
    chosen: so its computed keys and values stay of use.
    """

    _KEPT = 64

    def __init__(self) -> None:
        self._ids: dict[str, list[int]] = {}

    def known(self, stream: Sequence[str]) -> tuple[list[int], str]:
        """The tokens of as many leading parts as are known, and the text of the others."""
        for count in range(len(stream), 0, -1):
            if (ids := self._ids.get("".join(stream[:count]))) is not None:
                return ids, "".join(stream[count:])
        return [], "".join(stream)

    def keep(self, text: str, ids: Sequence[int]) -> None:
        """Remember the tokens of `text`, and forget those of the oldest."""
        self._ids.pop(text, None)
        self._ids[text] = list(ids)
        if len(self._ids) > self._KEPT:
            del self._ids[next(iter(self._ids))]
