"""`headstart serve` with vLLM itself: it comes up, serves, and what breaks ends turns in words."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.brain import BrainError
from agents.brains.engine import Order
from agents.brains.vllm_server import ServedEngine
from agents.events import CallIssued
from agents.port import Limits
from tests.talking import talking
from tests.vllm.models import Models
from tests.vllm.server import metric

psutil = pytest.importorskip("psutil")  # comes with vLLM

SERVE = (sys.executable, "-c", "from app.cli import main; main()", "serve")
# Small, so that a second client can fill the cache; eager, so that it starts sooner.
SMALL = ("--enforce-eager", "--max-model-len", "512", "--num-gpu-blocks-override", "24")  # of 32 tokens
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1"}
WORDS = ("what's on my calendar", "what's on my calendar on Friday and set a timer for ten minutes")
PATIENCE = Limits(reaction_seconds=60.0)


@dataclass(slots=True)
class Serving:
    """A running command, and what it has said."""

    process: subprocess.Popen[str]
    url: str
    said: str = ""

    def until(self, text: str) -> None:
        """Read what it says until `text`. Fails where it ends before."""
        assert self.process.stdout is not None
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said + (self.process.communicate()[1] or "")
            self.said += line


def serve(forms: Models, data: Path) -> Serving:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*SERVE, "--model", str(forms.base), "--adapter", str(forms.adapter), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data", str(data), "--", *SMALL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT,
    )
    return Serving(process, f"http://127.0.0.1:{port}/v1")


def processes_of(serving: Serving) -> list[Any]:
    """Those of vLLM."""
    return psutil.Process(serving.process.pid).children(recursive=True)


def engine_of(processes: Sequence[Any]) -> Any:
    return next(each for each in processes if "EngineCore" in " ".join(each.cmdline()))


@pytest.fixture(scope="module")
def serving(forms: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = serve(forms, tmp_path_factory.mktemp("serve"))
    try:
        serving.until("ready:")
        yield serving
    finally:
        serving.process.terminate()
        serving.process.communicate(timeout=60)


async def test_a_turn_through_it_is_guessed_committed_and_answered(serving: Serving) -> None:
    for told in ("--lora-modules", "this is for trying out", "loading the model", "opening the port"):
        assert told in serving.said
    async with talking(serving.url, PATIENCE) as talk:
        said = await talk.say(*WORDS)
        assert "timer" in said
        assert any(isinstance(event, CallIssued) and event.name == "find_events" for event in talk.events)
        assert [entry.tool for entry in talk.journal.entries()] == ["set_timer"]
        assert talk.errors == []
        talk.keeps_its_promises()


async def test_a_model_it_has_not_is_told(serving: Serving) -> None:
    engine = ServedEngine(serving.url, "qwen")
    with pytest.raises(BrainError, match=r"has no model qwen; it has .*headstart: choose with --model"):
        await engine.open()
    await engine.close()


async def test_an_adapter_that_goes_away_ends_the_turn_in_words(serving: Serving, forms: Models) -> None:
    async with talking(serving.url, PATIENCE) as talk:
        await talk.brain.warm_up()
        await tell(f"{serving.url}/unload_lora_adapter", lora_name="headstart")
        said = await talk.say(*WORDS)
        assert "has no model headstart; choose another with --model" in said
        talk.keeps_its_promises()
        await tell(f"{serving.url}/load_lora_adapter", lora_name="headstart", lora_path=str(forms.adapter))
        assert "timer" in await talk.say(*WORDS)
        talk.keeps_its_promises()


async def tell(url: str, **what: str) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        assert (await client.post(url, json=what)).is_success


async def test_a_second_client_that_fills_the_cache_costs_time_but_no_promise(
    serving: Serving, forms: Models
) -> None:
    """Others write as long as they may; together they want more of the cache than there is."""
    story = " ".join(f"number {at}" for at in range(40))

    async def fill(at: int) -> None:
        engine = ServedEngine(serving.url, str(forms.base))  # which never comes to an end by itself
        try:
            while True:
                with contextlib.suppress(BrainError):  # it is overloaded: that is what this is for
                    async for _ in engine.write([f" {at} {story}"], Order(300)):
                        pass
        finally:
            await engine.close()

    fillers = [asyncio.create_task(fill(at)) for at in range(5)]
    try:
        async with asyncio.timeout(60):
            while metric(serving.url.removesuffix("/v1"), "vllm:kv_cache_usage_perc") < 0.7:
                await asyncio.sleep(0.2)
        async with talking(serving.url, PATIENCE) as talk:
            assert "timer" in await talk.say(*WORDS)
            talk.keeps_its_promises()
    finally:
        for filler in fillers:
            filler.cancel()
        await asyncio.gather(*fillers, return_exceptions=True)


async def test_a_server_that_dies_in_the_middle_of_a_turn_ends_it_in_words(serving: Serving) -> None:
    """Its engine is killed, as for want of memory. Nothing of it is left, and it is said why."""
    processes = processes_of(serving)
    engine = engine_of(processes)
    async with talking(serving.url, PATIENCE) as talk:
        await talk.brain.warm_up()
        said = await talk.say(*WORDS, then=engine.kill)
        assert said.startswith("Sorry, something went wrong.")
        talk.keeps_its_promises()
        assert talk.errors
    _, error = await asyncio.to_thread(serving.process.communicate, timeout=60)
    assert serving.process.returncode == 2
    assert len(error.splitlines()) == 1
    assert error.startswith("headstart: vLLM")
    assert psutil.wait_procs(processes, timeout=10)[1] == []


def test_a_signal_while_it_loads_leaves_nothing_behind(forms: Models, tmp_path: Path) -> None:
    serving = serve(forms, tmp_path)
    serving.until("loading the model")
    processes = processes_of(serving)
    assert engine_of(processes)
    serving.process.send_signal(signal.SIGINT)
    out, error = serving.process.communicate(timeout=60)
    assert serving.process.returncode == 0
    assert "ending vLLM" in out
    assert error == ""
    assert psutil.wait_procs(processes, timeout=10)[1] == []
