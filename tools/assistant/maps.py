"""Maps: links to places and ways, opened by whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from tools.assistant.names import pick
from tools.registry import tool
from tools.saying import sentence
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_MAP = "https://www.google.com/maps"
_MODES = {
    "walking": ("walk", "foot"),
    "bicycling": ("bik", "bicycl", "cycl"),
    "transit": ("transit", "bus", "train", "public", "tram", "metro", "subway"),
    "driving": ("driv", "car"),
}
_SPOKEN_MODES = {
    "walking": "on foot",
    "bicycling": "by bicycle",
    "transit": "by public transport",
    "driving": "by car",
}


@dataclass(frozen=True, slots=True)
class _Place:
    spoken: str
    address: str


def _place(store: Store, said: str) -> _Place:
    """A place the user keeps, or the words as they are, for the map to find."""
    rows = store.rows("SELECT name, address FROM places ORDER BY id")
    try:
        row = pick(said, rows, lambda row: ((row["name"],),), "place")
    except ToolError:
        return _Place(said, said)
    name = row["name"]
    return _Place(name if name in ("home", "work") or name[:1].isupper() else f"the {name}", row["address"])


@tool(effect=Effect.READ)
async def maps_open_location(
    context: ToolContext, place: Annotated[str, "A place, an address, or what kind of place."]
) -> ToolResult:
    """Find a place on the map."""
    found = _place(context.store, place)
    link = f"{_MAP}/search/?{urlencode({'api': 1, 'query': found.address})}"
    if found.address == found.spoken:
        return ToolResult(f"I have a map link for {found.spoken}.", link)
    return ToolResult(sentence(f"{found.spoken} is at {found.address}."), link)


@tool(effect=Effect.READ)
async def maps_show_directions(
    context: ToolContext,
    to: Annotated[str, "Where to go."],
    from_: Annotated[str | None, "Where to start; where the user is if left out."] = None,
    mode: Annotated[str | None, "On foot, by bicycle, by public transport or by car."] = None,
) -> ToolResult:
    """Find the way to a place."""
    target = _place(context.store, to)
    query = {"api": "1", "destination": target.address}
    text = f"I have directions to {target.spoken}"
    if from_:
        origin = _place(context.store, from_)
        query["origin"] = origin.address
        text += f" from {origin.spoken}"
    if mode:
        query["travelmode"] = travel = _mode(mode)
        text += f" {_SPOKEN_MODES[travel]}"
    return ToolResult(f"{text}.", f"{_MAP}/dir/?{urlencode(query)}")


def _mode(said: str) -> str:
    """The map's word for a way to travel. Raises ToolError for one it does not know."""
    for mode, beginnings in _MODES.items():
        if any(word.startswith(beginnings) for word in said.casefold().split()):
            return mode
    raise ToolError(f'I can find the way on foot, by bicycle, by public transport or by car, not "{said}".')
