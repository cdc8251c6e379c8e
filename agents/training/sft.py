"""Supervised fine-tuning of a LoRA adapter on simulated turns, on whatever torch runs on.

`python -m agents.training.sft --minutes 50 --out runs/local` trains; the schedule follows the clock, so
a time budget is the only thing to choose. The loss is taken on what the model writes, and the head is
computed there alone. Run again with the same `--out`, it goes on from the last checkpoint.
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
from transformers import AutoModelForCausalLM, AutoTokenizer

from agents.brains.weights import base_weights
from agents.training.clock import streams
from agents.training.export import export

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
Sample = tuple[list[int], list[bool]]


def samples(tokenizer: Any, seed: int) -> Iterator[Sample]:
    """Tokens of simulated turns, and which of them the model writes; no two turns the same."""
    seen: set[str] = set()
    for stream in streams(seed):
        if stream.text in seen:
            continue
        seen.add(stream.text)
        tokens: list[int] = []
        written: list[bool] = []
        for text, by_model in stream.spans():
            piece = tokenizer(text, add_special_tokens=False)["input_ids"]
            tokens += piece
            written += [by_model] * len(piece)
        yield tokens, written


def batches(source: Iterator[Sample], budget: int, shuffle: torch.Generator) -> Iterator[list[Sample]]:
    """Samples of like length, at most `budget` tokens a batch with padding."""
    while pool := list(itertools.islice(source, 256)):
        pool.sort(key=lambda sample: len(sample[0]))
        made: list[list[Sample]] = [[]]
        for sample in pool:
            if made[-1] and (len(made[-1]) + 1) * len(sample[0]) > budget:
                made.append([])
            made[-1].append(sample)
        for at in torch.randperm(len(made), generator=shuffle).tolist():
            yield made[at]


def loss_of(model: Any, batch: list[Sample], device: str) -> tuple[torch.Tensor, int]:
    """Mean cross entropy of what the model writes, and over how many tokens."""
    width = max(len(tokens) for tokens, _ in batch)
    # Padding stands at the end, where a causal model's earlier positions cannot see it: no mask.
    ids = torch.tensor([tokens + [0] * (width - len(tokens)) for tokens, _ in batch], device=device)
    target = torch.tensor([written + [False] * (width - len(written)) for _, written in batch], device=device)
    hidden = model.base_model.model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    chosen = target[:, 1:]
    logits = model.base_model.model.lm_head(hidden[chosen]).float()
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][chosen]), int(chosen.sum())


def train(
    out: Path, minutes: float, seed: int, rate: float, rank: int, budget: int, every: float, steps: int
) -> None:
    """Train into `out`: losses.csv, and checkpoint.pt and adapter.gguf every `every` minutes, and last."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    path = base_weights()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    base = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LINEARS, task_type="CAUSAL_LM")
    model = get_peft_model(base, config).to(device).train()
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)
    state: dict[str, Any] = {"step": 0, "spent": 0.0, "tokens": 0, "samples": 0}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        set_peft_model_state_dict(model, saved["adapter"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    # A seed for each start, so that what was seen before it is not seen again.
    source = samples(tokenizer, seed + 1000 * state["step"])

    def save() -> None:
        adapter = get_peft_model_state_dict(model)
        torch.save({"adapter": adapter, "optimizer": optimizer.state_dict(), "state": state}, checkpoint)
        export({key: value.detach().cpu() for key, value in adapter.items()}, 2 * rank, out / "adapter.gguf")
        (out / "run.json").write_text(json.dumps({**state, "seed": seed, "rate": rate, "rank": rank}) + "\n")

    with (out / "losses.csv").open("a", newline="") as file:
        log = csv.writer(file)
        started = time.monotonic() - state["spent"]
        saved_at = time.monotonic()
        for batch in batches(source, budget, torch.Generator().manual_seed(seed)):
            spent = time.monotonic() - started
            done = min(1.0, spent / (60 * minutes))
            if done >= 1 or state["step"] >= steps:
                break
            warm = min(1.0, (state["step"] + 1) / 20)
            now = rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = now
            loss, _ = loss_of(model, batch, device)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            state["step"] += 1
            state["samples"] += len(batch)
            state["tokens"] += sum(len(tokens) for tokens, _ in batch)
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
    parser.add_argument("--batch", type=int, default=1024, help="tokens a batch")
    parser.add_argument("--every", type=float, default=10, help="minutes between checkpoints")
    parser.add_argument("--steps", type=int, default=1_000_000, help="stop after so many steps")
    given = parser.parse_args()
    train(given.out, given.minutes, given.seed, given.rate, given.rank, given.batch, given.every, given.steps)


if __name__ == "__main__":
    main()
