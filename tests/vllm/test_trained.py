"""From `headstart train` to a server, without a step by hand between."""

from __future__ import annotations

import itertools
from pathlib import Path

import httpx
import pytest

from agents.brain import BrainError
from agents.brains.vllm_server import ServedEngine
from agents.training.clock import streams
from tests.vllm.models import Models

# torch warns of itself in many ways.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def trained(forms: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that training leaves, after some seconds of it."""
    import torch

    from agents.training import sft
    from agents.training.bases import Base

    out = tmp_path_factory.mktemp("trained")
    base = Base.of("base", forms.base)
    with pytest.MonkeyPatch.context() as patch:
        # To compile a layer takes longer than these steps.
        patch.setattr(torch._dynamo.config, "disable", True)
        torch.set_num_threads(1)  # on a busy machine two wait for each other
        sft.train(sft.Run(base, out, minutes=60, rank=8, rows=1, length=128, steps=8, rate=1e-2))
    return out


def likelihood(url: str, model: str, base: Path) -> float:
    """The mean logarithm of the probability of what is to be written in turns nobody has seen, by token."""
    from tokenizers import Tokenizer

    from agents.training.shards import samples

    logarithms: list[float] = []
    for turn in itertools.islice(samples(streams(77), Tokenizer.from_file(str(base / "tokenizer.json"))), 3):
        asked = {"model": model, "prompt": turn.tokens, "echo": True, "logprobs": 0, "max_tokens": 1}
        told = httpx.post(f"{url}/v1/completions", json=asked, timeout=120).json()
        of_turn = told["choices"][0]["logprobs"]["token_logprobs"][: len(turn.tokens)]
        logarithms += [each for each, is_mine in zip(of_turn, turn.written, strict=True) if is_mine]
    return sum(logarithms) / len(logarithms)


def test_an_adapter_is_served_as_it_was_written_and_acts(server: str, trained: Path, forms: Models) -> None:
    adapter = {"lora_name": "tiny", "lora_path": str(trained / "peft")}
    told = httpx.post(f"{server}/v1/load_lora_adapter", json=adapter, timeout=60)
    assert told.is_success, told.text
    base, tiny, whole = (likelihood(server, name, forms.base) for name in ("base", "tiny", "headstart"))
    # A little of what that adapter knows which was trained for hours.
    assert base + 0.5 < tiny < whole


async def test_an_adapter_nobody_has_loaded_is_named(server: str) -> None:
    engine = ServedEngine(f"{server}/v1", "large")
    with pytest.raises(BrainError, match="has no model large; it has base, headstart"):
        await engine.open()
    await engine.close()
