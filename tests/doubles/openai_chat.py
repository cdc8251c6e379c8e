"""A chat-completions endpoint on loopback that a wrong client cannot pass.

A request is held against the SDK's own type with unknown fields refused, then against what the service asks
for beyond it; what breaks a rule is refused with status 400 and stands in `refused`. Function calls are
streamed in pieces of a few characters as OpenAI does it, or whole as Ollama does.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace
from tests.doubles.openai_mind import Call, Context, Mind, Say
from tests.doubles.openai_wire import conform
from tests.doubles.typed import Unfit, expect, fit

KEY = "sk-chat-double-fedcba9876543210"
MODEL = "small-guesser"


class Phase(StrEnum):
    """Where a fault can strike."""

    ASKED = "asked"  # a request has come
    WRITING = "writing"  # half of the first call is out
    WRITTEN = "written"  # all calls are out, the end is not


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong the `nth` time the `phase` is reached.

    `kind`: a status (ASKED only), "abort" (the line is cut), "end" (the stream ends as if all were said),
    "error" (an error in the stream), "garbage" (a piece that is no JSON), "length" (it has to stop in the
    middle), "hang" (no word any more).
    """

    phase: Phase
    kind: str | int
    nth: int = 1


class _Cut(Exception):
    """The double itself has cut the line."""


@dataclass(slots=True)
class ChatDouble:
    """`async with ChatDouble(mind) as double:` serves until the end of the block.

    `whole`: each call comes in one piece and with index 0, as from Ollama. `counts`: it reports usage.
    `requests` are those that were not refused, `broken_off` how many of them the client did not hear out;
    `charged` the tokens in and out that each of them costs, heard out or not.
    """

    mind: Mind
    pace: Pace = field(default_factory=Pace)
    network: Network = field(default_factory=Network)
    faults: Sequence[Fault] = ()
    key: str = KEY
    model: str = MODEL
    whole: bool = False
    counts: bool = True
    seed: int = 1
    watch: Callable[[Phase], None] = lambda phase: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken_off: int = 0
    charged: list[list[int]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    _seen: dict[Phase, int] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/models/{name:.+}", self._describe)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()
        if kind is None and self.failures:
            raise self.failures[0]

    @property
    def url(self) -> str:
        """The base address for a client."""
        assert self._runner is not None
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    # ---- requests ------------------------------------------------------------------------------

    def _denied(self, request: web.Request, model: str) -> web.Response | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != self.key:
            shown = f"{given[:5]}***{given[-4:]}"
            return _error(401, "invalid_api_key", f"Incorrect API key provided: {shown}.")
        if model != self.model:
            return _error(404, "model_not_found", f"The model `{model}` does not exist.")
        return None

    async def _describe(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = {"id": name, "object": "model", "created": 1, "owned_by": "system"}
        return self._denied(request, name) or web.json_response(body)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.network.delay)
        try:
            body = await request.json()
            expect(isinstance(body, dict), "request", "must be an object")
            if denied := self._denied(request, body.get("model", "")):
                return denied
            check(body)
        except (ValueError, Unfit) as error:
            self.refused.append(str(error))
            return _error(400, "invalid_request_error", str(error))
        self.requests.append(body)
        charge = [len(json.dumps([body["messages"], body["tools"]])) // 4, 0]
        fault = self._due(Phase.ASKED)
        if fault is not None and isinstance(fault.kind, int):
            return _error(fault.kind, "rate_limit_exceeded" if fault.kind == 429 else "server_error", "later")
        self.charged.append(charge)
        await asyncio.sleep(self.pace.first)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            if fault is not None and (data := await self._strike(fault, request)) is not None:
                await response.prepare(request)
                await response.write(data)
                return response
            await response.prepare(request)
            async for data in self._stream(body, request, charge):
                await response.write(data)
        except _Cut:
            pass
        except ConnectionError:
            self.broken_off += 1
        except (AssertionError, LookupError, TypeError) as defect:  # of the double
            self.failures.append(defect)
            raise
        return response

    # ---- answers -------------------------------------------------------------------------------

    async def _stream(
        self, body: dict[str, Any], request: web.Request, charge: list[int]
    ) -> AsyncIterator[bytes]:
        names = [tool["function"]["name"] for tool in body["tools"]]
        context = Context(body["messages"][-1]["content"], is_guess=True, functions=names)
        things = self.mind(context)
        pieces = list(self._pieces(things, names))
        for at, delta in enumerate(pieces):
            if at == len(pieces) // 2 and (fault := self._due(Phase.WRITING)) is not None:
                if fault.kind == "length":
                    yield self._chunk({}, "length")
                    yield b"data: [DONE]\n\n"
                    return
                if (data := await self._strike(fault, request)) is not None:
                    yield data
                    return
            await asyncio.sleep(self.pace.piece)
            charge[1] += 1
            yield self._chunk(delta, None)
        if (fault := self._due(Phase.WRITTEN)) is not None:
            data = await self._strike(fault, request)
            if data is not None:
                yield data
                return
        has_called = any(isinstance(thing, Call) for thing in things)
        yield self._chunk({}, "tool_calls" if has_called else "stop")
        if self.counts and (body.get("stream_options") or {}).get("include_usage"):
            yield self._usage(*charge)
        yield b"data: [DONE]\n\n"

    def _pieces(self, things: Sequence[Call | Say], names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The deltas of a message."""
        rng = random.Random(self.seed + len(self.requests))
        yield {"role": "assistant", "content": None if any(isinstance(x, Call) for x in things) else ""}
        index = 0
        for thing in things:
            if isinstance(thing, Say):
                yield from ({"content": word} for word in thing.text.split(" "))
                continue
            assert thing.name in names, f"the client did not declare {thing.name}"
            arguments = json.dumps(thing.arguments)
            id = f"call_{len(self.requests)}_{index}"
            head = {"index": 0 if self.whole else index, "id": id, "type": "function"}
            index += 1
            if self.whole:
                yield {"tool_calls": [{**head, "function": {"name": thing.name, "arguments": arguments}}]}
                continue
            yield {"tool_calls": [{**head, "function": {"name": thing.name, "arguments": ""}}]}
            while arguments:
                size = rng.randint(1, 6)
                piece, arguments = arguments[:size], arguments[size:]
                yield {"tool_calls": [{"index": head["index"], "function": {"arguments": piece}}]}

    def _chunk(self, delta: dict[str, Any], reason: str | None) -> bytes:
        return self._event(choices=[{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])

    def _usage(self, prompt: int, wrote: int) -> bytes:
        counts = {"prompt_tokens": prompt, "completion_tokens": wrote, "total_tokens": prompt + wrote}
        return self._event(choices=[], usage={**counts, "prompt_tokens_details": {"cached_tokens": 64}})

    def _event(self, **values: Any) -> bytes:
        head = {"id": f"chatcmpl-{len(self.requests)}", "object": "chat.completion.chunk", "created": 1}
        chunk = {**head, "model": self.model, **values}
        conform(ChatCompletionChunk, chunk, "chunk")
        return f"data: {json.dumps(chunk)}\n\n".encode()

    # ---- faults --------------------------------------------------------------------------------

    def _due(self, phase: Phase) -> Fault | None:
        self.watch(phase)
        self._seen[phase] = count = self._seen.get(phase, 0) + 1
        return next((fault for fault in self.faults if fault.phase is phase and fault.nth == count), None)

    async def _strike(self, fault: Fault, request: web.Request) -> bytes | None:
        """What is sent last; None where the fault is none here."""
        match fault.kind:
            case "abort":
                if request.transport is not None:  # None: the client was quicker
                    request.transport.abort()
                raise _Cut
            case "hang":
                await asyncio.Event().wait()
            case "end":
                return b""
            case "garbage":
                return b"data: {not json\n\n"
            case "error":
                error = {"message": "The server had an error.", "type": "server_error", "code": None}
                return f"data: {json.dumps({'error': error})}\n\n".encode()
            case _:
                pass
        return None


def check(body: Any) -> None:
    """Whether a service may act on this request. Raises Unfit."""
    fit(body, CompletionCreateParamsStreaming, "request")
    messages, tools = body["messages"], body.get("tools") or []
    expect(bool(messages), "messages", "is empty")
    for at, message in enumerate(messages):
        expect(bool(message.get("content")), f"messages[{at}].content", "is empty")
        expect(message["role"] != "system" or at == 0, f"messages[{at}].role", "system comes first")
    expect(messages[-1]["role"] == "user", "messages", "must end with the user")
    expect(0 < body.get("max_completion_tokens", 1) <= 16_384, "max_completion_tokens", "is out of range")
    expect("max_tokens" not in body, "max_tokens", "is replaced by max_completion_tokens")
    expect(bool(tools) or "tools" not in body, "tools", "is empty")
    expect(bool(tools) or "tool_choice" not in body, "tool_choice", "needs tools")
    names = [tool["function"]["name"] for tool in tools]
    expect(len(set(names)) == len(names), "tools", "two have one name")
    for name, tool in zip(names, tools, strict=True):
        expect(name.replace("-", "_").isidentifier() and len(name) <= 64, f"tools.{name}", "is no name")
        schema = tool["function"].get("parameters", {"type": "object"})
        expect(schema.get("type") == "object", f"tools.{name}.parameters", "must be of an object")
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise Unfit(f"tools.{name}.parameters", error.message) from None


def _error(status: int, code: str, message: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
