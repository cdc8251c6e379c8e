"""What a sound device's thread has recorded and the event loop has not taken yet: little, or none of it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

Block = TypeVar("Block")


class Capture(Generic[Block]):
    """Blocks of samples, and what goes with each, on their way from a thread to an event loop.

    A loop that is late takes up to `once` of them together. When `most` wait, it is far behind what is
    being said. Then all of them are dropped, rather than one now and then: what follows is whole, and as
    fresh as it can be. `None` stands in their place.
    """

    def __init__(self, most: int, once: int = 1) -> None:
        self._most = most
        self._once = once
        self._waiting: deque[Block | None] = deque()
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._is_called = False  # the loop will look

    def put(self, block: Block) -> None:
        """For the device's thread."""
        with self._lock:
            if len(self._waiting) >= self._most:
                self._waiting.clear()
                self._waiting.append(None)
            self._waiting.append(block)
        if not self._is_called:  # else a loop that is stuck would find a call for each block
            self._is_called = True
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def take(self, seconds: float) -> list[Block] | None:
        """What comes next; None where some is missing. Raises TimeoutError after so many seconds without."""
        while not self._waiting:
            self._arrived.clear()
            self._is_called = False
            if not self._waiting:  # it may have come before the flag was down
                await asyncio.wait_for(self._arrived.wait(), seconds)
        with self._lock:
            first = self._waiting.popleft()
            if first is None:
                return None
            taken = [first]
            while len(taken) < self._once and self._waiting and (block := self._waiting[0]) is not None:
                taken.append(block)
                self._waiting.popleft()
        return taken
