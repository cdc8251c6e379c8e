"""The home: music, lights and heating as the store records them."""

from __future__ import annotations

import re
from typing import Annotated, cast

from tools.numbers import parse_number
from tools.registry import tool
from tools.saying import sentence
from tools.store import Store
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult

_COLDEST, _WARMEST = 5.0, 30.0  # degrees Celsius a room may be heated to
_START = 20.0  # degrees Celsius, for "two degrees warmer" before anything was set


def _state(store: Store, device: str) -> str | None:
    row = store.row("SELECT state FROM home WHERE device = ?", device)
    return None if row is None else row["state"]


def _set(store: Store, device: str, state: str) -> list[Json]:
    """Set a device; what its undo needs: the device, the state before, the state after."""
    before = _state(store, device)
    store.write(
        "INSERT INTO home VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET state = excluded.state",
        device,
        state,
    )
    return [device, before, state]


async def _undo(context: ToolContext, undo: Json) -> ToolResult:
    device, before, after = cast(tuple[str, str | None, str], undo)
    if _state(context.store, device) != after:
        raise ToolError(f"The {_called(device)} has changed since, so I left it as it is.")
    if before is None:
        context.store.write("DELETE FROM home WHERE device = ?", device)
        return ToolResult(f"The {_called(device)} is no longer set.")
    _set(context.store, device, before)
    return ToolResult(f"The {_called(device)} is back to {before}.")


def _called(device: str) -> str:
    kind, _, room = device.partition(":")
    return f"{room} {kind}" if room else kind


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def play_music(
    context: ToolContext, what: Annotated[str, "A song, artist, album or kind of music."]
) -> ToolResult:
    """Play music."""
    return ToolResult(f"Music is set to {what}.", what, _set(context.store, "music", what))


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def set_light(
    context: ToolContext,
    room: Annotated[str, "Which room's light."],
    state: Annotated[str, "on, off, dim, bright, a percentage or a colour."],
) -> ToolResult:
    """Set the light of a room."""
    place = re.sub(r"^(?:the|my)\s+|\s+(?:lights?|lamp)$", "", room.strip().casefold()) or "room"
    level = _level(state)
    return ToolResult(
        f"The {place} light is set to {level}.", level, _set(context.store, f"light:{place}", level)
    )


def _level(state: str) -> str:
    """A light's state as kept: on, off, dim, 40 percent, or the colour's name."""
    words = re.sub(r"^(?:turn(?:ed)? |switch(?:ed)? |to )+", "", state.strip().casefold())
    if words in ("true", "false"):
        return "on" if words == "true" else "off"
    if "half" in words:
        return "50 percent"
    try:
        percent = parse_number(words)
    except ToolError:
        return words
    if not 0 <= percent <= 100:
        raise ToolError("A light can be set from 0 to 100 percent.")
    return f"{percent:g} percent"


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def set_thermostat(
    context: ToolContext, degrees: Annotated[str, "Degrees Celsius, or how much warmer or cooler."]
) -> ToolResult:
    """Set the heating."""
    wanted = parse_number(degrees)
    step = re.search(r"\b(warmer|hotter|higher|up|more|cooler|colder|lower|down|less)\b", degrees.casefold())
    if step and " to " not in f" {degrees.casefold()} ":
        now = float(_state(context.store, "thermostat") or _START)
        warmer = step[1] in ("warmer", "hotter", "higher", "up", "more")
        wanted = now + wanted if warmer else now - wanted
    if not _COLDEST <= wanted <= _WARMEST:
        raise ToolError(
            f"The heating can be set from {_COLDEST:g} to {_WARMEST:g} degrees, not to {wanted:g}."
        )
    undo = _set(context.store, "thermostat", f"{wanted:g}")
    return ToolResult(sentence(f"the thermostat is set to {wanted:g} degrees."), f"{wanted:g}", undo)
