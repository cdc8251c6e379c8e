"""What vLLM 0.32 prints as it fails, cut to the lines that tell, and what a person is told instead.

What takes a graphics card, or an adapter that was not caught before, is put as its source words it.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from app.serve.model import Adapter, Model
from app.serve.plan import plan
from app.serve.troubles import stage, tail, trouble

PLAN = plan(Model("Qwen/Qwen2.5-3B-Instruct"), Adapter(Path("runs/qwen/peft"), 32, "", None), None, port=8001)
FLAG = """\
usage: vllm [-h] [-v]
            {chat,complete,serve,launch,bench,collect-env,download-kernels,preload,run-batch,snapshot}
            ...
vllm: error: unrecognized arguments: --no-such-flag
"""
NO_NETWORK = """\
'[Errno -2] Name or service not known' thrown while requesting HEAD https://hub/x/resolve/main/config.json
Retrying in 8s [Retry 5/5].
httpx2.ConnectError: [Errno -2] Name or service not known
OSError: We couldn't connect to 'https://hub' to load the files, and couldn't find them in the cached files.
"""
OFFLINE = """\
    raise LocalEntryNotFoundError(
huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder for the \
specified revision on the local disk and outgoing traffic has been disabled.
"""
CARD_IS_TAKEN = """\
ValueError: Free memory on device cuda:0 (2.6/23.5 GiB) on startup is less than desired GPU memory \
utilization (0.9, 21.2 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.
"""
NO_CACHE = """\
ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when \
initializing the engine (this flag also controls CPU memory reservation on the CPU backend, despite its name).
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""
SMALL_CACHE = """\
ValueError: To serve at least one request with the model's max seq len (8192), (0.28 GiB KV cache is needed, \
which is larger than the available KV cache memory (0.1 GiB).
"""
LONG = """\
  Value error, User-specified max_model_len (8192) is greater than the derived max_model_len \
(max_position_embeddings=2048 or model_max_length=None in model's config.json).
"""
NO_ADAPTER = """\
(EngineCore pid=24613) ERROR 11-26 19:40:25 [core.py:1750] RuntimeError: Worker failed with error 'Loading \
lora headstart failed: No adapter found for /nowhere', please check the stack trace above for the root cause
ValueError: Loading lora headstart failed: No adapter found for <path>
"""
OTHER_ADAPTER = """\
ValueError: While loading /adapter, expected target modules in {'q_proj', 'k_proj'} but received ['c_attn']. \
Please verify that the loaded LoRA module is correct
"""
HIGH_RANK = "ValueError: LoRA rank 64 is greater than max_lora_rank 32.\n"
PORT = "OSError: [Errno 98] Address already in use\n"
NO_CARD = "RuntimeError: No CUDA GPUs are available\n"
FULL_CARD = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB.\n"
LICENCE = "OSError: You are trying to access a gated repo.\n"
NO_MODEL = """\
pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
  Value error, Unrecognized model in /models/empty. Should have a `model_type` key in its config.json. \
[type=value_error, input_value=ArgsKwargs((), {'model': ...}), input_type=ArgsKwargs]
"""
UNKNOWN = """\
pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
  Value error, Model architectures ['NobodyForCausalLM'] are not supported for now. Supported architectures: \
dict_keys(['AfmoeForCausalLM', 'ApertusForCausalLM'])
"""


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (FLAG, "this vLLM does not know --no-such-flag: install a newer one, or leave it out"),
        (NO_NETWORK, "there is no network to the hub; give a folder that holds it with --model"),
        (OFFLINE, "there is no network to the hub; give a folder that holds it with --model"),
        (CARD_IS_TAKEN, "something else has taken memory meanwhile: close it (nvidia-smi lists it)"),
        (NO_CACHE, "there is too little memory for Qwen/Qwen2.5-3B-Instruct: close what else uses it"),
        (SMALL_CACHE, "or add -- --max-model-len 2048"),
        (LONG, "reads at most 2048 tokens: add -- --max-model-len 2048"),
        (NO_ADAPTER, "the adapter runs/qwen/peft is missing or broken: name another with --adapter"),
        (OTHER_ADAPTER, "the adapter runs/qwen/peft does not fit Qwen/Qwen2.5-3B-Instruct"),
        (HIGH_RANK, "the adapter runs/qwen/peft does not fit Qwen/Qwen2.5-3B-Instruct"),
        (PORT, "port 8001 is taken: choose another one with --port"),
        (NO_CARD, "vLLM finds no graphics card it can use: look what nvidia-smi says"),
        (FULL_CARD, "there is too little memory for Qwen/Qwen2.5-3B-Instruct"),
        (LICENCE, "only for those who have accepted its licence"),
        (NO_MODEL, "is no model that vLLM can read: look at its config.json"),
        (UNKNOWN, "this vLLM cannot run Qwen/Qwen2.5-3B-Instruct: install a newer one"),
    ],
)
def test_a_failure_is_told_in_one_line_that_says_what_to_do(log: str, told: str) -> None:
    said = trouble(log, 1, PLAN)
    assert told in said
    assert "\n" not in said


def test_what_nobody_foresaw_is_told_in_vllms_words() -> None:
    log = """\
(EngineCore pid=27) ERROR 11-26 18:31:12 [core.py:1335] EngineCore failed to start.
(EngineCore pid=27) ERROR 11-26 18:31:12 [core.py:1335] Traceback (most recent call last):
(EngineCore pid=27) ERROR 11-26 18:31:12 [core.py:1335] ValueError: the moon is full
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""
    assert trouble(log, 1, PLAN) == "vLLM has ended: the moon is full"
    wrapped = "x.ValidationError: 1 validation error for X\n  Value error, no moon [type=value_error]\n"
    assert trouble(wrapped, 1, PLAN) == "vLLM has ended: no moon"
    assert trouble("INFO all is well\n", 3, PLAN) == "vLLM has ended with status 3"
    assert "was killed, as happens when memory runs out" in trouble(
        "INFO all is well\n", -signal.SIGKILL, PLAN
    )
    dead = (
        "(APIServer pid=3671) ERROR 11-26 18:59:19 [async_llm.py:906] "
        "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. "
        "See stack trace (above) for the root cause.\n"
    )
    assert "was killed" in trouble(dead, 0, PLAN)
    assert trouble("OSError: no moon\n" + dead, 0, PLAN) == "vLLM has ended: no moon"


def test_colours_do_not_hide_what_is_said() -> None:
    assert tail(["\x1b[0;36m(APIServer pid=1)\x1b[0;0m OSError: no", "more"]).startswith(
        "(APIServer pid=1) OSE"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "(Worker pid=3) INFO 11-26 18:43:12 [cpu_model_runner.py:68] Starting to load model base...",
            "loading",
        ),
        (
            "(Worker pid=3) INFO 11-26 18:43:15 [default_loader.py:501] Loading weights took 1.74 seconds",
            "in memory",
        ),
        (
            "(EngineCore pid=3) INFO 11-26 18:43:23 [kv_cache_utils.py:2327] CPU KV cache size: 768 tokens",
            "cache",
        ),
        ("INFO:     Application startup complete.", "opening the port"),
        (
            "'[Errno -2] Name or service not known' thrown while requesting HEAD https://hub/x",
            "the hub does not",
        ),
        ("(APIServer pid=2) INFO 11-26 18:30:19 [model.py:2152] Using max model len 1024", None),
    ],
)
def test_how_far_it_is_stands_in_its_log(line: str, told: str | None) -> None:
    assert told in (stage(line) or "") if told else stage(line) is None
