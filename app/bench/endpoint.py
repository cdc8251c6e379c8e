"""The gold brain as a chat endpoint with tools, for programs that speak to a model over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from aiohttp import web

from agents import references
from agents.actions import Call
from agents.references import References
from agents.tasks import Task
from app.bench.gold import answer, written
from tools.tool import Arguments, Json

_CALL = "call_"


class GoldEndpoint:
    """Writes the plan of `task`, as far as the results in the messages allow, at `speed` tokens a second.

    A call takes as long to write as in our own protocol, though JSON has about twice as many tokens.
    """

    def __init__(self, speed: float) -> None:
        self.task: Task | None = None
        self.requests = 0
        self._speed = speed

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        """Listen on this machine only; the base URL."""
        server = web.Application()
        server.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(server)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        assert self.task is not None
        body = await request.json()
        results = _results(body["messages"])
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)

        async def send(delta: Mapping[str, object], finish: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "gold"}
            await response.write(f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode())

        todo = [call for call in self.task.calls if call.id not in results and _is_ready(call, results)]
        for place, call in enumerate(todo):
            await asyncio.sleep(written(call, self._speed))
            values = {id: result["value"] for id, result in results.items()}
            function = {"name": call.name, "arguments": json.dumps(filled(call, values))}
            await send({"tool_calls": [{"index": place, "id": f"{_CALL}{call.id}", "function": function}]})
        if not todo:
            for word in _said(answer(self.task), results).split():
                await asyncio.sleep(1 / self._speed)
                await send({"content": f"{word} "})
        await send({}, "tool_calls" if todo else "stop")
        await response.write(b"data: [DONE]\n\n")
        return response


def _results(messages: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Json]]:
    """What calls have returned, by ID; those that run have not."""
    found: dict[int, dict[str, Json]] = {}
    for message in messages:
        if message["role"] == "tool":
            with contextlib.suppress(ValueError):
                result = json.loads(message["content"])
                if isinstance(result, dict):
                    found[call_id(message["tool_call_id"])] = result
    return found


def _is_ready(call: Call, results: Mapping[int, object]) -> bool:
    used = References.of(call.arguments)
    return all(id in results for id in used.whole)


def filled(call: Call, values: Mapping[int, Json]) -> Arguments:
    """The arguments of `call` with the values of the calls they name; None for one that is not there."""
    return references.filled(call.arguments, values.get, lambda id: id in values)


def call_id(text: str) -> int:
    """The call of the plan that the endpoint named so."""
    return int(text.removeprefix(_CALL))


def _said(text: str, results: Mapping[int, Mapping[str, Json]]) -> str:
    return references.spoken(text, lambda id: str(results[id]["text"]))
