"""A tool that a server announces, as one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from jsonschema import validators
from mcp import types

from tools.mcp.results import tool_result
from tools.mcp.server import Server
from tools.mcp.text import clean, line
from tools.tool import Arguments, Effect, Json, Tool, ToolContext, ToolResult

NAME_LIMIT = 64  # characters; what model APIs take
DESCRIPTION_LIMIT = 1000  # characters
_SAID = 60  # characters of an argument in a question
_SAID_IN_ALL = 300


class NotUsable(Exception):
    """An announced tool cannot be offered. The message is a clause: why."""


def prefix(server: str) -> str:
    """What the names of a server's tools begin with."""
    name = re.sub(r"\W", "_", server, flags=re.ASCII)
    return name if re.match(r"[A-Za-z_]", name) else f"mcp_{name}"


def exposed_name(server: str, tool: str, taken: Collection[str]) -> str:
    """The name under which `tool` of `server` is offered, and found in the settings.

    Always in the name of its server, and not only where two collide: else what the user allowed one
    server's tool would pass to another's of the same name on the day the first is not there.
    """
    begin = prefix(server)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", tool)
    if not name.startswith(f"{begin}_"):
        name = f"{begin}_{name}"
    free, count = name[:NAME_LIMIT], 1
    while free in taken:
        count += 1
        free = f"{name[: NAME_LIMIT - len(str(count)) - 1]}_{count}"
    return free


def as_tool(server: Server, announced: types.Tool, name: str, effect: Effect) -> Tool:
    """The announced tool as `name`, with `effect`. Raises NotUsable for a schema that is none."""
    title = line(announced.title or (announced.annotations and announced.annotations.title) or "", 60)
    title = title or name.replace("_", " ")
    title = title[:1].upper() + title[1:]
    parameters, real = _parameters(announced.input_schema)

    async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
        given = {real.get(key, key): value for key, value in arguments.items()}
        answer = await server.call(announced.name, given, is_effect=effect is not Effect.READ)
        return tool_result(title, answer)

    description = clean(announced.description or title).strip()[:DESCRIPTION_LIMIT]
    return Tool(name, description, effect, parameters, run, question=_question(server.spoken, title))


def _question(server: str, title: str) -> Callable[[ToolContext, Arguments], str]:
    """Names the server as the user does: a title is the server's own choice of words."""

    def question(context: ToolContext, arguments: Arguments) -> str:
        given = (f"{line(key, 40).replace('_', ' ')} {_said(value)}" for key, value in arguments.items())
        details = line(", ".join(given), _SAID_IN_ALL)
        return f"Shall {server} do “{title}”{f' with {details}' if details else ''}?"

    return question


def _said(value: Json) -> str:
    match value:
        case str():
            return f"“{line(value, _SAID)}”"
        case list() if all(isinstance(item, str) for item in value):
            return line(", ".join(cast("list[str]", value)), _SAID)
        case _:
            return line(json.dumps(value, ensure_ascii=False), _SAID)


def _parameters(schema: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The input schema in the form all brains read, and the server's name of each renamed parameter."""
    try:
        kind = validators.validator_for(schema)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        kind.check_schema(dict(schema))  # pyright: ignore[reportUnknownMemberType]
    except Exception as error:  # also one so deep that the check itself gives up
        raise NotUsable("its parameters are no JSON schema") from error
    properties: dict[str, Any] = {}
    real: dict[str, str] = {}
    for key, each in cast("Mapping[str, Any]", schema.get("properties", {})).items():
        name = re.sub(r"\W", "_", key, flags=re.ASCII)[:NAME_LIMIT]
        if not re.match(r"[A-Za-z_]", name):
            name = f"_{name}"
        if name in properties:
            raise NotUsable(f"two of its parameters would be called {name}")
        properties[name] = _property(each)
        real[name] = key
    named = {key: name for name, key in real.items()}
    required = [named[key] for key in cast("list[str]", schema.get("required", [])) if key in named]
    rest = {
        key: value for key, value in schema.items() if key in ("$defs", "definitions", "additionalProperties")
    }
    return {"type": "object", "properties": properties, "required": required, **rest}, real


def _property(schema: Any) -> dict[str, Any]:
    """One parameter: a schema of `true` as an object, and alternatives always as `anyOf`."""
    if not isinstance(schema, dict):
        return {}
    plain = dict(cast("dict[str, Any]", schema))
    kinds = plain.get("type")
    if isinstance(kinds, list):
        del plain["type"]
        alternatives = [{"type": kind} for kind in cast("list[str]", kinds)]
        plain = {**plain, "anyOf": alternatives} if "anyOf" not in plain else plain
    for key in ("anyOf", "oneOf"):
        if key in plain:
            plain[key] = [_property(each) for each in cast("list[Any]", plain[key])]
    return plain
