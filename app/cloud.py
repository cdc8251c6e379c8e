"""Brains in the cloud: their keys, and what is told where they cannot be had."""

from __future__ import annotations

from collections.abc import Mapping

from agents.brain import Brain, BrainError
from agents.cost import Meter
from app.settings import Settings
from tools.toolbox import Toolbox

OPENAI_KEYS = ("OPENAI_API_KEY",)
GEMINI_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


def key(environ: Mapping[str, str], names: tuple[str, ...], brain: str) -> str:
    """The key of a service from the environment. Raises BrainError where there is none."""
    found = next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")
    if not found:
        raise BrainError(
            f"the {brain} brain needs a key: set {names[0]} in the environment, or use --brain local"
        )
    return found


def openai_brain(settings: Settings, meter: Meter, toolbox: Toolbox, environ: Mapping[str, str]) -> Brain:
    """OpenAI Realtime. Raises BrainError without a key."""
    key(environ, OPENAI_KEYS, "openai")
    raise BrainError("the openai brain is not in this version yet; use --brain local")


def gemini_brain(settings: Settings, meter: Meter, toolbox: Toolbox, environ: Mapping[str, str]) -> Brain:
    """Gemini Live. Raises BrainError without a key, or without the extra."""
    key(environ, GEMINI_KEYS, "gemini")
    raise BrainError("the gemini brain is not in this version yet; use --brain local")
