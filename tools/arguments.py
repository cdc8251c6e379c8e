"""Arguments of a call against a tool's JSON schema."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from tools.numbers import digits
from tools.tool import Arguments, Json, ToolError


def checked(name: str, parameters: Mapping[str, Any], arguments: Arguments) -> dict[str, Json]:
    """The arguments as the tool `name` takes them, trimmed, in the order of its parameters.

    An optional argument that is null or empty counts as not given; a number where words are expected
    becomes words. Raises ToolError, one sentence, for an unknown, missing or ill-typed argument.
    """
    known = cast(Mapping[str, Mapping[str, Any]], parameters.get("properties", {}))
    required = cast(list[str], parameters.get("required", []))
    spoken = name.replace("_", " ")
    given = {key: _tidy(value, known.get(key, {})) for key, value in arguments.items()}
    for key in given:
        if key not in known and not parameters.get("additionalProperties"):
            raise ToolError(f'The tool "{spoken}" takes no "{key}".')
    for key in required:
        if given.get(key) in (None, ""):
            raise ToolError(f'The tool "{spoken}" needs "{key}".')
    present = {key: value for key, value in given.items() if key in required or value not in (None, "")}
    for key, value in present.items():
        if not _fits(value, known.get(key, {})):
            raise ToolError(f'The tool "{spoken}" cannot take {json.dumps(value)} as "{key}".')
    order = {key: place for place, key in enumerate(known)}
    return dict(sorted(present.items(), key=lambda item: order.get(item[0], len(order))))


def canonical(name: str, arguments: Arguments) -> str:
    """One key for all calls that mean the same: case, white space and "1" for "one" do not matter."""
    present: dict[str, Json] = {key: value for key, value in arguments.items() if value not in (None, "")}
    return f"{name} {json.dumps(_folded(present), sort_keys=True, ensure_ascii=False)}"


def _types(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types a schema allows at its top; empty where it allows any."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        each = [_types(option) for option in options]
        return set[str]().union(*each) if all(each) else set()
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _tidy(value: Json, schema: Mapping[str, Any]) -> Json:
    types = _types(schema)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and types == {"string"}:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value.strip() if isinstance(value, str) else value


def _fits(value: Json, schema: Mapping[str, Any]) -> bool:
    types = _types(schema)
    if "enum" in schema and value not in schema["enum"]:
        return False
    if not types:
        return True
    match value:
        case None:
            return "null" in types
        case bool():
            return "boolean" in types
        case int():
            return bool(types & {"integer", "number"})
        case float():
            return "number" in types or (value.is_integer() and "integer" in types)
        case str():
            return "string" in types
        case list():
            return "array" in types
        case dict():
            return "object" in types


def _number(word: str) -> str:
    """A number word as digits: who hears "one" and who reads "1" mean the same."""
    number = digits(word, ordinals=False)
    return number if number.isdigit() else word


def _folded(value: Json) -> Json:
    match value:
        case str():
            return " ".join(map(_number, unicodedata.normalize("NFKC", value).casefold().split()))
        case list():
            return [_folded(item) for item in value]
        case dict():
            return {key: _folded(item) for key, item in value.items()}
        case _:
            return value
