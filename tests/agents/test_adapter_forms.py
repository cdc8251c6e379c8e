"""An adapter gives the same model in each of its forms: where it was trained, through PEFT, in llama.cpp."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, cast

import gguf
import numpy as np
import pytest
from gguf import quants

from agents.brains.weights import base_weights

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
peft = pytest.importorskip("peft", reason="training needs the extra `train`")

LAYERS = 3
# Of a logarithm of a probability. llama.cpp multiplies with an adapter in half precision.
TOLERANCE = 0.03
WRITTEN = 24  # tokens
TOP = 20  # probabilities compared at each of them
PROMPT = [504, 2365, 6354, 16438, 27003, 690, 260, 23790, 2767, 28]


def small_base(path: Path, kind: str) -> Path:
    """The first layers of the built-in base in single precision; as a `qwen2` with biases of chance."""
    base = gguf.GGUFReader(base_weights())
    writer = gguf.GGUFWriter(str(path), kind)
    for field in base.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        value = LAYERS if field.name == "llama.block_count" else field.contents()
        inner = field.types[-1] if field.types[0] is gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name.replace("llama.", f"{kind}."), value, field.types[0], sub_type=inner)
    rng = np.random.default_rng(1)
    for tensor in base.tensors:
        part = tensor.name.split(".")
        if part[0] == "blk" and int(part[1]) >= LAYERS:
            continue
        weights = quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, weights)
        if kind == "qwen2" and part[-2] in ("attn_q", "attn_k", "attn_v"):
            bias = rng.normal(0, 0.1, len(weights)).astype(np.float32)
            writer.add_tensor(tensor.name.replace("weight", "bias"), bias)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def written_by_llama_cpp(base: Path, adapter: Path | None) -> list[dict[int, float]]:
    """Greedy tokens, each first in what were the likeliest at its place and their log probabilities."""
    import xllamacpp

    parameters = cast(Any, xllamacpp).CommonParams()
    parameters.model.path = str(base)
    parameters.n_ctx = 256
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cache_type_k = parameters.cache_type_v = cast(Any, xllamacpp).ggml_type.GGML_TYPE_F32
    parameters.verbosity = -1
    parameters.hostnames = ["127.0.0.1"]
    parameters.api_keys = [secrets.token_hex(16)]
    if adapter:
        parameters.lora_adapters = [cast(Any, xllamacpp).CommonAdapterLoraInfo(str(adapter), 1.0)]
    server = cast(Any, xllamacpp).Server(parameters)
    asked = {"prompt": PROMPT, "n_predict": WRITTEN, "temperature": 0.0, "n_probs": TOP, "ignore_eos": True}
    answer = server.handle_completions(asked)
    answer = json.loads(answer) if isinstance(answer, str) else answer
    places = answer["choices"][0]["logprobs"]["content"]
    return [
        {place["id"]: place["logprob"]} | {each["id"]: each["logprob"] for each in place["top_logprobs"]}
        for place in places
    ]


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_the_forms_of_an_adapter_agree(kind: str, tmp_path: Path) -> None:
    from agents.training import sft
    from agents.training.bases import Base

    path = small_base(tmp_path / "base.gguf", kind)
    base = Base.of(base_from=path)
    model = sft.with_adapter(base.model(torch.float32), 4).eval()
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    sft.save_adapter(model, tmp_path)
    loaded = peft.PeftModel.from_pretrained(base.model(torch.float32), str(tmp_path / "peft")).eval()

    places = written_by_llama_cpp(path, tmp_path / "adapter.gguf")
    greedy = [next(iter(place)) for place in places]
    ids = torch.tensor([PROMPT + greedy])
    with torch.no_grad():
        trained = model(input_ids=ids).logits[0, len(PROMPT) - 1 : -1].log_softmax(-1)
        again = loaded(input_ids=ids).logits[0, len(PROMPT) - 1 : -1].log_softmax(-1)
        with model.disable_adapter():
            bare = model(input_ids=ids).logits[0, len(PROMPT) - 1 : -1].log_softmax(-1)
    assert torch.equal(trained, again)
    assert trained.argmax(-1).tolist() == greedy
    apart = [
        abs(row[token].item() - expected)
        for row, place in zip(trained, places, strict=True)
        for token, expected in place.items()
    ]
    assert max(apart) < TOLERANCE
    assert (trained - bare).abs().max() > 20 * TOLERANCE, "the adapter does something"
