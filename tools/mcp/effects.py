"""The effect class of a server's tool, from what the server announces and how far that is believed."""

from __future__ import annotations

from mcp.types import ToolAnnotations

from tools.mcp.config import Trust
from tools.tool import Effect


def effect_class(announced: ToolAnnotations | None, trust: Trust) -> Effect:
    """When a tool may run.

    What is not announced has the protocol's defaults: not read-only, destructive, in an open world. So
    a tool that says nothing asks first, and a write runs without a question only if it is announced both
    as additive and as staying within the server's own domain: what leaves it (a message, an order) cannot
    be taken back however additive it is, and a server has no undo to offer. That a tool is idempotent
    plays no part, because an effect is never repeated here anyway.
    """
    if trust is Trust.NONE or announced is None:
        return Effect.CONFIRM
    if announced.read_only_hint:
        # Read-only and destructive at once is no announcement one can go by.
        return Effect.CONFIRM if announced.destructive_hint else Effect.READ
    if announced.destructive_hint is False and announced.open_world_hint is False:
        return Effect.WRITE
    return Effect.CONFIRM
