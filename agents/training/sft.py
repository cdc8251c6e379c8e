"""Supervised fine-tuning of a LoRA adapter on simulated turns, on whatever torch runs on.

The schedule follows the clock, so a time budget is the only thing to choose. Turns are made as they are
needed, or come from a file of `shards`. They are packed into rows, the frozen base is kept in half precision
(bfloat16, which recent CPUs multiply in hardware), and what torch can compile is compiled.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.utils.data import DataLoader, IterableDataset

from agents.training import shards
from agents.training.bases import Base
from agents.training.clock import streams
from agents.training.curve import curve
from agents.training.export import export, heads, load
from agents.training.packing import Batch, loss_of, packed
from agents.training.shards import Sample

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
_ACTIVATIONS = (
    34  # bytes a layer keeps of each value of its input for the way back (Korthikanti et al., 2022)
)


@dataclass(frozen=True, slots=True)
class Run:
    """What to train, and how.

    Into the folder `out`, for `minutes` or at most `steps`, an adapter of `rank` for `base`; a step takes
    `rows` rows of `length` tokens at a learning rate that rises to `rate` and falls again. `start` is an
    adapter.gguf of the same rank to go on from, where `out` holds no checkpoint yet. `data` and `valid` are
    files of turns, to learn and to be measured on at each checkpoint, every so many minutes; without `data`
    new ones are made all the time.
    """

    base: Base
    out: Path
    minutes: float
    seed: int = 1
    rate: float = 1e-3
    rank: int = 32
    rows: int = 4
    length: int = 1024
    every: float = 10
    steps: int | None = None
    start: Path | None = None
    data: Path | None = None
    valid: Path | None = None


class _Batches(IterableDataset[Batch]):
    """Batches for a loader, which packs them beside a GPU that would wait for them."""

    def __init__(self, source: Iterator[Sample], rows: int, length: int) -> None:
        self._of = (source, rows, length)

    def __iter__(self) -> Iterator[Batch]:
        return packed(*self._of)


def with_adapter(base: Any, rank: int) -> PeftModel:
    """`base` with a new adapter of `rank` on all its linear layers, which changes nothing yet."""
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LINEARS, task_type="CAUSAL_LM")
    return get_peft_model(base, config)


def save_adapter(model: PeftModel, out: Path) -> None:
    """Write the adapter for llama.cpp (`adapter.gguf`) and as PEFT and vLLM load it (the folder `peft`)."""
    adapter = {key: value.detach().cpu() for key, value in _tensors(model).items()}
    export(adapter, model.peft_config["default"].lora_alpha, out / "adapter.gguf", model.config)
    model.save_pretrained(str(out / "peft"), save_embedding_layers=False)


def _tensors(model: PeftModel) -> dict[str, Any]:
    # Whether the embeddings have grown, which they have not, PEFT would ask a hub.
    return get_peft_model_state_dict(model, save_embedding_layers=False)


def asks_for_checkpoints(config: Any, tokens: int, free: int) -> bool:
    """Whether what a step of `tokens` keeps for the way back takes more than half of `free` bytes."""
    return _ACTIVATIONS * tokens * config.hidden_size * config.num_hidden_layers > free / 2


def train(run: Run) -> None:
    """Train into `run.out`: losses.csv, run.json, the checkpoint, and the adapter in both forms.

    All but the first are written every so many minutes, and last. A run that was cut off goes on from its
    checkpoint. Raises OSError, ValueError and TrainingError.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(run.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    base = run.base.model(torch.bfloat16)
    heads(base.config)  # what cannot be exported is not trained
    model = with_adapter(base, run.rank).to(device).train()
    model.peft_config["default"].base_model_name_or_path = run.base.name
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    inner = model.base_model.model
    body = inner.model
    if device == "cuda" and asks_for_checkpoints(
        base.config, run.rows * run.length, torch.cuda.mem_get_info()[0]
    ):
        inner.gradient_checkpointing_enable({"use_reentrant": False})
    for layer in body.layers:  # one by one: the first is compiled and the others use it
        layer.compile(dynamic=False)
    optimizer = torch.optim.AdamW(learned, lr=run.rate, betas=(0.9, 0.98), weight_decay=0.0)
    state: dict[str, Any] = {"step": 0, "spent": 0.0, "tokens": 0, "samples": 0}
    checkpoint = run.out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        set_peft_model_state_dict(model, saved["adapter"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    elif run.start is not None:
        set_peft_model_state_dict(model, load(run.start, base.config))
    # A seed for each start, so that what was seen before it is not seen again.
    seed_now = run.seed + 1000 * state["step"]
    source = (
        shards.read(run.data, seed_now)
        if run.data
        else shards.samples(streams(seed_now), run.base.tokenizer())
    )
    losses: list[float] = []

    def measured() -> float | None:
        """Mean loss over the first rows of `valid`."""
        if run.valid is None:
            return None
        held_out: list[float] = []
        with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
            for batch in itertools.islice(packed(shards.read(run.valid, 0), run.rows, run.length), 8):
                held_out.append(loss_of(body, inner.lm_head, batch.to(device)).item())
        return sum(held_out) / len(held_out)

    def save() -> None:
        torch.save(
            {"adapter": _tensors(model), "optimizer": optimizer.state_dict(), "state": state}, checkpoint
        )
        save_adapter(model, run.out)
        made = {"base": run.base.name, **state, "seed": run.seed, "rate": run.rate, "rank": run.rank}
        made |= {"rows": run.rows, "length": run.length, "held_out_loss": measured()}
        (run.out / "run.json").write_text(json.dumps(made) + "\n")
        if losses:
            print(f"loss {losses[0]:.3f} {curve(losses)} {losses[-1]:.3f}", flush=True)

    with (run.out / "losses.csv").open("a", newline="") as file:
        log = csv.writer(file)
        started = time.monotonic() - state["spent"]
        saved_at = time.monotonic()
        workers = 1 if device == "cuda" else 0
        for batch in DataLoader(_Batches(source, run.rows, run.length), batch_size=None, num_workers=workers):
            spent = time.monotonic() - started
            done = spent / (60 * run.minutes) if run.minutes else 1.0
            if done >= 1 or state["step"] == run.steps:
                break
            now = run.rate * _schedule(state["step"], done)
            for group in optimizer.param_groups:
                group["lr"] = now
            with torch.autocast(device, dtype=torch.bfloat16):
                loss = loss_of(body, inner.lm_head, batch.to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            losses.append(loss.item())
            state["step"] += 1
            state["samples"] += batch.turns
            state["tokens"] += batch.tokens
            state["spent"] = time.monotonic() - started
            log.writerow(
                (state["step"], round(state["spent"], 1), state["tokens"], f"{losses[-1]:.4f}", f"{now:.6f}")
            )
            file.flush()
            if state["step"] % 10 == 0:
                spent, speed = state["spent"] / 60, state["tokens"] / state["spent"]
                print(
                    f"step {state['step']}  {spent:.1f} of {run.minutes:g} min  loss {losses[-1]:.3f}  "
                    f"{state['samples']} turns  {state['tokens']} tokens  {speed:.0f} a second",
                    flush=True,
                )
            if time.monotonic() - saved_at > 60 * run.every:
                save()
                saved_at = time.monotonic()
    save()


def _schedule(step: int, done: float) -> float:
    """The share of the peak rate: twenty steps up, then down a cosine as the time is used up."""
    return min(1.0, (step + 1) / 20) * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
