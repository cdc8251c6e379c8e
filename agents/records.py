"""Events as they stand in a record: one JSON object each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from agents.events import CallState, Event, Mode
from tools.tool import Effect

_CLASSES: dict[str, type[Event]] = {cls.__name__: cls for cls in get_args(Event)}
_ENUMS = {"mode": Mode, "state": CallState, "effect": Effect}


def to_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object, its class under `event`; times rounded to the microsecond."""
    row: dict[str, Any] = {"event": type(event).__name__}
    for field in fields(event):
        value = getattr(event, field.name)
        row[field.name] = round(value, 6) if isinstance(value, float) else value
    return row


def from_json(row: Mapping[str, Any]) -> Event:
    """The inverse of `to_json`. Raises ValueError for an object that is no event of this schema."""
    values = dict(row)
    name = values.pop("event", None)
    cls = _CLASSES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise ValueError(f"not an event: {name!r}")
    try:
        for key, enum in _ENUMS.items():
            if key in values:
                values[key] = enum(values[key])
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error
