"""From the name of a brain to a brain."""

from __future__ import annotations

from agents.brain import Brain, BrainError


def make_brain(name: str) -> Brain:
    """The brain called `name`. Raises BrainError for one that cannot be had."""
    if name == "local":
        from agents.brains.local import LocalBrain

        return LocalBrain()
    raise BrainError(f"the {name} brain is not in this version yet; use --brain local")
