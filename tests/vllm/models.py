"""The local brain's own model in the forms a server takes: base, adapter, and both in one.

`python -m tests.vllm.models` writes them beside the installed packages, once, and prints where.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from agents.brains.local import ADAPTER


@dataclass(frozen=True, slots=True)
class Models:
    """Folders: `base` and `merged` as transformers has them, `adapter` as PEFT has it."""

    base: Path
    adapter: Path
    merged: Path


def models() -> Models:
    """The three of them, made where they are not there yet; that takes some twenty seconds."""
    key = hashlib.sha256(ADAPTER.read_bytes()).hexdigest()[:16]
    root = Path(sys.prefix) / "models" / key
    made = Models(root / "base", root / "adapter", root / "merged")
    if not root.is_dir():
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        _write(Models(part / "base", part / "adapter", part / "merged"))
        part.rename(root)
    return made


def _write(to: Models) -> None:
    import torch
    from peft import set_peft_model_state_dict

    from agents.training.bases import Base
    from agents.training.export import load
    from agents.training.sft import with_adapter

    base = Base.of()
    # What a CPU without half precision in hardware multiplies fastest.
    model = base.model(torch.float32)
    # Its weights were quantised; as read they no longer are.
    model.hf_quantizer = None
    del model.config.quantization_config
    model.save_pretrained(to.base)
    factors = load(ADAPTER, model.config)
    rank = next(len(tensor) for key, tensor in factors.items() if "lora_A" in key)
    adapted = with_adapter(model, rank)
    adapted.peft_config["default"].base_model_name_or_path = base.name
    set_peft_model_state_dict(adapted, factors)
    adapted.save_pretrained(str(to.adapter), save_embedding_layers=False)
    adapted.merge_and_unload().save_pretrained(to.merged)
    _save_tokenizer(to.base, to.merged)


def tiny() -> Path:
    """A model of chance with four small layers and the tokenizer of the local brain, for times alone."""
    folder = Path(sys.prefix) / "models" / "tiny"
    if not folder.is_dir():
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.manual_seed(1)
        config = LlamaConfig(
            vocab_size=49152,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=16384,
            bos_token_id=1,
            eos_token_id=2,
        )
        part = folder.with_suffix(".part")
        LlamaForCausalLM(config).save_pretrained(part)
        _save_tokenizer(part)
        part.rename(folder)
    return folder


def _save_tokenizer(*folders: Path) -> None:
    """Put the tokenizer of the local brain's base beside weights."""
    from transformers import PreTrainedTokenizerFast

    from agents.training.bases import Base

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Base.of().tokenizer(), eos_token="<|im_end|>")
    for folder in folders:
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    print(json.dumps({name: str(getattr(models(), name)) for name in ("base", "adapter", "merged")}))
