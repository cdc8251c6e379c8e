"""A Gemini Live session over as many connections as it takes.

The SDK never reconnects. Here a connection that ends is followed by another that resumes the session
where that is possible. What was to be sent on a connection that is gone is dropped, never sent on the next
one: whoever sent it learns of the loss and decides. A message the SDK cannot read is skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from google.genai import errors, types
from google.genai.live import AsyncSession
from websockets.exceptions import WebSocketException

from agents.brain import BrainError
from agents.brains.gemini_words import Refusal, explained

_WAITS = (0.0, 0.2, 0.5, 1.0, 2.0)  # seconds before each attempt to connect
_TIMEOUT = 8.0  # seconds that one attempt may take
_LASTING = 2.0  # seconds after which a connection that ends counts as one that worked
_UNREADABLE = 3  # messages in a row after which the connection is given up

Connect = Callable[[str | None], AbstractAsyncContextManager[AsyncSession]]
Send = Callable[[AsyncSession], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Connected:
    """There is a connection. The service remembers what was kept under the mark `resumed`; None: nothing."""

    resumed: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, and with it whatever was under way."""

    error: BrainError


@dataclass(frozen=True, slots=True)
class Leaving:
    """The service closes this connection soon: make another when nothing is under way."""


Told = types.LiveServerMessage | Connected | Lost | Leaving


class Link:
    """`told` is called with every message and with what happens to the connection, in order.

    `mark` gives a number to keep with a handle: what the session had reached. `model` is named in errors.
    """

    def __init__(
        self, connect: Connect, told: Callable[[Told], None], mark: Callable[[], int], model: str
    ) -> None:
        self._connect = connect
        self._told = told
        self._mark = mark
        self._model = model
        self.number = 0  # of the connection; what was sent on another one is void
        self._handle: tuple[str, int] | None = None
        self._session: AsyncSession | None = None
        self._changed = asyncio.Condition()
        self._error: BrainError | None = None  # why there is no connection, once that is given up
        self._running: asyncio.Task[None] | None = None
        self._outbox: asyncio.Queue[tuple[int, Send]] = asyncio.Queue()
        self._rotating = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._session is not None

    async def up(self) -> None:
        """Wait for a connection; begin to connect where that was given up. Raises BrainError."""
        if self._running is None or self._running.done():
            self._error = None
            self._running = asyncio.create_task(self._run(), name="gemini live")
        async with self._changed:
            await self._changed.wait_for(lambda: self._session is not None or self._error is not None)
            if self._session is None and self._error is not None:
                raise self._error

    def send(self, send: Send) -> None:
        """Send on the present connection, after what was sent before; nothing where there is none."""
        if self._session is not None:
            self._outbox.put_nowait((self.number, send))

    def rotate(self) -> None:
        """Make another connection now: what is under way on this one is void."""
        self._session = None
        self._rotating.set()

    async def close(self) -> None:
        """Let go of the connection."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await asyncio.gather(*self._closing)

    # ---- inside --------------------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            await asyncio.sleep(_WAITS[failures])
            number, began = self.number, loop.time()
            try:
                await self._live()
                failures = 0
                continue
            except (errors.APIError, WebSocketException, OSError, TypeError, ValueError) as error:
                why = explained(error, self._model)
            finally:
                self._session = None
            if self.number != number:
                self._told(Lost(why))
            else:
                self._handle = None  # perhaps the service knows it no more
            failures = 0 if loop.time() - began > _LASTING else failures + 1
            if isinstance(why, Refusal) or failures == len(_WAITS):
                async with self._changed:
                    self._error = why
                    self._changed.notify_all()
                return

    async def _live(self) -> None:
        """One connection. Returns when it is to be rotated; raises what ends it otherwise."""
        handle, mark = self._handle or (None, None)
        stack = contextlib.AsyncExitStack()
        tasks: list[asyncio.Task[Any]] = []
        try:
            async with asyncio.timeout(_TIMEOUT):
                session = await stack.enter_async_context(self._connect(handle))
            self.number += 1
            self._session = session
            self._rotating.clear()
            self._told(Connected(mark))
            async with self._changed:
                self._changed.notify_all()
            tasks += [
                asyncio.create_task(self._receive(session)),
                asyncio.create_task(self._send_all(session)),
                asyncio.create_task(self._rotating.wait()),
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._session = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # A server that hangs does not answer the closing handshake either: nobody waits for it.
            closing = asyncio.create_task(self._let_go(stack))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _let_go(self, stack: contextlib.AsyncExitStack) -> None:
        with contextlib.suppress(errors.APIError, WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(_TIMEOUT):
                await stack.aclose()

    async def _send_all(self, session: AsyncSession) -> None:
        while True:
            number, send = await self._outbox.get()
            if number == self.number:
                await send(session)

    async def _receive(self, session: AsyncSession) -> None:
        unreadable = 0
        while True:
            messages = session.receive()  # ends with each turn
            try:
                async for message in messages:
                    unreadable = 0
                    self._take(message)
            except (TypeError, ValueError):
                # The SDK fails this way at a kind of message it does not know, and at what is no JSON.
                unreadable += 1
                if unreadable == _UNREADABLE:
                    raise

    def _take(self, message: types.LiveServerMessage) -> None:
        update = message.session_resumption_update
        if update is not None and update.resumable and update.new_handle:
            self._handle = (update.new_handle, self._mark())
        if message.go_away is not None:
            self._told(Leaving())
        self._told(message)
