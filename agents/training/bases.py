"""The model an adapter is trained for: where its weights and its tokenizer come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer

from agents.brains.weights import base_weights
from tools.errors import HeadstartError


class TrainingError(HeadstartError):
    """Training cannot begin. The message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """A model called `name`, read from `place`: a folder or GGUF file, or a name on a hub."""

    name: str
    place: str

    @classmethod
    def of(cls, model: str | None = None, base_from: Path | None = None) -> Base:
        """The base that `--model` and `--base-from` name; the built-in one without either.

        Raises TrainingError for a path where nothing is.
        """
        if base_from is not None:
            if not base_from.exists():
                raise TrainingError(f"{base_from} is not there; name a GGUF file or a folder of a model")
            return cls(model or base_from.stem, str(base_from))
        if model is not None:
            return cls(model, model)
        weights = base_weights()
        return cls(weights.name.partition(".")[0], str(weights))

    def model(self, dtype: Any) -> Any:
        """The model, its weights as torch's `dtype`. Raises TrainingError."""
        return self._read(AutoModelForCausalLM.from_pretrained, dtype=dtype)

    def tokenizer(self) -> Any:
        """The tokenizer, which cuts many texts at a time. Raises TrainingError."""
        return self._read(AutoTokenizer.from_pretrained).backend_tokenizer

    def _read(self, read: Callable[..., Any], **given: Any) -> Any:
        path = Path(self.place)
        try:
            if path.suffix == ".gguf":
                return read(path.parent, gguf_file=path.name, **given)
            return read(self.place, **given)
        except (OSError, ValueError) as error:
            why = str(error).strip().partition("\n")[0]
            raise TrainingError(
                f"no model can be read from {self.place} ({why}); name a folder, a GGUF file or a hub's"
            ) from error
