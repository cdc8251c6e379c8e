"""Notes: text kept under a name."""

from __future__ import annotations

import re
import sqlite3
from typing import Annotated, cast

from tools.assistant.names import pick, plain
from tools.registry import tool
from tools.saying import listing
from tools.store import Store
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult

Name = Annotated[str, "The note's name."]


def _key(name: str) -> str:
    """What tells a note from others: its name without "my", "the" and the word note."""
    words = re.sub(r"^notes? (?:(?:about|on|called|for) )?(?:the |my )?| notes?$", "", plain(name))
    return words or plain(name)


def _find(store: Store, name: str) -> sqlite3.Row:
    rows = store.rows("SELECT * FROM notes ORDER BY id")
    words = _key(name)
    return pick(
        words, rows, lambda row: ((row["name"],), (row["name"].casefold().removesuffix(" list"),)), "note"
    )


def _titled(name: str) -> str:
    """The note as spoken of: your shopping list, your note on the garden."""
    return f"your {name}" if name.casefold().endswith(("list", "note", "notes")) else f"your note {name}"


def _lines(content: str) -> str:
    """Lines as one spoken list."""
    return listing([line.strip(" -*\t").rstrip(".") for line in content.splitlines() if line.strip(" -*\t")])


async def _undo_create(context: ToolContext, undo: Json) -> ToolResult:
    note, content = cast(list[Json], undo)
    row = context.store.row("SELECT * FROM notes WHERE id = ?", cast(int, note))
    if row is None or row["content"] != content:
        raise ToolError("The note has changed since, so I left it as it is.")
    context.store.write("DELETE FROM notes WHERE id = ?", row["id"])
    return ToolResult(f"I removed {_titled(row['name'])}.")


@tool(effect=Effect.WRITE, undo=_undo_create, local=True)
async def create_note(
    context: ToolContext,
    name: Name,
    content: Annotated[str | None, "What it says."] = None,
    folder: Annotated[str | None, "The folder to keep it in."] = None,
) -> ToolResult:
    """Write a new note."""
    for row in context.store.rows("SELECT name FROM notes"):
        if _key(row["name"]) == _key(name):
            raise ToolError(f"There is already a note called {row['name']}.")
    note = context.store.write(
        "INSERT INTO notes (name, content, folder, created) VALUES (?, ?, ?, ?)",
        name,
        content or "",
        folder,
        context.now().isoformat(timespec="seconds"),
    )
    place = f" in the folder {folder}" if folder else ""
    said = f", saying {_lines(content)}" if content else ""
    return ToolResult(f"I made {_titled(name)}{place}{said}.", name, [note, content or ""])


@tool(effect=Effect.READ)
async def open_note(context: ToolContext, name: Name) -> ToolResult:
    """Read a note aloud."""
    row = _find(context.store, name)
    title = _titled(row["name"])
    title = title[:1].upper() + title[1:]
    if not row["content"].strip():
        return ToolResult(f"{title} is empty.", "")
    return ToolResult(f"{title} says: {_lines(row['content'])}.", row["content"])


async def _undo_append(context: ToolContext, undo: Json) -> ToolResult:
    note, added = cast(list[Json], undo)
    row = context.store.row("SELECT * FROM notes WHERE id = ?", cast(int, note))
    lines: list[str] = row["content"].splitlines() if row else []
    last = len(lines) - 1 - lines[::-1].index(added) if added in lines else None
    if row is None or last is None:
        raise ToolError("The note has changed since, so I left it as it is.")
    del lines[last]
    context.store.write("UPDATE notes SET content = ? WHERE id = ?", "\n".join(lines), row["id"])
    return ToolResult(f"I took {added} off {_titled(row['name'])} again.")


@tool(effect=Effect.WRITE, undo=_undo_append, local=True)
async def append_note_content(
    context: ToolContext, name: Name, content: Annotated[str, "What to add to it."]
) -> ToolResult:
    """Add a line to a note."""
    row = _find(context.store, name)
    added = " ".join(content.split())
    lines = [*row["content"].splitlines(), added]
    context.store.write("UPDATE notes SET content = ? WHERE id = ?", "\n".join(lines), row["id"])
    return ToolResult(f"I added {added} to {_titled(row['name'])}.", row["name"], [row["id"], added])
