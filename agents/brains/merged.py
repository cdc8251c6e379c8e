"""The adapter worked into the base model's weights, once on each machine.

An adapter applied while the model runs costs a few more matrix products for every token. Added to the
weights, which are quantised anew, it costs nothing.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import quants
from platformdirs import user_cache_path

KIND = Kind.Q8_0


def merged(base: Path, adapter: Path, cache: Path | None = None) -> Path:
    """The file of `base` with `adapter` in it, in the user's cache; made where it is not there yet.

    That takes some ten seconds. Raises OSError where it cannot be written, and ValueError where the two do
    not belong together.
    """
    folder = cache or user_cache_path("headstart")
    key = hashlib.sha256(adapter.read_bytes())
    key.update(f"{base.name} {base.stat().st_size} {KIND.name}".encode())
    path = folder / f"local-{key.hexdigest()[:16]}.gguf"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        # Beside it under a name of this process, then moved: a second copy may be making it too.
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            _write(gguf.GGUFReader(base), gguf.GGUFReader(adapter), part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _write(base: gguf.GGUFReader, adapter: gguf.GGUFReader, path: Path) -> None:
    factors = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in adapter.tensors}
    scale = adapter.fields.get("adapter.lora.alpha")
    if scale is None:
        raise ValueError("it is no LoRA adapter")
    alpha = scale.contents()
    writer = gguf.GGUFWriter(path, base.fields["general.architecture"].contents())
    for field in base.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            inner = field.types[-1] if field.types[0] is gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for tensor in base.tensors:
        down, up = (factors.pop(f"{tensor.name}.lora_{side}", None) for side in "ab")
        if down is None or up is None:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
            continue
        weights = quants.dequantize(tensor.data, tensor.tensor_type) + alpha / len(down) * (up @ down)
        writer.add_tensor(tensor.name, quants.quantize(weights.astype(np.float32), KIND), raw_dtype=KIND)
    if factors:
        raise ValueError(f"it belongs to another model, which has {min(factors)}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
