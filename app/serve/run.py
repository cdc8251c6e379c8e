"""vLLM as a child of ours: from its start to ctrl-c, or to one line that says why it ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Generator
from pathlib import Path

from app.serve.machine import Engine, ServeError
from app.serve.plan import HOST, PORT, Plan
from app.serve.server import Server, started
from app.serve.troubles import stage, tail, trouble


async def run(engine: Engine, plan: Plan, log: Path) -> None:
    """Start, wait, and stay until a signal. Raises ServeError where vLLM ends by itself."""
    _say(f"vLLM {engine.version} with {plan.model} on {plan.on}; its log is {log}")
    for line in plan.explanation:
        print(f"  {line}", flush=True)
    if plan.adapter is None:
        _say(
            "no --adapter: a model that was not trained for it seldom acts on half a sentence; "
            f"headstart train --model {plan.model}"
        )
    if plan.card is None:
        _say("on a processor this is for trying out: it takes seconds a word")
    told = ""

    def heard(line: str) -> None:
        nonlocal told
        if (news := stage(line)) and news != told:
            told = news
            _say(news)

    command = [str(engine.command), *plan.arguments]
    # How far it is, and why it ends, is read from its log, however little of one is wanted elsewhere.
    environment = {**plan.environment, "VLLM_LOGGING_LEVEL": "INFO"}
    try:
        with _signals() as over:
            async with started(command, environment, log, heard) as server:
                status = await _until(server, over, plan)
    except OSError as error:
        raise ServeError(f"{engine.command} cannot be run ({error.strerror}); install vLLM again") from None
    if status is not None:
        raise ServeError(f"{trouble(tail(list(server.lines)), status, plan)}; all it said is in {log}")


async def _until(server: Server, over: asyncio.Event, plan: Plan) -> int | None:
    """The status with which it ended by itself; None where `over` came first."""
    ended = asyncio.ensure_future(server.ended())
    stopped = asyncio.ensure_future(over.wait())
    ready = asyncio.ensure_future(server.ready(f"http://{HOST}:{plan.port}/health", _say))
    try:
        done, _ = await asyncio.wait({ended, stopped, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready in done:
            ready.result()
            url = "" if plan.port == PORT else f" --url http://{HOST}:{plan.port}/v1"
            _say(f"ready: headstart talk --brain vllm{url}  (ctrl-c ends it)")
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            return ended.result()
        _say("ending vLLM")
        return None
    finally:
        for task in (ended, stopped, ready):
            task.cancel()


@contextlib.contextmanager
def _signals() -> Generator[asyncio.Event]:
    """What is set by the signals that shall end us."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, over.set)
    try:
        yield over
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _say(text: str) -> None:
    print(f"headstart: {text}", flush=True)
