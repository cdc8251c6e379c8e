"""Holds JSON against the SDK's request types, which are typed dictionaries: unknown fields are refused.

Pydantic would let unknown fields of a typed dictionary pass, and would not look into an `Iterable` at all.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Required, Union, get_args, get_origin

# The SDK's typed dictionaries are of this package: the standard library does not know them as such.
from typing_extensions import get_type_hints, is_typeddict


class Unfit(Exception):
    """`path` is where the value does not fit."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


def fit(value: Any, hint: Any, path: str) -> None:
    """Check a value that came as JSON. Raises Unfit."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return
    if hint is None or hint is type(None):
        expect(value is None, path, "must be null")
    elif is_typeddict(hint):
        _fit_object(value, hint, path)
    elif origin is Required:
        fit(value, inside[0], path)
    elif origin in (Union, types.UnionType):
        _fit_any(value, inside, path)
    elif origin is Literal:
        expect(value in inside, path, f"must be one of {inside}")
    elif origin in (dict, Mapping):
        expect(isinstance(value, dict), path, "must be an object")
        for key, one in value.items():
            fit(one, inside[1], f"{path}.{key}")
    elif isinstance(origin, type) and issubclass(origin, Iterable):
        expect(isinstance(value, list), path, "must be a list")
        for at, one in enumerate(value):
            fit(one, inside[0], f"{path}[{at}]")
    elif hint is float:
        expect(isinstance(value, int | float) and not isinstance(value, bool), path, "must be a number")
    else:
        assert hint in (str, int, bool), f"nobody knows what {hint} is"
        expect(type(value) is hint, path, f"must be of type {hint.__name__}")


def expect(holds: bool, path: str, why: str) -> None:
    """Raises Unfit where it does not hold."""
    if not holds:
        raise Unfit(path, why)


def _fit_object(value: Any, hint: Any, path: str) -> None:
    expect(isinstance(value, dict), path, "must be an object")
    hints = get_type_hints(hint, include_extras=True)
    for key in value:
        expect(key in hints, f"{path}.{key}", "is unknown")
    for key, inside in hints.items():
        # The class itself does not know: its annotations are text.
        is_needed = key in hint.__required_keys__ or get_origin(inside) is Required
        expect(key in value or not is_needed, f"{path}.{key}", "is missing")
    for key, one in value.items():
        fit(one, hints[key], f"{path}.{key}")


def _fit_any(value: Any, choices: Sequence[Any], path: str) -> None:
    """Of the kinds that do not fit, the one that was meant is that in which most fits: it is told."""
    deepest: Unfit | None = None
    for choice in choices:
        try:
            return fit(value, choice, path)
        except Unfit as unfit:
            if deepest is None or unfit.path.count(".") > deepest.path.count("."):
                deepest = unfit
    assert deepest is not None
    raise deepest
