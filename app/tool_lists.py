"""Lists of tools in JSON files, in the forms in which they are passed around."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import SettingsError

_FORM = "give a JSON list of tools, one a line, or the answer to MCP's tools/list"


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool as a list has it. `parameters` is its JSON schema object; `entry` is all of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    entry: dict[str, Any]


def read_list(file: Path) -> list[ListedTool]:
    """The tools of a JSON or JSONL file, as MCP's tools/list or OpenAI's functions have them.

    Names of slots (`required_slots`, `optional_slots`) are taken for parameters. Raises SettingsError.
    """
    return [_tool(file, number, entry) for number, entry in enumerate(_entries(file), 1)]


def _entries(file: Path) -> list[Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"there is no {file}; {_FORM}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}".splitlines()[0]) from None
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        try:
            content = [json.loads(row) for row in text.splitlines() if row.strip()]
        except (ValueError, RecursionError):
            raise SettingsError(f"{file} is not JSON; {_FORM}") from None
    for key in ("result", "tools"):
        if isinstance(content, dict) and key in content:
            content = content[key]
    return content if isinstance(content, list) else [content]


def _tool(file: Path, number: int, entry: Any) -> ListedTool:
    inside = entry.get("function") if isinstance(entry, dict) else None
    if isinstance(inside, dict):
        entry = inside
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise SettingsError(f"{file}: tool {number} has no name; {_FORM}")
    schema = entry.get("inputSchema") or entry.get("input_schema") or entry.get("parameters")
    if not isinstance(schema, dict):
        slots = [*(entry.get("required_slots") or ()), *(entry.get("optional_slots") or ())]
        schema = {"properties": {str(slot): {} for slot in slots}}
    description = entry.get("description")
    return ListedTool(entry["name"], description if isinstance(description, str) else "", schema, entry)
