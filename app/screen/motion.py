"""No animation over a slow link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import App


def calm(app: App[Any], environ: Mapping[str, str]) -> None:
    """Turn Textual's animations off where every frame of them would go over a network.

    A TEXTUAL_ANIMATIONS of the user's own (none, basic, full) is kept.
    """
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION"))
    if remote and not environ.get("TEXTUAL_ANIMATIONS"):
        app.animation_level = "none"
