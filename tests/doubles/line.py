"""The way between client and server: messages arrive late, and in the order they were sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """Seconds on the way, one way: `delay`, and up to `jitter` more."""

    delay: float = 0.0
    jitter: float = 0.0


class Line:
    """One direction of a connection."""

    def __init__(self, network: Network, rng: random.Random) -> None:
        self._network = network
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._latest = 0.0
        self._messages: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()

    def put(self, message: str | bytes) -> None:
        """Send a message on its way."""
        due = self._loop.time() + self._network.delay + self._rng.uniform(0, self._network.jitter)
        self._latest = max(self._latest, due)
        self._messages.put_nowait((self._latest, message))

    async def deliver(self, take: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand over every message as it arrives, for ever."""
        while True:
            due, message = await self._messages.get()
            await asyncio.sleep(due - self._loop.time())
            await take(message)
            self._messages.task_done()

    async def drained(self) -> None:
        """Wait until everything sent has been handed over."""
        await self._messages.join()
