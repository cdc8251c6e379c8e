"""One connection to OpenAI Realtime: events go out in order, what comes back goes to the response it is of.

The SDK's own reconnecting is left off: it sends what was queued during an outage to a session that is new,
empty and not configured yet. A lost link stays lost; who holds it opens another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from openai import AsyncOpenAI, OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeError, RealtimeResponse, RealtimeServerEvent
from openai.types.realtime.realtime_client_event_param import RealtimeClientEventParam
from openai.types.websocket_connection_options import WebSocketConnectionOptions
from websockets.exceptions import WebSocketException

from agents.brains.realtime_response import LinkLost, Response, ResponseFailed

OPEN_SECONDS = 8.0  # until a session is configured
DONE_SECONDS = 3.0  # until a cancelled response is over

# Answers to what we did too late, or twice: what they complain about is as it should be.
_HARMLESS = frozenset(
    {"response_cancel_not_active", "item_delete_invalid_item_id", "item_truncate_invalid_item_id"}
)

# websockets writes the headers of the handshake, and so the key, to a logger at DEBUG. This one stays above.
_quiet = logging.getLogger("headstart.realtime")
_quiet.setLevel(logging.WARNING)


class Link:
    """`used` is called with every response that is over, whoever still waits for it."""

    def __init__(self, client: AsyncOpenAI, model: str, used: Callable[[Response], None]) -> None:
        self.model = model
        self.items: list[str] = []  # IDs of what stands in the conversation
        self.is_open = False
        self.opened = 0.0  # loop time
        self._client = client
        self._used = used
        self._connection: AsyncRealtimeConnection | None = None
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._responses: dict[str, Response] = {}  # by key
        self._updated = asyncio.Event()
        self._lost: LinkLost | None = None
        self._count = 0

    async def open(self, session: Mapping[str, Any]) -> None:
        """Connect and configure. Raises LinkLost."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._connect()
                self.send("session.update", session=dict(session))
                await self._updated.wait()
        except TimeoutError:
            self.close()
            raise LinkLost("no answer") from None
        if self._lost is not None:
            raise self._lost
        self.opened = asyncio.get_running_loop().time()
        self.is_open = True

    def close(self) -> None:
        """Let go of it. Whoever waits for a response gets LinkLost."""
        self._lose(LinkLost("closed"))

    async def closed(self) -> None:
        """Wait until nothing of it runs any more, after `close`."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, kind: str, **values: Any) -> str:
        """Send a client event after those before it; its ID. Raises LinkLost."""
        if self._lost is not None:
            raise self._lost
        self._count += 1
        id = f"e{self._count}"
        self._outbox.put_nowait({"type": kind, "event_id": id, **values})
        return id

    # ---- responses -----------------------------------------------------------------------------

    @property
    def active(self) -> Response | None:
        """The response that writes to the conversation, or None."""
        return next((one for one in self._responses.values() if not one.oob), None)

    @property
    def is_idle(self) -> bool:
        """Whether no response is under way."""
        return not self._responses

    def respond(
        self, turn: int, parameters: Mapping[str, Any], *, oob: bool, guess: bool, depends: set[str]
    ) -> Response:
        """Ask for a response. Raises LinkLost."""
        key = f"t{turn}r{self._count}"
        response = Response(key, turn, oob, guess)
        metadata = {"key": key, "turn": str(turn)}
        id = self.send("response.create", response={**parameters, "metadata": metadata})
        response.depends = {id, *depends}
        self._responses[key] = response
        return response

    def cancel(self, response: Response) -> None:
        """Stop a response; whatever still comes of it is dropped."""
        if response.is_cancelled or response.over.is_set():
            return
        response.is_cancelled = True
        if response.id is not None:
            with contextlib.suppress(LinkLost):
                self.send("response.cancel", response_id=response.id)

    async def rest(self) -> bool:
        """Cancel the response to the conversation, and wait until it is over; False where it hangs."""
        response = self.active
        if response is None:
            return True
        self.cancel(response)
        try:
            async with asyncio.timeout(DONE_SECONDS):
                await response.over.wait()
        except TimeoutError:
            return False
        return True

    # ---- inside --------------------------------------------------------------------------------

    async def _connect(self) -> None:
        options = cast(WebSocketConnectionOptions, {"logger": _quiet, "max_size": 2**24})
        manager = self._client.realtime.connect(model=self.model, websocket_connection_options=options)
        try:
            self._connection = await manager.enter()
        except (OSError, WebSocketException, OpenAIError) as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            self._lose(LinkLost(type(error).__name__, status=status))
            raise self._lost or LinkLost("closed") from None
        self._tasks = [
            asyncio.create_task(self._read(self._connection), name="realtime reader"),
            asyncio.create_task(self._write(self._connection), name="realtime writer"),
        ]

    async def _read(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            try:
                data = await connection.recv_bytes()
            except (OSError, WebSocketException) as error:
                code = getattr(getattr(error, "rcvd", None), "code", None)
                self._lose(LinkLost(f"closed with {code}" if code else "cut"))
                return
            try:
                self._take(connection.parse_event(data))
            except (ValueError, TypeError, AttributeError, KeyError):
                continue  # an event nobody can read; what it was about is bounded in time

    async def _write(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            event = await self._outbox.get()
            try:
                await connection.send(cast(RealtimeClientEventParam, event))
            except (OSError, WebSocketException):
                self._lose(LinkLost("cut"))
                return

    def _lose(self, why: LinkLost) -> None:
        if self._lost is not None:
            return
        self._lost, self.is_open = why, False
        self._updated.set()
        for response in list(self._responses.values()):
            self._finish(response, why)
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if self._connection is not None:
            closing = asyncio.create_task(self._hang_up(self._connection), name="realtime closing")
            self._tasks.append(closing)

    async def _hang_up(self, connection: AsyncRealtimeConnection) -> None:
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with asyncio.timeout(2.0):
                await connection.close()

    def _take(self, event: RealtimeServerEvent) -> None:
        match event.type:
            case "session.updated":
                self._updated.set()
            case "response.created":
                self._created(event.response)
            case "response.done":
                self._done(event.response)
            case "conversation.item.added":
                self._added(str(event.item.id), event.previous_item_id)
            case "conversation.item.deleted":
                if event.item_id in self.items:
                    self.items.remove(event.item_id)
            case "error":
                self._error(event.error)
            case (
                "response.output_item.added"
                | "response.output_item.done"
                | "response.output_text.delta"
                | "response.output_audio.delta"
                | "response.output_audio_transcript.delta"
            ):
                response = next(
                    (one for one in self._responses.values() if one.id == event.response_id), None
                )
                if response is not None and not response.is_cancelled:
                    response.events.put_nowait(event)
            case _:
                pass

    def _of(self, id: str | None) -> Response | None:
        """The response that is under way with this ID."""
        return next((one for one in self._responses.values() if id is not None and one.id == id), None)

    def _created(self, state: RealtimeResponse) -> None:
        response = self._responses.get((state.metadata or {}).get("key", ""))
        if response is None or state.id is None:
            return
        response.id = state.id
        if response.is_cancelled:
            self.send("response.cancel", response_id=state.id)

    def _done(self, state: RealtimeResponse) -> None:
        response = self._of(state.id)
        if response is None:
            return
        response.state = state
        details = state.status_details
        error = details.error if details is not None else None
        if state.status == "failed":
            code = str(error.code or error.type) if error is not None else "failed"
            self._finish(response, ResponseFailed(code, code))
        elif state.status == "cancelled" and not response.is_cancelled:
            self._finish(response, ResponseFailed("cancelled", "cancelled by the service"))
        elif state.status == "incomplete" and not response.text:
            reason = (details.reason if details is not None else None) or "incomplete"
            self._finish(response, ResponseFailed(reason, reason))
        else:
            self._finish(response, None)
        self._used(response)

    def _added(self, id: str, previous: str | None) -> None:
        if id in self.items:
            return
        at = self.items.index(previous) + 1 if previous in self.items else len(self.items)
        self.items.insert(at, id)

    def _error(self, error: RealtimeError) -> None:
        code = error.code or error.type
        if code == "session_expired":
            self._lose(LinkLost("expired", code=code))
        if code in _HARMLESS or error.event_id is None:
            return
        for response in list(self._responses.values()):
            if error.event_id in response.depends:
                if response.id is not None:
                    self.cancel(response)
                    response.events.put_nowait(ResponseFailed(code, error.message))
                else:
                    self._finish(response, ResponseFailed(code, error.message))
        if not self._updated.is_set():
            self._lose(LinkLost(error.message, code=code))

    def _finish(self, response: Response, outcome: Exception | None) -> None:
        self._responses.pop(response.key, None)
        response.events.put_nowait(outcome)
        response.over.set()
