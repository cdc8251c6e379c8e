"""Brains as an arm or a clock needs them: far away, one call at a time, or on a virtual clock."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar, cast

from agents.actions import Action, Answer, Call, Pause
from agents.brain import Brain, Interaction
from agents.events import CallChanged, CallState, Event
from app.bench.gold import written

T = TypeVar("T")


def _stream(brain: Brain, interaction: Interaction) -> contextlib.aclosing[AsyncGenerator[Action, None]]:
    return contextlib.aclosing(cast("AsyncGenerator[Action, None]", brain.react(interaction)))


class Wrapped:
    """A brain that is another one, but for how it reacts."""

    def __init__(self, brain: Brain) -> None:
        self._brain = brain
        self.name = brain.name
        self.patience = brain.patience

    async def warm_up(self) -> None:
        """Nothing: the brain inside is warmed up by whoever made it."""

    async def close(self) -> None:
        """Nothing: the brain inside serves the next task."""


class Watched(Wrapped):
    """A brain whose reactions are counted: all, and those that newer words cut off."""

    def __init__(self, brain: Brain) -> None:
        super().__init__(brain)
        self.inside = brain
        self.reactions = self.interrupted = 0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """React."""
        self.reactions += 1
        is_whole = False
        try:
            async with _stream(self._brain, interaction) as actions:
                async for action in actions:
                    is_whole = isinstance(action, Pause | Answer)
                    yield action
        finally:
            self.interrupted += not is_whole


class Far(Wrapped):
    """A brain behind a network: each reaction begins `seconds` later, there and back."""

    def __init__(self, brain: Brain, seconds: float) -> None:
        super().__init__(brain)
        self._seconds = seconds

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """React, later."""
        await asyncio.sleep(self._seconds)
        async with _stream(self._brain, interaction) as actions:
            async for action in actions:
                yield action


class OneByOne(Wrapped):
    """A brain that waits for the result of each read before it writes on, and is shown it.

    Effects run one after the other anyway, once it has answered. `listen` must get the session's events.
    """

    def __init__(self, brain: Brain) -> None:
        super().__init__(brain)
        self._news = asyncio.Event()

    def listen(self, event: Event) -> None:
        """A listener of the session: a result may be there."""
        if isinstance(event, CallChanged):
            self._news.set()

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """React in pieces, each of one call that runs."""
        is_going_on = True
        while is_going_on:
            is_going_on = False
            async with _stream(self._brain, interaction) as actions:
                async for action in actions:
                    yield action
                    if isinstance(action, Pause | Answer):
                        return
                    if isinstance(action, Call) and _state(interaction, action.id) is CallState.RUNNING:
                        is_going_on = True
                        break
            while is_going_on and _state(interaction, action.id) is CallState.RUNNING:
                self._news.clear()
                await self._news.wait()


def _state(interaction: Interaction, call: int) -> CallState | None:
    changes = (event for event in reversed(interaction.of_turn) if isinstance(event, CallChanged))
    return next((event.state for event in changes if event.call == call), None)


class RealLoop:
    """An event loop with a real clock in a thread of its own, for what a virtual one cannot wait for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="real clock", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        """Run `work` there; everything here stands still meanwhile."""
        return self.start(work).result()

    def start(self, work: Awaitable[T]) -> Future[T]:
        """Begin `work` there."""

        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop)

    def do(self, step: Callable[[], object]) -> None:
        """Let `step` happen there."""
        self._loop.call_soon_threadsafe(step)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Replayed(Wrapped):
    """A real brain on a virtual clock: it thinks while that clock stands, and what it took passes on it.

    `speed` is in tokens a second; None: each action takes as long as it really took. A reaction that is
    interrupted was thought to its end all the same, which changes nothing that is seen.
    """

    def __init__(self, brain: Brain, loop: RealLoop, speed: float | None = None) -> None:
        super().__init__(brain)
        self._loop = loop
        self._speed = speed

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """React as the brain did."""
        for action, seconds in self._loop.run(self._think(interaction)):
            await asyncio.sleep(seconds if self._speed is None else written(action, self._speed))
            yield action

    async def _think(self, interaction: Interaction) -> list[tuple[Action, float]]:
        thought: list[tuple[Action, float]] = []
        began = time.perf_counter()
        async with _stream(self._brain, interaction) as actions:
            async for action in actions:
                now = time.perf_counter()
                thought.append((action, now - began))
                began = now
                if isinstance(action, Pause | Answer):
                    break
        return thought
