"""Supervised fine-tuning of a LoRA adapter on simulated turns, on whatever torch runs on.

`python -m agents.training.sft --minutes 50 --out runs/local` trains; the schedule follows the clock, so
a time budget is the only thing to choose. Turns are made as they are needed, or read from a file that
`agents.training.shards` wrote (`--data`). Turns are packed into rows, the frozen base is kept in half
precision (bfloat16, which recent CPUs multiply in hardware), and what torch can compile is compiled. Run
again with the same `--out`, it goes on from the last checkpoint; `--start` begins with another adapter.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.utils.data import DataLoader, IterableDataset
from transformers import AutoModelForCausalLM

from agents.brains.weights import base_weights
from agents.training import shards
from agents.training.clock import streams
from agents.training.export import export, load
from agents.training.packing import Batch, loss_of, packed
from agents.training.shards import Sample

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class _Batches(IterableDataset[Batch]):
    """Batches for a loader, which packs them beside a GPU that would wait for them."""

    def __init__(self, source: Iterator[Sample], rows: int, length: int) -> None:
        self._of = (source, rows, length)

    def __iter__(self) -> Iterator[Batch]:
        return packed(*self._of)


def train(
    out: Path,
    minutes: float,
    seed: int,
    rate: float,
    rank: int,
    rows: int,
    length: int,
    every: float,
    steps: int,
    start: Path | None,
    data: Path | None,
    valid: Path | None,
) -> None:
    """Train into `out`: losses.csv, and checkpoint.pt and adapter.gguf every `every` minutes, and last.

    `start` is an adapter.gguf of the same rank to go on from, where `out` holds no checkpoint yet. `data`
    and `valid` are files of turns, to learn and to be measured on at each checkpoint; without `data` new ones
    are made all the time.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    path = base_weights()
    base = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LINEARS, task_type="CAUSAL_LM")
    model = get_peft_model(base, config).to(device).train()
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in model.parameters():
        if not parameter.requires_grad:
            parameter.data = parameter.data.bfloat16()
    inner = model.base_model.model
    body = inner.model
    for layer in body.layers:  # one by one: the first is compiled and the others use it
        layer.compile(dynamic=False)
    optimizer = torch.optim.AdamW(learned, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)
    state: dict[str, Any] = {"step": 0, "spent": 0.0, "tokens": 0, "samples": 0}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        set_peft_model_state_dict(model, saved["adapter"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    elif start is not None:
        set_peft_model_state_dict(model, load(start))
    # A seed for each start, so that what was seen before it is not seen again.
    seed_now = seed + 1000 * state["step"]
    source = shards.read(data, seed_now) if data else shards.samples(streams(seed_now), shards.tokenizer())

    def measured() -> float | None:
        """Mean loss over the first rows of `valid`."""
        if valid is None:
            return None
        losses: list[float] = []
        with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
            for batch in itertools.islice(packed(shards.read(valid, 0), rows, length), 8):
                losses.append(loss_of(inner.model, inner.lm_head, batch.to(device)).item())
        return sum(losses) / len(losses)

    def save() -> None:
        adapter = get_peft_model_state_dict(model)
        torch.save({"adapter": adapter, "optimizer": optimizer.state_dict(), "state": state}, checkpoint)
        export({key: value.detach().cpu() for key, value in adapter.items()}, 2 * rank, out / "adapter.gguf")
        run = {**state, "seed": seed, "rate": rate, "rank": rank, "rows": rows, "length": length}
        (out / "run.json").write_text(json.dumps({**run, "held_out_loss": measured()}) + "\n")

    with (out / "losses.csv").open("a", newline="") as file:
        log = csv.writer(file)
        started = time.monotonic() - state["spent"]
        saved_at = time.monotonic()
        workers = 1 if device == "cuda" else 0
        for batch in DataLoader(_Batches(source, rows, length), batch_size=None, num_workers=workers):
            spent = time.monotonic() - started
            done = min(1.0, spent / (60 * minutes))
            if done >= 1 or state["step"] >= steps:
                break
            warm = min(1.0, (state["step"] + 1) / 20)
            now = rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = now
            with torch.autocast(device, dtype=torch.bfloat16):
                loss = loss_of(body, inner.lm_head, batch.to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            state["step"] += 1
            state["samples"] += batch.turns
            state["tokens"] += batch.tokens
            state["spent"] = time.monotonic() - started
            log.writerow(
                (state["step"], round(state["spent"], 1), state["tokens"], f"{loss.item():.4f}", f"{now:.6f}")
            )
            file.flush()
            if state["step"] % 10 == 0:
                spent, speed = state["spent"] / 60, state["tokens"] / state["spent"]
                print(
                    f"step {state['step']}  {spent:.1f} of {minutes:g} min  loss {loss.item():.3f}  "
                    f"{state['samples']} turns  {state['tokens']} tokens  {speed:.0f} a second",
                    flush=True,
                )
            if time.monotonic() - saved_at > 60 * every:
                save()
                saved_at = time.monotonic()
    save()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/local"), help="folder of the run")
    parser.add_argument("--minutes", type=float, default=50, help="time budget; the schedule follows it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rows", type=int, default=4, help="rows a step")
    parser.add_argument("--length", type=int, default=1024, help="tokens of a row")
    parser.add_argument("--every", type=float, default=10, help="minutes between checkpoints")
    parser.add_argument("--steps", type=int, default=1_000_000, help="stop after so many steps")
    parser.add_argument("--start", type=Path, help="adapter.gguf to go on from")
    parser.add_argument("--data", type=Path, help="file of turns, made by agents.training.shards")
    parser.add_argument("--valid", type=Path, help="file of turns to be measured on at each checkpoint")
    given = parser.parse_args()
    train(**vars(given))


if __name__ == "__main__":
    main()
