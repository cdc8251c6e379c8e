"""What vLLM prints, in plain words: how far it is while it starts, and why it ended."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from app.serve.plan import Plan

_STAGES = (
    ("thrown while requesting", "the hub does not answer; it is tried again"),
    ("Starting to load model", "loading the model; the first time it is fetched, which takes a while"),
    ("Loading weights took", "the model is in memory"),
    ("Dynamo bytecode transform", "compiling; the next start will find this done"),
    ("KV cache size", "the cache is laid out"),
    ("Capturing CUDA graphs", "recording what the card will do for each token"),
    ("Application startup complete", "opening the port"),
)
# What stands in the log, and what it means. {model}, {adapter} and {port} are those of the plan; the most
# telling first, as one failure often draws others after it.
_TROUBLES = (
    (
        r"unrecognized arguments: (?P<what>[^\n]+)",
        "this vLLM does not know {what}: install a newer one, or leave it out",
    ),
    (r"[Aa]ddress already in use", "port {port} is taken: choose another one with --port"),
    (
        r"No CUDA GPUs are available|Failed to infer device type|NVIDIA driver",
        "vLLM finds no graphics card it can use: look what nvidia-smi says, and update the driver",
    ),
    (
        r"[Oo]ut of memory|OutOfMemoryError|No available memory for the cache blocks|DefaultCPUAllocator",
        "there is too little memory for {model}: close what else uses it, or choose a smaller --model",
    ),
    (
        r"is less than desired (?:GPU|CPU) memory utilization",
        "something else has taken memory meanwhile: close it (nvidia-smi lists it) and start again",
    ),
    (
        r"larger than the available KV cache memory",
        "there is too little memory for long turns with {model}: close what else uses it, "
        "or add -- --max-model-len 2048",
    ),
    (
        r"greater than the derived max_model_len \(\w+=(?P<length>\d+)",
        "{model} reads at most {length} tokens: add -- --max-model-len {length}",
    ),
    (
        r"No adapter found for|doesn't contain tensors",
        "the adapter {adapter} is missing or broken: name another with --adapter, or train one",
    ),
    (
        r"While loading [^\n]*expected target modules|size mismatch|The size of tensor a|LoRA rank",
        "the adapter {adapter} does not fit {model}: serve the --model it was trained for",
    ),
    (
        r"GatedRepo|gated repo",
        "{model} is only for those who have accepted its licence: do so where it is published and set "
        "HF_TOKEN, or choose another --model",
    ),
    (
        r"couldn't connect to|Connection(?:Error| refused| reset)|NameResolution|OfflineMode|"
        r"LocalEntryNotFound|Network is unreachable",
        "{model} cannot be fetched: there is no network to the hub; give a folder that holds it with --model",
    ),
    (
        r"not a valid model identifier|RepositoryNotFound|Repository Not Found|"
        r"Invalid repository ID or local directory",
        "there is no model called {model}: look at its name, or give a folder that holds it with --model",
    ),
    (
        r"Model architectures? \[(?P<what>[^\]]*)\] (?:are|is) not supported",
        "this vLLM cannot run {model}: install a newer one, or choose another --model",
    ),
    (
        r"Unrecognized model in|does not recognize this architecture",
        "{model} is no model that vLLM can read: look at its config.json, or choose another --model",
    ),
    (r"No space left on device", "the disk is full: free some space"),
)
# An exception, at the end of a traceback or in a line of the log; the next may go on with what it says.
_ERROR = re.compile(
    r"^(?:\([^)]*\) )?(?:ERROR [^\]]*\] )?(?:[\w.]+\.)?\w*(?:Error|Exception): "
    r"(?P<said>.+(?:\n  Value error, .+)?)",
    re.MULTILINE,
)
_NOISE = re.compile(r"^\d+ validation errors? for \w+\s+Value error, |\s*\[type=.*", re.DOTALL)
_CAUSED = re.compile(r"See (?:root cause|stack trace)")  # an error that only says there is another
_KILLED = (
    "vLLM was killed, as happens when memory runs out: close other programs, or choose a smaller --model"
)


def stage(line: str) -> str | None:
    """How far vLLM has come by this line of its log; None for a line that does not tell."""
    return next((told for sign, told in _STAGES if sign in line), None)


def trouble(log: str, status: int, plan: Plan) -> str:
    """Why vLLM has ended with `status`, negative for a signal, and what to do: one sentence."""
    named = {"model": plan.model, "adapter": plan.adapter, "port": str(plan.port)}
    for sign, told in _TROUBLES:
        if found := re.search(sign, log):
            return told.format(**named, **found.groupdict())
    if status == -signal.SIGKILL:
        return _KILLED
    errors = [found["said"] for found in _ERROR.finditer(log) if not _CAUSED.search(found["said"])]
    if errors:
        return f"vLLM has ended: {' '.join(_NOISE.sub('', errors[-1]).split())[:200]}"
    if "EngineDeadError" in log:
        return _KILLED
    return f"vLLM has ended with status {status}"


def tail(lines: Sequence[str]) -> str:
    """Lines as text, without the colours vLLM may print."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))
