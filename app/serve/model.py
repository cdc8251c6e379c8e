"""What must be known of a model and an adapter before they are served: how large, made for which."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.serve.machine import ServeError

DEFAULT = "Qwen/Qwen2.5-3B-Instruct"
SMALLER = "Qwen/Qwen2.5-3B-Instruct-AWQ"  # its weights in 4 bits, for cards of 8 GB
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM can be told
_BILLIONS = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)B(?![a-z])", re.IGNORECASE)
_MILLIONS = re.compile(r"(?<![\d.])(\d+)M(?![a-z])", re.IGNORECASE)
_QUANTIZED = re.compile(r"-(awq|gptq|int4|int8|fp8|bnb|w4a16|4bit|8bit)(-\w+)*$", re.IGNORECASE)
_FOUR_BITS = re.compile(r"awq|gptq|int4|w4a16|4bit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A model to serve: `name` on the hub, or a folder.

    `weights` in bytes, `length` in tokens and `width` of its hidden states, each None where nobody knows
    before it is loaded.
    """

    name: str
    weights: int | None = None
    length: int | None = None
    width: int | None = None

    @property
    def base(self) -> str:
        """Its name without owner and kind of quantisation, to be compared."""
        return _QUANTIZED.sub("", self.name.rstrip("/").rpartition("/")[2]).casefold()


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter in the form of PEFT, trained for the model `base`."""

    folder: Path
    rank: int
    base: str
    width: int | None


def model(name: str) -> Model:
    """The model `name`. Raises ServeError for a folder without one."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if name.startswith(("/", ".", "~")) or folder.exists():
            raise ServeError(f"there is no model at {name}: name a folder with config.json and weights")
        return Model(name, _guessed(name))
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ServeError(
            f"{name} holds no model: it needs config.json, weights (*.safetensors) and a tokenizer"
        ) from None
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if not weights:
        raise ServeError(f"{name} holds no weights: it needs *.safetensors beside config.json")
    return Model(
        str(folder.absolute()), weights, config.get("max_position_embeddings"), config.get("hidden_size")
    )


def adapter(path: Path, model: Model) -> Adapter:
    """The adapter in `path`, or in its folder `peft`. Raises ServeError for none, or one of another model."""
    folder = path if (path / "adapter_config.json").is_file() else path / "peft"
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        found = Adapter(
            folder.absolute(),
            int(config["r"]),
            str(config.get("base_model_name_or_path") or ""),
            _width(folder / "adapter_model.safetensors"),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise ServeError(
            f"{path} is no adapter for vLLM: name a folder that `headstart train --model {model.name}` has "
            "written, with adapter_config.json in it or in its folder peft"
        ) from None
    if found.rank > RANKS[-1]:
        raise ServeError(f"the adapter {path} has rank {found.rank}; vLLM takes up to {RANKS[-1]}")
    if _is_of_another(found, model):
        raise ServeError(
            f"the adapter {path} was trained for {found.base or 'another model'}, not for {model.name}; "
            f"serve that with --model, or train one: headstart train --model {model.name}"
        )
    return found


def _is_of_another(adapter: Adapter, model: Model) -> bool:
    """By the shapes where both are known, else by the names.

    vLLM 0.32 does not tell: it serves an adapter that is half as wide, and nonsense comes of it.
    """
    if adapter.width is not None and model.width is not None:
        return adapter.width != model.width
    return bool(adapter.base) and Model(adapter.base).base != model.base


def _guessed(name: str) -> int | None:
    """Bytes of weights, from the number of parameters that the name of a model tells."""
    if found := _BILLIONS.search(name):
        parameters = float(found[1]) * 1e9
    elif found := _MILLIONS.search(name):
        parameters = float(found[1]) * 1e6
    else:
        return None
    # A name rounds down a little; embeddings and scales stay as they are when the rest has 4 bits.
    return round(parameters * (0.75 if _FOUR_BITS.search(name) else 2.1))


def _width(file: Path) -> int | None:
    """Size of the hidden states an adapter's file was made for; None where no module tells.

    The file begins with the length of a JSON header that names each tensor with its shape. Raises OSError
    and ValueError.
    """
    with file.open("rb") as tensors:
        header: dict[str, Any] = json.loads(tensors.read(int.from_bytes(tensors.read(8), "little")))
    for name, about in header.items():
        if name.endswith(("q_proj.lora_A.weight", "gate_proj.lora_A.weight")):
            return int(about["shape"][1])
    return None
