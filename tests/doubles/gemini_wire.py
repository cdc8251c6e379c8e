"""What a Gemini Live server accepts: client messages against the SDK's own types, and what those leave out.

Unknown fields are refused, in either casing; enum values are those declared (the SDK's enums take any
word); bytes are base64. `setup.realtimeInputConfig` is checked apart: the SDK sends it, its type lacks it.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import pydantic
from google.genai import types

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
RATE = re.compile(r"audio/pcm;rate=(\d+)")
Model = TypeVar("Model", bound=pydantic.BaseModel)


class Refused(Exception):
    """The client broke a rule: the connection is closed with `code` and this reason."""

    def __init__(self, reason: str, code: int = 1007) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message, read."""

    model: str
    setup: types.LiveClientSetup
    tools: dict[str, types.FunctionDeclaration]
    input: types.RealtimeInputConfig


Message = (
    Setup
    | types.LiveClientContent
    | types.LiveClientRealtimeInput
    | types.LiveClientToolResponse
    | types.LiveClientContextUpdate
)

_KINDS: dict[str, type[pydantic.BaseModel]] = {
    "client_content": types.LiveClientContent,
    "realtime_input": types.LiveClientRealtimeInput,
    "tool_response": types.LiveClientToolResponse,
}


def read(raw: str | bytes) -> Message:
    """A client message. Raises Refused."""
    try:
        message = json.loads(raw)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None
    if not isinstance(message, dict) or len(message) != 1:
        raise Refused("a message is an object with exactly one field")
    ((key, value),) = message.items()
    kind = snake(key)
    if kind == "setup":
        return _setup(value)
    if kind == "context_update":
        return _context_update(value)
    if kind not in _KINDS:
        raise Refused(f"unknown message {key!r}")
    return checked(_KINDS[kind], value, kind)  # type: ignore[return-value]


def snake(name: str) -> str:
    """The field name in snake case, whichever it came in."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match.group(1).lower(), name)


def _setup(value: Any) -> Setup:
    fields = fields_of(value, "setup")
    config = checked(
        types.RealtimeInputConfig, fields.pop("realtime_input_config", {}), "realtimeInputConfig"
    )
    tools = tools_of(fields.pop("tools", []))
    instruction = fields.pop("system_instruction", None)
    if instruction is not None:
        _content(checked(types.Content, instruction, "systemInstruction"), "systemInstruction")
    setup = checked(types.LiveClientSetup, fields, "setup")
    if not setup.model or not setup.model.startswith("models/"):
        raise Refused("setup.model must be models/NAME")
    return Setup(setup.model.removeprefix("models/"), setup, tools, config)


def _context_update(value: Any) -> types.LiveClientContextUpdate:
    fields = fields_of(value, "contextUpdate")
    tools = fields.pop("tools", None)
    if tools is not None:
        tools_of(fields_of(tools, "contextUpdate.tools").get("tools", []))
    instruction = fields.pop("system_instruction", None)
    if instruction is not None:
        _content(checked(types.Content, instruction, "systemInstruction"), "systemInstruction")
    if fields:
        raise Refused(f"contextUpdate: unknown field {next(iter(fields))!r}")
    return types.LiveClientContextUpdate()


def tools_of(value: Any) -> dict[str, types.FunctionDeclaration]:
    """The functions declared, by name. Raises Refused."""
    declared: dict[str, types.FunctionDeclaration] = {}
    if not isinstance(value, list):
        raise Refused("tools must be a list")
    for item in value:
        tool = checked(types.Tool, item, "tools")
        for function in tool.function_declarations or []:
            if not function.name or not NAME.fullmatch(function.name):
                raise Refused(f"{function.name!r} is no function name")
            if function.name in declared:
                raise Refused(f"function {function.name} is declared twice")
            if function.parameters is not None and function.parameters_json_schema is not None:
                raise Refused(
                    f"function {function.name}: parameters and parametersJsonSchema exclude each other"
                )
            declared[function.name] = function
    return declared


def _content(content: types.Content, where: str) -> None:
    if not content.parts or any(not part.text for part in content.parts):
        raise Refused(f"{where}: a content needs parts with text")


def check_turns(content: types.LiveClientContent) -> None:
    """Turns with explicit roles and text. Raises Refused."""
    for turn in content.turns or []:
        if turn.role not in ("user", "model"):
            raise Refused(f"clientContent: a turn needs the role user or model, not {turn.role!r}")
        _content(turn, "clientContent")


def audio(blob: types.Blob) -> bytes:
    """The samples of an audio chunk: PCM, 16 bit, 16 kHz. Raises Refused."""
    match = RATE.fullmatch(blob.mime_type or "")
    if match is None:
        raise Refused(f"realtimeInput.audio: {blob.mime_type!r} is not audio/pcm;rate=…")
    if match.group(1) != "16000":
        raise Refused("realtimeInput.audio: this double takes 16000 Hz only")
    if not blob.data or len(blob.data) % 2:
        raise Refused("realtimeInput.audio: whole 16 bit samples, at least one")
    return blob.data


def fields_of(value: Any, where: str) -> dict[str, Any]:
    """The fields of an object by their snake case names. Raises Refused where one comes twice."""
    if not isinstance(value, Mapping):
        raise Refused(f"{where} must be an object")
    fields = {snake(key): item for key, item in value.items()}
    if len(fields) != len(value):
        raise Refused(f"{where}: a field in both casings")
    return fields


def checked(cls: type[Model], value: Any, where: str) -> Model:
    """A value as one of the SDK's types. Raises Refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unknown enum values are refused below, by name
        try:
            # From JSON, as it came: only there are bytes read as base64.
            model = cls.model_validate_json(json.dumps(value))
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            raise Refused(f"{where}.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    _check_enums(model, where)
    return model


def _check_enums(value: Any, where: str) -> None:
    if isinstance(value, Enum):
        if value.name not in type(value).__members__:
            raise Refused(f"{where}: {value.value!r} is no {type(value).__name__}")
        if str(value.value).endswith("_UNSPECIFIED"):
            raise Refused(f"{where}: {value.value} is unused")
    elif isinstance(value, pydantic.BaseModel):
        for name in type(value).model_fields:
            _check_enums(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, list):
        for item in value:
            _check_enums(item, where)
