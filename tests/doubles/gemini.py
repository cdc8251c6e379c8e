"""A Gemini server on loopback that a wrong client cannot pass: the Live socket, and its text model.

TLS, because the SDK insists on it. Every message is checked by `gemini_wire`, every rule that depends on
what came before by `gemini_session`; what breaks one is refused as the service does, by closing, and stands
in `refused`. Delay and jitter lie on the way, in both directions; order is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.doubles import gemini_models as models
from tests.doubles import gemini_wire as wire
from tests.doubles.gemini_mind import History, Mind
from tests.doubles.gemini_models import KEY, Guess
from tests.doubles.gemini_session import LiveSession, Pace, Phase
from tests.doubles.gemini_wire import Refused
from tests.doubles.line import Line, Network
from tests.doubles.tls import loopback

LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


@dataclass(slots=True)
class Fault:
    """What goes wrong the `nth` time the `phase` is reached, counted over all connections.

    `kind`: "abort" (the line is cut), a close code, "http 429" and the like (connecting and guessing only),
    "unknown" (a message of a kind nobody knows), "garbage" (no JSON), "hang" (no word any more), "go away".
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

    `guess` is the text model, `think_of_guess` the seconds until its first word. `journal` holds (who,
    message) for both sides, in the order the server saw them.
    """

    mind: Mind
    pace: Pace = field(default_factory=Pace)
    network: Network = field(default_factory=Network)
    guess: Guess = models.nothing
    think_of_guess: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    time_left: float = 0.2  # seconds that "go away" leaves
    seed: int = 1
    key: str = KEY
    quota: str = ""  # the reason for which everything is refused
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    connections: int = 0
    guesses: int = 0

    _handles: dict[str, History] = field(default_factory=dict)
    _seen: dict[Phase, int] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(LIVE, self._live)
        app.router.add_get("/v1beta/models/{name}", self._model)
        app.router.add_post("/v1beta/models/{name}:streamGenerateContent", self._generate)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=loopback().server).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The base address for a client."""
        assert self._runner is not None
        return f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The client's messages of one kind, as they came."""
        return [message[kind] for who, message in self.journal if who == "client" and kind in message]

    def struck(self, fault: Fault) -> bool:
        """Whether its moment has come."""
        return self._seen.get(fault.phase, 0) >= fault.nth

    def forget(self) -> None:
        """No handle is valid any more."""
        self._handles.clear()

    # ---- REST ----------------------------------------------------------------------------------

    def _denied(self, request: web.Request) -> web.Response | None:
        if request.headers.get("x-goog-api-key") != self.key:
            return _error(400, "INVALID_ARGUMENT", models.WRONG_KEY)
        return _error(429, "RESOURCE_EXHAUSTED", self.quota) if self.quota else None

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if denied := self._denied(request):
            return denied
        found = models.described(name)
        return web.json_response(found) if found else _unknown(name)

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        self.guesses += 1
        await asyncio.sleep(self.network.delay)
        if denied := self._denied(request):
            return denied
        name = request.match_info["name"]
        if models.MODELS.get(name) != "generateContent":
            return _unknown(name)
        try:
            told = models.check_request(await request.json())
        except Refused as refusal:
            self.refused.append(str(refusal))
            return _error(400, "INVALID_ARGUMENT", str(refusal))
        fault = self._due(Phase.GUESSING)
        if fault is not None and str(fault.kind).startswith("http "):
            return _error(int(str(fault.kind).removeprefix("http ")), "UNAVAILABLE", "later")
        if fault is not None and fault.kind == "hang":
            await asyncio.Event().wait()
        asks = self.guess(told)
        await asyncio.sleep(self.think_of_guess + self.network.delay)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with contextlib.suppress(ConnectionError):  # the guess was given up
            await response.prepare(request)
            for chunk in models.chunks(asks, told):
                if fault is not None and request.transport is not None:
                    await response.write(b"data: {not json" if fault.kind == "garbage" else b"data: {")
                    request.transport.abort()
                    break
                await response.write(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n")
        return response

    # ---- Live ----------------------------------------------------------------------------------

    async def _live(self, request: web.Request) -> web.StreamResponse:
        fault = self._due(Phase.CONNECT)
        if fault is not None and str(fault.kind).startswith("http "):
            return _error(int(str(fault.kind).removeprefix("http ")), "RESOURCE_EXHAUSTED", "later")
        if fault is not None and request.transport is not None:
            request.transport.abort()
        self.connections += 1
        socket = web.WebSocketResponse(max_msg_size=2**22, timeout=0.2)
        await socket.prepare(request)
        out = Line(self.network, random.Random(self.seed + self.connections))
        sending = asyncio.create_task(out.deliver(lambda message: socket.send_bytes(bytes(message))))
        session: LiveSession | None = None
        try:
            key = request.headers.get("x-goog-api-key", "")
            if key != self.key:
                raise Refused(models.WRONG_KEY, 1007) if key else Refused(models.NO_KEY, 1008)
            if self.quota:
                raise Refused(self.quota, 1011)
            session = self._open(self._read((await socket.receive()).data), out)
            await self._serve(socket, session)
        except Refused as refusal:
            self.refused.append(str(refusal))
            await out.drained()
            await socket.close(code=refusal.code, message=str(refusal).encode()[:123])
        except _Broken as broken:
            if isinstance(broken.fault.kind, int):
                await socket.close(code=broken.fault.kind, message=REASONS[broken.fault.kind].encode())
            elif request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass
        finally:
            sending.cancel()
            if session is not None:
                await session.close()
        return socket

    def _open(self, message: wire.Message, out: Line) -> LiveSession:
        if not isinstance(message, wire.Setup):
            raise Refused("setup must be the first message")
        models.check_setup(message)
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

        async def at(phase: Phase) -> None:
            if (fault := self._due(phase)) is not None:
                await self._strike(fault, session, send, out)

        session = LiveSession(message, self.mind, self.pace, history, send, at, self._keep)
        send({"setupComplete": {"sessionId": f"session-{self.connections}"}})
        return session

    async def _serve(self, socket: web.WebSocketResponse, session: LiveSession) -> None:
        """Until the client is gone. Raises Refused or _Broken."""
        line = Line(self.network, random.Random(self.seed))

        async def take(raw: str | bytes) -> None:
            await session.receive(self._read(raw))

        async def listen() -> None:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    line.put(message.data)

        tasks = [asyncio.ensure_future(one) for one in (listen(), line.deliver(take), session.failure)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    def _read(self, raw: Any) -> wire.Message:
        self.journal.append(("client", _readable(raw)))
        return wire.read(raw)

    def _keep(self, history: History) -> str:
        handle = f"handle-{len(self._handles) + 1}"
        self._handles[handle] = history
        return handle

    # ---- faults --------------------------------------------------------------------------------

    def _due(self, phase: Phase) -> Fault | None:
        """The fault that strikes now."""
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


def _readable(raw: Any) -> dict[str, Any]:
    """A client message for the journal, its top field in snake case."""
    try:
        return {wire.snake(key): value for key, value in json.loads(raw).items()}
    except (TypeError, ValueError, AttributeError):
        return {"unreadable": str(raw)[:80]}


def _unknown(name: str) -> web.Response:
    return _error(404, "NOT_FOUND", f"models/{name} is not found for API version v1beta")


def _error(code: int, status: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "status": status}}, status=code)
