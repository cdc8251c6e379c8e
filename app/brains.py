"""From the settings to a brain."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agents.brain import Brain, BrainError
from agents.brains.engine import Engine
from agents.cost import Meter
from app.prices import prices
from app.settings import Settings
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from agents.brains.vllm_server import ServedEngine


def make_meter(settings: Settings) -> Meter:
    """What counts the cost of a session, for all its brains."""
    return Meter(prices(settings.prices), settings.budget)


def make_brain(name: str, settings: Settings, meter: Meter, toolbox: Toolbox) -> Brain:
    """The brain called `name`. Raises BrainError for one that cannot be had: no key, an extra is missing."""
    match name:
        case "local":
            from agents.brains.local import LocalBrain

            return LocalBrain()
        case "vllm":
            from agents.brains.vllm import VllmBrain

            return VllmBrain(_engine(settings), toolbox)
        case "openai":
            from app.cloud import openai_brain

            return openai_brain(settings, meter, toolbox, os.environ)
        case "gemini":
            from app.cloud import gemini_brain

            return gemini_brain(settings, meter, toolbox, os.environ)
        case _:
            raise BrainError(f"there is no brain {name}; use --brain local")


def _engine(settings: Settings) -> Engine:
    """What the `vllm` brain writes with."""
    own = settings.vllm
    if own.inside is not None:
        from agents.brains.vllm_inside import InsideEngine

        return InsideEngine(own.inside, own.adapter, context=own.context)
    return served_engine(settings)


def served_engine(settings: Settings) -> ServedEngine:
    """The server that the settings name."""
    from agents.brains.vllm_server import ServedEngine

    own = settings.vllm
    return ServedEngine(own.url, settings.model or own.model, os.environ.get("VLLM_API_KEY"))
