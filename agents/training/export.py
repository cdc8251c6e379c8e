"""A trained LoRA as a GGUF file that llama.cpp loads beside its base model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

HEADS = {"q_proj": 9, "k_proj": 3}  # of SmolLM2-135M
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_KEY = re.compile(r"layers\.(\d+)\.((?:self_attn|mlp)\.(\w+))\.lora_(A|B)\.weight$")


def export(adapter: Mapping[str, Any], alpha: float, path: Path) -> None:
    """Write PEFT's tensors (`...lora_A.weight`, on the CPU) to `path` in half precision.

    Raises ValueError for a tensor that is none of a linear layer's.
    """
    # Written beside and moved, so that a reader never finds half a file.
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(str(part), "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("general.name", "Headstart local brain")
    writer.add_string("general.license", "apache-2.0")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    for key in sorted(adapter):
        found = _KEY.search(key)
        if found is None:
            raise ValueError(f"not a LoRA tensor: {key}")
        layer, module, kind, side = found.groups()
        tensor = np.asarray(adapter[key].float().numpy())
        if side == "B" and kind in HEADS:
            tensor = _permuted(tensor, HEADS[kind])
        writer.add_tensor(
            f"blk.{layer}.{NAMES[module]}.weight.lora_{side.lower()}", tensor.astype(np.float16)
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def load(path: Path) -> dict[str, Any]:
    """PEFT's tensors (float32) from a file that `export` wrote. Raises OSError or ValueError."""
    import torch

    modules = {short: module for module, short in NAMES.items()}
    adapter: dict[str, Any] = {}
    for tensor in gguf.GGUFReader(path).tensors:
        _, layer, short, _, side = tensor.name.split(".")
        module = modules[short]
        kind, side = module.split(".")[1], side.removeprefix("lora_").upper()
        data = np.asarray(tensor.data, dtype=np.float32)
        if side == "B" and kind in HEADS:
            data = _restored(data, HEADS[kind])
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
