"""A Gemini server on loopback that a wrong client cannot pass: the Live socket, and what a model is.

TLS, because the SDK insists on it. Every message is checked by `gemini_wire`, every rule that depends on
what came before by `gemini_session`; what breaks one is refused as the service does, by closing, and stands
in `refused`. Delay and jitter lie on the way, in both directions; order is kept.
"""

from __future__ import annotations

import asyncio
import http
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.doubles import gemini_wire as wire
from tests.doubles.gemini_mind import History, Mind
from tests.doubles.gemini_session import LiveSession, Pace, Phase
from tests.doubles.gemini_wire import Refused
from tests.doubles.line import Line, Network
from tests.doubles.tls import loopback

KEY = "AIzaSy-the-key-of-the-double"
LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
MODELS = {"gemini-3.8-live": "bidiGenerateContent", "gemini-3.8-flash": "generateContent"}
OLDER = {"gemini-2.5-flash-live": "bidiGenerateContent"}


@dataclass(slots=True)
class Fault:
    """What goes wrong the `nth` time the `phase` is reached, counted over all connections.

    `kind`: "abort" (the line is cut), a close code, "http 429" and the like (connecting only), "unknown"
    (a message of a kind nobody knows), "garbage" (no JSON), "hang" (no word any more), "go away".
    """

    phase: Phase
    kind: str | int
    nth: int = 1


class _Broken(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


REASONS = {
    1007: "Request contains an invalid argument.",
    1008: "The operation was aborted.",
    1011: "Internal error encountered.",
    1012: "Service restart.",
}


@dataclass(slots=True)
class GeminiDouble:
    """`async with GeminiDouble(mind) as double:` serves until the end of the block.

    `journal` holds (who, message) for both sides, in the order the server saw them.
    """

    mind: Mind
    pace: Pace = field(default_factory=Pace)
    network: Network = field(default_factory=Network)
    faults: list[Fault] = field(default_factory=list)
    time_left: float = 0.2  # seconds that "go away" leaves
    seed: int = 1
    quota: str = ""  # the reason for which every connection is refused
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    connections: int = 0
    watch: Callable[[Phase], None] = lambda phase: None

    _handles: dict[str, History] = field(default_factory=dict)
    _seen: dict[Phase, int] = field(default_factory=dict)
    _server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._live, "127.0.0.1", 0, ssl=loopback().server, process_request=self._http, max_size=2**20
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The base address for a client."""
        assert self._server is not None
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The client's messages of one kind, as they came."""
        return [message[kind] for who, message in self.journal if who == "client" and kind in message]

    def forget(self) -> None:
        """No handle is valid any more."""
        self._handles.clear()

    # ---- connecting ----------------------------------------------------------------------------

    def _http(self, connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        key = request.headers.get("x-goog-api-key", "")
        if path != LIVE:
            return self._model(connection, path, key)
        fault = self._due(Phase.CONNECT)
        if fault is not None:
            if isinstance(fault.kind, str) and fault.kind.startswith("http "):
                return _error(
                    connection, int(fault.kind.removeprefix("http ")), "RESOURCE_EXHAUSTED", "later"
                )
            connection.transport.abort()
        return None

    def _model(self, connection: ServerConnection, path: str, key: str) -> Response:
        if not path.startswith("/v1beta/models/"):
            return _error(connection, 404, "NOT_FOUND", f"no such path: {path}")
        if key != KEY:
            return _error(
                connection, 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."
            )
        name = path.removeprefix("/v1beta/models/")
        method = {**MODELS, **OLDER}.get(name)
        if method is None:
            return _error(connection, 404, "NOT_FOUND", f"models/{name} is not found for API version v1beta")
        return _json(connection, 200, {"name": f"models/{name}", "supportedGenerationMethods": [method]})

    async def _live(self, connection: ServerConnection) -> None:
        self.connections += 1
        assert connection.request is not None
        key = connection.request.headers.get("x-goog-api-key", "")
        out = Line(self.network, random.Random(self.seed + self.connections))
        sending = asyncio.create_task(out.deliver(connection.send))
        session: LiveSession | None = None
        try:
            if key != KEY:
                raise Refused(
                    "API key not valid. Please pass a valid API key."
                    if key
                    else "Method doesn't allow unregistered callers (callers without established identity).",
                    1007 if key else 1008,
                )
            if self.quota:
                raise Refused(self.quota, 1011)
            session = await self._open(connection, out)
            await self._serve(connection, session)
        except Refused as refusal:
            self.refused.append(str(refusal))
            await out.drained()
            await connection.close(refusal.code, str(refusal).encode()[:123].decode(errors="ignore"))
        except _Broken as broken:
            await self._break(connection, broken.fault)
        except ConnectionClosed:
            pass
        finally:
            sending.cancel()
            if session is not None:
                await session.close()

    async def _open(self, connection: ServerConnection, out: Line) -> LiveSession:
        message = self._read(await connection.recv())
        if not isinstance(message, wire.Setup):
            raise Refused("setup must be the first message")
        self._check_setup(message)
        history = History()
        resumption = message.setup.session_resumption
        if resumption is not None and resumption.handle is not None:
            known = self._handles.get(resumption.handle)
            if known is None:
                raise Refused("Invalid session resumption handle.")
            history = known.copy()
        if (fault := self._due(Phase.SETUP)) is not None:
            raise _Broken(fault)

        def send(content: dict[str, Any]) -> None:
            self.journal.append(("server", content))
            out.put(json.dumps(content).encode())

        send({"setupComplete": {"sessionId": f"session-{self.connections}"}})

        async def at(phase: Phase) -> None:
            fault = self._due(phase)
            if fault is not None:
                await self._strike(fault, session, send, out)

        session = LiveSession(message, self.mind, self.pace, history, send, at, self._keep)
        return session

    def _check_setup(self, message: wire.Setup) -> None:
        if (
            message.model not in {**MODELS, **OLDER}
            or {**MODELS, **OLDER}[message.model] != "bidiGenerateContent"
        ):
            raise Refused(
                f"models/{message.model} is not found for API version v1beta, or is not supported for "
                "bidiGenerateContent.",
                1008,
            )
        config = message.setup.generation_config
        if message.model.startswith("gemini-3.8"):
            modalities = [str(one.value) for one in (config.response_modalities or [])] if config else []
            if modalities != ["AUDIO"]:
                raise Refused("responseModalities: gemini-3.8-live answers with AUDIO only")
            if config and (config.thinking_config or config.enable_affective_dialog is not None):
                raise Refused("generationConfig: gemini-3.8-live takes no thinkingConfig or affective dialog")
            if message.setup.proactivity is not None:
                raise Refused("proactivity cannot be set for gemini-3.8-live")

    async def _serve(self, connection: ServerConnection, session: LiveSession) -> None:
        """Until the client is gone. Raises Refused, _Broken or ConnectionClosed."""
        line = Line(self.network, random.Random(self.seed))

        async def take(raw: str | bytes) -> None:
            await session.receive(self._read(raw))

        async def listen() -> None:
            async for raw in connection:
                line.put(raw)

        tasks = [asyncio.ensure_future(one) for one in (listen(), line.deliver(take), session.failure)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    def _read(self, raw: str | bytes) -> wire.Message:
        self.journal.append(("client", _readable(raw)))
        return wire.read(raw)

    def _keep(self, history: History) -> str:
        handle = f"handle-{len(self._handles) + 1}"
        self._handles[handle] = history
        return handle

    # ---- faults --------------------------------------------------------------------------------

    def _due(self, phase: Phase) -> Fault | None:
        """The fault that strikes now."""
        self.watch(phase)
        self._seen[phase] = count = self._seen.get(phase, 0) + 1
        return next((fault for fault in self.faults if fault.phase is phase and fault.nth == count), None)

    async def _strike(
        self, fault: Fault, session: LiveSession, send: Callable[[dict[str, Any]], None], out: Line
    ) -> None:
        match fault.kind:
            case "unknown":
                send({"somethingNew": {"value": 1}})
            case "garbage":
                out.put(b"{not json")
            case "hang":
                await asyncio.Event().wait()
            case "go away":
                send({"goAway": {"timeLeft": f"{self.time_left}s"}})
                asyncio.get_running_loop().call_later(
                    self.time_left, session.fail, _Broken(Fault(fault.phase, 1008))
                )
            case _:
                raise _Broken(fault)

    async def _break(self, connection: ServerConnection, fault: Fault) -> None:
        if isinstance(fault.kind, int):
            await connection.close(fault.kind, REASONS.get(fault.kind, ""))
        else:
            connection.transport.abort()


def _readable(raw: str | bytes) -> dict[str, Any]:
    """A client message for the journal, its top field in snake case."""
    try:
        return {wire.snake(key): value for key, value in json.loads(raw).items()}
    except (ValueError, AttributeError):
        return {"unreadable": str(raw)[:80]}


def _json(connection: ServerConnection, status: int, body: dict[str, Any]) -> Response:
    response = connection.respond(http.HTTPStatus(status), json.dumps(body))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _error(connection: ServerConnection, code: int, status: str, message: str) -> Response:
    return _json(connection, code, {"error": {"code": code, "message": message, "status": status}})
