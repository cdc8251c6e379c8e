"""One response of OpenAI Realtime that was asked for, and the ways in which it comes to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from openai.types.realtime import RealtimeResponse, RealtimeServerEvent


class LinkLost(Exception):
    """The connection is gone, or never came to be.

    `status` is that of a refused handshake, `code` that of an error the service gave as the reason.
    """

    def __init__(self, why: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


class ResponseFailed(Exception):
    """A response came to nothing; `code` as the service gave it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message or code)
        self.code = code


@dataclass(eq=False, slots=True)
class Response:
    """One response that was asked for. `key` finds it before the service has given it an ID."""

    key: str
    turn: int
    oob: bool
    guess: bool
    events: asyncio.Queue[RealtimeServerEvent | Exception | None] = field(
        default_factory=lambda: asyncio.Queue[RealtimeServerEvent | Exception | None]()
    )
    depends: set[str] = field(default_factory=set[str])  # client events it makes no sense without
    id: str | None = None
    item: str | None = None  # of what it says
    text: str = ""  # what it has said
    state: RealtimeResponse | None = None  # in the end
    is_cancelled: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self) -> AsyncIterator[RealtimeServerEvent]:
        """Its events until it is over. Raises ResponseFailed or LinkLost."""
        while (event := await self.events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event
