"""What may be on the wire of OpenAI Realtime, checked against the SDK's types with unknown fields refused.

The SDK's union accepts the fields of the beta protocol as extras and refuses `item_reference`, which the
service takes; so every event is read as its own class, references are checked apart, and whatever a
model did not declare is an error.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from openai.types.realtime import (
    RealtimeClientEvent,
    RealtimeConversationItemAssistantMessage,
    RealtimeConversationItemFunctionCall,
    RealtimeConversationItemFunctionCallOutput,
    RealtimeConversationItemSystemMessage,
    RealtimeConversationItemUserMessage,
    RealtimeServerEvent,
    RealtimeSessionCreateRequest,
)
from pydantic import BaseModel, ValidationError

ID_LIMIT = 32
ITEMS: Mapping[str, type[BaseModel]] = {
    "message/user": RealtimeConversationItemUserMessage,
    "message/assistant": RealtimeConversationItemAssistantMessage,
    "message/system": RealtimeConversationItemSystemMessage,
    "function_call": RealtimeConversationItemFunctionCall,
    "function_call_output": RealtimeConversationItemFunctionCallOutput,
}
CONTENTS = {"user": ("input_text", "input_audio"), "assistant": ("output_text",), "system": ("input_text",)}


class Refused(Exception):
    """The service answers with an `error` event."""

    def __init__(self, message: str, code: str = "invalid_value", param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def _by_type(union: Any) -> dict[str, type[BaseModel]]:
    classes = get_args(get_args(union)[0])
    return {get_args(cls.model_fields["type"].annotation)[0]: cls for cls in classes}


_CLIENT = _by_type(RealtimeClientEvent)
_SERVER = _by_type(RealtimeServerEvent)


def read(raw: str | bytes) -> dict[str, Any]:
    """A client event that a server may act on. Raises Refused."""
    if isinstance(raw, bytes):
        raise Refused("events are text", "invalid_json")
    try:
        event = json.loads(raw)
    except ValueError:
        raise Refused("the event is no JSON", "invalid_json") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise Refused("the event has no type", "missing_required_parameter", "type")
    cls = _CLIENT.get(event["type"])
    if cls is None:
        raise Refused(f"{event['type']} is no client event", "unknown_event")
    if len(str(event.get("event_id", ""))) > 512:
        raise Refused("event_id is too long", "string_above_max_length", "event_id")
    conform(cls, _without_references(event), event["type"])
    match event["type"]:
        case "session.update":
            _check_session(event["session"])
        case "response.create":
            _check_response(event.get("response") or {})
        case "conversation.item.create":
            check_item(event["item"], "item")
        case "input_audio_buffer.append":
            event["pcm"] = audio(event["audio"])
        case _:
            pass
    return event


def write(event: Mapping[str, Any]) -> str:
    """A server event as text. The double is held to the SDK's types too; raises AssertionError."""
    cls = _SERVER[event["type"]]
    try:
        conform(cls, dict(event), event["type"])
    except Refused as refusal:
        raise AssertionError(f"the double would send a wrong event: {refusal}") from None
    return json.dumps(event)


def audio(text: str) -> bytes:
    """The samples of base64 PCM. Raises Refused."""
    try:
        pcm = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("audio is no base64", "invalid_value", "audio") from None
    if len(pcm) % 2:
        raise Refused("audio is no 16-bit PCM: it has half a sample", "invalid_value", "audio")
    if len(pcm) > 15 * 2**20:
        raise Refused("audio is longer than 15 MiB", "invalid_value", "audio")
    return pcm


def check_item(item: Mapping[str, Any], param: str) -> None:
    """An item as a client may create it. Raises Refused."""
    kind = item.get("type")
    cls = ITEMS.get(f"message/{item.get('role')}" if kind == "message" else str(kind))
    if cls is None:
        raise Refused(f"items of type {kind!r} cannot be created", param=f"{param}.type")
    conform(cls, item, param)
    if len(item.get("id") or "") > ID_LIMIT:
        raise Refused(
            f"Invalid '{param}.id': string too long. Expected a string with maximum length {ID_LIMIT}, but "
            f"got a string with length {len(item['id'])} instead.",
            "string_above_max_length",
            f"{param}.id",
        )
    if kind == "message":
        for content in item["content"]:
            if content.get("type") not in CONTENTS[item["role"]]:
                kind = content.get("type")
                raise Refused(f"{item['role']} messages hold no {kind}", param=f"{param}.content")
            field = "audio" if content["type"] == "input_audio" else "text"
            if not isinstance(content.get(field), str):
                raise Refused(f"{content['type']} needs {field}", "missing_required_parameter", field)
            if field == "audio":
                audio(content["audio"])
    elif kind == "function_call":
        _check_arguments(item)
    elif not isinstance(item.get("output"), str):
        raise Refused("output must be a string", "invalid_type", f"{param}.output")


def _check_arguments(item: Mapping[str, Any]) -> None:
    try:
        json.loads(item["arguments"])
    except ValueError:
        raise Refused("arguments are no JSON", param="item.arguments") from None


def _check_session(session: Mapping[str, Any]) -> None:
    if session.get("type") != "realtime":
        raise Refused("session.type must be realtime", "missing_required_parameter", "session.type")
    conform(RealtimeSessionCreateRequest, session, "session")
    _check_modalities(session)
    names = [tool.get("name") for tool in session.get("tools") or ()]
    if len(set(names)) != len(names):
        raise Refused("two tools have one name", param="session.tools")
    for name in names:
        if not (isinstance(name, str) and 0 < len(name) <= 64 and name.replace("-", "_").isidentifier()):
            raise Refused(f"{name!r} is no name of a tool", param="session.tools")


def _check_response(response: Mapping[str, Any]) -> None:
    _check_modalities(response)
    metadata = response.get("metadata") or {}
    if len(metadata) > 16 or any(
        not isinstance(value, str) or len(key) > 64 or len(value) > 512 for key, value in metadata.items()
    ):
        raise Refused("metadata is at most 16 pairs of strings", param="response.metadata")
    tokens = response.get("max_output_tokens")
    if isinstance(tokens, int) and not 1 <= tokens <= 4096:
        raise Refused("max_output_tokens must be between 1 and 4096", param="response.max_output_tokens")
    if response.get("conversation") not in (None, "auto", "none"):
        raise Refused("conversation must be auto or none", param="response.conversation")
    for item in response.get("input") or ():
        if item.get("type") != "item_reference":
            check_item(item, "response.input")
        elif set(item) != {"type", "id"} or not isinstance(item["id"], str):
            raise Refused("a reference has an id and nothing else", param="response.input")


def _check_modalities(owner: Mapping[str, Any]) -> None:
    modalities = owner.get("output_modalities")
    if modalities is not None and modalities not in (["audio"], ["text"]):
        raise Refused('output_modalities must be ["audio"] or ["text"]', param="output_modalities")


def _without_references(event: Mapping[str, Any]) -> dict[str, Any]:
    response = event.get("response")
    if not isinstance(response, dict) or not isinstance(response.get("input"), list):
        return dict(event)
    items = [item for item in response["input"] if item.get("type") != "item_reference"]
    return {**event, "response": {**response, "input": items}}


def conform(cls: type[BaseModel], value: Mapping[str, Any], name: str) -> None:
    try:
        model = cls.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refused(f"{name}: {where}: {first['msg']}", param=where) from None
    for extra in _extras(model, name):
        raise Refused(f"Unknown parameter: '{extra}'.", "unknown_parameter", extra)


def _extras(value: Any, path: str) -> Iterator[str]:
    """Everything that the model, or one inside it, did not declare."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _extras(item, f"{path}[{index}]")
