"""What a server answered to a call, as a ToolResult."""

from __future__ import annotations

import json
from typing import cast

from mcp import types

from tools.mcp.text import clean, clean_json, line
from tools.tool import Json, ToolError, ToolResult

SPOKEN = 300  # characters of a result that are said and shown
KEPT = 20_000  # characters of a result that a dependent call can get

NO_CONTENT = "Done."


def tool_result(title: str, result: types.CallToolResult) -> ToolResult:
    """The result: a line to be spoken, and as value the structured content, else the whole text.

    Raises ToolError where the server says that the call failed.
    """
    text = "\n".join(filter(None, map(_text, result.content)))
    if result.is_error:
        said = line(text, SPOKEN)
        raise ToolError(f"{title} failed: {said}" if said else f"{title} failed.")
    value = _structured(cast(Json, result.structured_content))
    if not text.strip() and value is not None:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value is None or len(json.dumps(value)) > KEPT:
        value = clean(text)[:KEPT] or None
    return ToolResult(line(text, SPOKEN) or NO_CONTENT, value)


def _structured(value: Json) -> Json:
    if isinstance(value, dict) and list(value) == ["result"]:
        # SDKs wrap a plain return value like this, because structured content had to be an object.
        value = value["result"]
    return clean_json(value)


def _text(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent():
            return "(an image)"
        case types.AudioContent():
            return "(a recording)"
        case types.ResourceLink():
            return block.title or block.name or str(block.uri)
        case types.EmbeddedResource():
            resource = block.resource
            return resource.text if isinstance(resource, types.TextResourceContents) else "(a file)"
