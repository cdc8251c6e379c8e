"""A trained LoRA as a GGUF file that llama.cpp loads beside its base model.

llama.cpp keeps the rows of queries and keys of a Llama in another order than transformers does: the two
halves of a head, which are rotated together, interleaved. Those of a Qwen stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from agents.training.bases import TrainingError

NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_KEY = re.compile(r"layers\.(\d+)\.((?:self_attn|mlp)\.(\w+))\.lora_(A|B)\.weight$")
PERMUTED = {"llama": True, "qwen2": False}


def heads(config: Any) -> dict[str, int]:
    """The heads of the linear layers whose rows llama.cpp reorders, by the model's `config`.

    Raises TrainingError for a kind of model whose order is not known.
    """
    if config.model_type not in PERMUTED:
        raise TrainingError(
            f"adapters for models like {config.model_type} are not exported; choose a {', a '.join(PERMUTED)}"
        )
    if not PERMUTED[config.model_type]:
        return {}
    return {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}


def export(adapter: Mapping[str, Any], alpha: float, path: Path, config: Any) -> None:
    """Write PEFT's tensors (`...lora_A.weight`, on the CPU) to `path` in half precision.

    `config` is that of the base model. Raises ValueError for a tensor that is none of a linear layer's.
    """
    reordered = heads(config)
    # Written beside and moved, so that a reader never finds half a file.
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(str(part), config.model_type)
    writer.add_string("general.type", "adapter")
    writer.add_string("general.name", "Headstart adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    for key in sorted(adapter):
        found = _KEY.search(key)
        if found is None:
            raise ValueError(f"not a LoRA tensor: {key}")
        layer, module, kind, side = found.groups()
        tensor = np.asarray(adapter[key].float().numpy())
        if side == "B" and kind in reordered:
            tensor = _permuted(tensor, reordered[kind])
        writer.add_tensor(
            f"blk.{layer}.{NAMES[module]}.weight.lora_{side.lower()}", tensor.astype(np.float16)
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def load(path: Path, config: Any) -> dict[str, Any]:
    """PEFT's tensors (float32) from a file that `export` wrote. Raises OSError or ValueError."""
    import torch

    reordered = heads(config)
    modules = {short: module for module, short in NAMES.items()}
    adapter: dict[str, Any] = {}
    for tensor in gguf.GGUFReader(path).tensors:
        _, layer, short, _, side = tensor.name.split(".")
        module = modules[short]
        kind, side = module.split(".")[1], side.removeprefix("lora_").upper()
        data = np.asarray(tensor.data, dtype=np.float32)
        if side == "B" and kind in reordered:
            data = _restored(data, reordered[kind])
        key = f"base_model.model.model.layers.{layer}.{module}.lora_{side}.weight"
        adapter[key] = torch.from_numpy(np.ascontiguousarray(data))
    return adapter


def _permuted(rows: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Rows in the order in which llama.cpp keeps rotary pairs."""
    width = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, width, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def _restored(rows: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """The inverse of `_permuted`."""
    width = rows.shape[0] // heads // 2
    return rows.reshape(heads, width, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)
