"""An OpenAI server on loopback that a wrong client cannot pass: the Realtime socket, and the models.

Every event is checked by `openai_wire`, every rule that depends on what came before by `openai_session`;
what breaks one is answered with an `error` that names it, and stands in `refused`. Delay and jitter lie on
the way, in both directions; order is kept.
"""

from __future__ import annotations

import asyncio
import http
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.doubles import openai_wire as wire
from tests.doubles.line import Line, Network
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_mind import Mind
from tests.doubles.openai_session import Session
from tests.doubles.openai_wire import Refused

KEY = "sk-double-0123456789abcdef"
MODELS = ("gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-1.5")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong the `nth` time the `phase` is reached, counted over all connections.

    `kind`: "abort" (the line is cut), a close code, a status (connecting only: 401, 429, 503), "expired"
    (the session is at its cap), "error" (a server error event), "malformed" and "unknown" (events nobody
    can read), "hang" (the response never comes to anything), or the code with which a response fails.
    """

    phase: Phase
    kind: str | int
    nth: int = 1


class _Broken(Exception):
    def __init__(self, kind: str | int) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(slots=True)
class OpenAIDouble:
    """`async with OpenAIDouble(mind) as double:` serves until the end of the block.

    `journal` holds (who, event) for both sides, in the order the server saw them. `transcribe` is what the
    model hears in committed sound.
    """

    mind: Mind
    pace: Pace = field(default_factory=Pace)
    network: Network = field(default_factory=Network)
    faults: Sequence[Fault] = ()
    key: str = KEY
    models: Sequence[str] = MODELS
    seed: int = 1
    transcribe: Callable[[bytes], str] = lambda pcm: ""
    watch: Callable[[Phase], None] = lambda phase: None
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    connections: int = 0
    failures: list[BaseException] = field(default_factory=list)

    _seen: dict[Phase, int] = field(default_factory=dict)
    _server: Server | None = None
    _open: set[asyncio.Future[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await serve(self._serve, "127.0.0.1", 0, process_request=self._http, max_size=2**24)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        if kind is None and self.failures:
            raise self.failures[0]

    @property
    def url(self) -> str:
        """The base address for a client."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The client's events of one kind, as they came."""
        return [event for who, event in self.journal if who == "client" and event.get("type") == kind]

    def drop(self, kind: str | int = "abort") -> None:
        """Break every connection now."""
        for broken in list(self._open):
            if not broken.done():
                broken.set_exception(_Broken(kind))

    # ---- connecting ----------------------------------------------------------------------------

    def _http(self, connection: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return _error(
                connection, 401, "invalid_api_key", f"Incorrect API key provided: {shown[:5]}***{shown[-4:]}."
            )
        if "OpenAI-Beta" in request.headers:
            return _error(connection, 400, "beta_api_shape_disabled", "The beta API is gone.")
        if url.path.startswith("/v1/models/"):
            return self._model(connection, url.path.removeprefix("/v1/models/"))
        if url.path != "/v1/realtime":
            return _error(connection, 404, "not_found", f"no such path: {url.path}")
        fault = self._due(Phase.CONNECT)
        if fault is not None:
            if isinstance(fault.kind, int):
                code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(fault.kind, "server_error")
                return _error(connection, fault.kind, code, "later")
            connection.transport.abort()
            return None
        model = parse_qs(url.query).get("model", [""])[0]
        if model not in self.models:
            return self._model(connection, model)
        return None

    def _model(self, connection: ServerConnection, name: str) -> Response:
        if name not in self.models:
            text = f"The model `{name}` does not exist or you do not have access to it."
            return _error(connection, 404, "model_not_found", text)
        body = {"id": name, "object": "model", "created": 1, "owned_by": "system"}
        return _json(connection, 200, body)

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        assert connection.request is not None
        model = parse_qs(urlsplit(connection.request.path).query)["model"][0]
        rng = random.Random(self.seed + self.connections)
        out, into = Line(self.network, rng), Line(self.network, rng)
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(broken)
        count = 0

        def emit(kind: str, **values: Any) -> None:
            nonlocal count
            count += 1
            event = {"type": kind, "event_id": f"event_{count:06}", **values}
            text = wire.write(event)
            self.journal.append(("server", event))
            out.put(text)

        async def at(phase: Phase) -> str | None:
            fault = self._due(phase)
            return await self._strike(fault.kind, emit, out, broken) if fault is not None else None

        session = Session(model, self.mind, self.pace, emit, at, self.transcribe)

        async def take(raw: str | bytes) -> None:
            await self._take(raw, session, emit)

        async def listen() -> None:
            async for raw in connection:
                into.put(raw)

        emit("session.created", session=session.config)
        tasks = [
            asyncio.ensure_future(one)
            for one in (listen(), into.deliver(take), out.deliver(connection.send), broken)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _Broken as why:
            if isinstance(why.kind, int):
                await connection.close(why.kind, "")
            else:
                connection.transport.abort()
        except ConnectionClosed:
            pass
        except (AssertionError, LookupError, TypeError) as defect:  # of the double, or of what it is told
            self.failures.append(defect)
            connection.transport.abort()
        finally:
            self._open.discard(broken)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            runs = [run.task for run in session.runs.values() if run.task is not None]
            self.failures += [
                error
                for task in runs
                if task.done()
                and not task.cancelled()
                and (error := task.exception()) is not None
                and not isinstance(error, _Broken)
            ]
            await session.close()

    async def _take(self, raw: str | bytes, session: Session, emit: Callable[..., None]) -> None:
        event: dict[str, Any] = {}
        try:
            event = json.loads(raw)
            self.journal.append(("client", event))
            await session.receive(wire.read(raw))
        except Refused as refusal:
            self.refused.append(f"{refusal.code}: {refusal}")
            emit(
                "error",
                error={
                    "type": "invalid_request_error",
                    "code": refusal.code,
                    "message": str(refusal),
                    "param": refusal.param,
                    "event_id": event.get("event_id"),
                },
            )

    # ---- faults --------------------------------------------------------------------------------

    def _due(self, phase: Phase) -> Fault | None:
        self.watch(phase)
        self._seen[phase] = count = self._seen.get(phase, 0) + 1
        return next((fault for fault in self.faults if fault.phase is phase and fault.nth == count), None)

    async def _strike(
        self, kind: str | int, emit: Callable[..., None], out: Line, broken: asyncio.Future[None]
    ) -> str | None:
        match kind:
            case "malformed":
                out.put("{not json")
                out.put('{"type": "response.done"}')
                out.put('{"type": "response.created", "response": 7}')
                out.put('["response.done"]')
            case "unknown":
                out.put('{"type": "response.telepathy", "event_id": "event_x", "thought": {}}')
            case "error":
                error = {"type": "server_error", "code": None, "message": "The server had an error."}
                emit("error", error=error)
            case "expired":
                text = "Your session hit the maximum duration of 60 minutes."
                emit(
                    "error",
                    error={"type": "invalid_request_error", "code": "session_expired", "message": text},
                )
                await out.drained()
                broken.set_exception(_Broken(1001)) if not broken.done() else None
                await asyncio.sleep(3600)
            case "abort" | int():
                broken.set_exception(_Broken(kind)) if not broken.done() else None
                await asyncio.sleep(3600)
            case _:
                return kind
        return None


def _json(connection: ServerConnection, status: int, body: dict[str, Any]) -> Response:
    response = connection.respond(http.HTTPStatus(status), json.dumps(body))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _error(connection: ServerConnection, status: int, code: str, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json(connection, status, {"error": error})
