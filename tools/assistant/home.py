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
_EVERYWHERE = frozenset({"all", "every", "everywhere", "house", "all house", "whole house", "everything"})
_LEVELS = {  # words for a light's level, and the one kept
    **dict.fromkeys(("off", "false", "out"), "off"),
    **dict.fromkeys(("dim", "low", "dimmer", "darker", "down"), "dim"),
    **dict.fromkeys("bright brighten brighter brightest full maximum max up".split(), "bright"),
    **dict.fromkeys(("on", "true"), "on"),
}
_COLOURS = "white red orange amber yellow gold green turquoise teal blue indigo purple violet pink".split()
_SHADES = frozenset({"warm", "cool", "cold", "soft", "light", "dark", "deep", "pale"})
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
    changes = cast(list[Json], undo)
    if isinstance(changes[0], list):
        for change in changes:
            await _undo(context, change)
        return ToolResult("All lights are back as they were.")
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
    what = what.rstrip(".!? ") or what
    return ToolResult(f"Music is set to {what}.", what, _set(context.store, "music", what))


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def set_light(
    context: ToolContext,
    room: Annotated[str, "Which room's light."],
    state: Annotated[str, "on, off, dim, bright, a percentage or a colour."],
) -> ToolResult:
    """Set the light of a room."""
    level = _level(state)
    place = " ".join(re.sub(r"\b(?:lights?|lamps?|in|of|the|my)\b", " ", room.casefold()).split()) or "room"
    said = f"at {level}" if level.endswith("percent") else level
    if place not in _EVERYWHERE:
        return ToolResult(
            f"The {place} light is {said}.", level, _set(context.store, f"light:{place}", level)
        )
    lights = context.store.rows("SELECT device FROM home WHERE device LIKE 'light:%' ORDER BY device")
    if not lights:
        raise ToolError("I know no lights yet; name a room.")
    return ToolResult(
        f"All lights are {said}.", level, [_set(context.store, row["device"], level) for row in lights]
    )


def _level(state: str) -> str:
    """A light's state as kept: on, off, dim, 40 percent, or the colour's name."""
    words = [_LEVELS.get(word, word) for word in re.findall(r"[a-z]+", state.casefold())]
    if "half" in words:
        return "50 percent"
    try:
        percent = parse_number(state)
    except ToolError:
        for kept in (*dict.fromkeys(_LEVELS.values()), *_COLOURS):
            if kept in words:
                shade = [word for word in words if word in _SHADES]
                return " ".join([*shade, kept]) if kept in _COLOURS else kept
        raise ToolError(
            f'A light can be on, off, dim, bright, a percentage or a colour, not "{state.strip()}".'
        ) from None
    if not 0 <= percent <= 100:
        raise ToolError("A light can be set from 0 to 100 percent.")
    return f"{percent:g} percent"


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def set_thermostat(
    context: ToolContext, degrees: Annotated[str, "Degrees Celsius, or how much warmer or cooler."]
) -> ToolResult:
    """Set the heating."""
    said = degrees.casefold()
    step = re.search(r"\b(warmer|hotter|higher|up|more|cooler|colder|lower|down|less)\b", said)
    wanted = _step(said) if step and " to " not in f" {said} " else parse_number(said)
    if "fahrenheit" in said:
        wanted = round((wanted - 32) * 5 / 9 * 2) / 2  # to half a degree, as thermostats go
    elif step and " to " not in f" {said} ":
        now = float(_state(context.store, "thermostat") or _START)
        warmer = step[1] in ("warmer", "hotter", "higher", "up", "more")
        wanted = now + wanted if warmer else now - wanted
    if not _COLDEST <= wanted <= _WARMEST:
        raise ToolError(
            f"The heating can be set from {_COLDEST:g} to {_WARMEST:g} degrees Celsius, not to {wanted:g}."
        )
    undo = _set(context.store, "thermostat", f"{wanted:g}")
    return ToolResult(sentence(f"the thermostat is set to {wanted:g} degrees."), f"{wanted:g}", undo)


def _step(said: str) -> float:
    """How many degrees warmer or cooler; one where no number is said."""
    if re.search(r"\bhalf an? degree\b", said):
        return 0.5
    try:
        return parse_number(said)
    except ToolError:
        if re.search(r"\d", said):
            raise
        return 1.0
