"""The effect journal: every effect happens at most once, whatever crashes in between.

An entry is written as an intent before the effect begins, and becomes done or failed after it. A tool
that touches only the store commits its effect together with that mark; for any other tool a crash in
between leaves an intent whose outcome nobody knows, which is reported as such and never repeated.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from tools.store import Store
from tools.tool import Arguments, Json, OutcomeUnknown, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


class EntryState(StrEnum):
    """Where an effect stands."""

    INTENT = "intent"  # about to happen, or happening
    DONE = "done"
    FAILED = "failed"  # it did not happen
    UNDOING = "undoing"  # about to be taken back
    UNDONE = "undone"
    UNKNOWN = "unknown"  # whether it happened, or was taken back, is not known


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect. `text` is the spoken result or the failure; `undo` is None if there is nothing to undo."""

    id: int
    key: str
    tool: str
    arguments: Arguments
    state: EntryState
    text: str
    value: Json
    undo: Json
    created: datetime
    local: bool  # the tool touches only the store


class Journal:
    """The journal in `store`. One object a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def perform(
        self, key: str, tool: Tool, context: ToolContext, arguments: Arguments
    ) -> tuple[int, ToolResult]:
        """Run the tool's effect once and for all under `key`; the entry's ID and the result.

        The same key again gives the recorded result, or raises the recorded failure, and runs nothing.
        Raises ToolError where the tool fails, where the effect was taken back since, and, as
        OutcomeUnknown, where its outcome is not known; ValueError for a key that stands for another
        tool or other arguments.
        """
        if old := self._find("key = ?", key):
            return self._again(old, tool, arguments)
        entry = self._store.write(
            "INSERT INTO journal (key, tool, local, arguments, state, created) VALUES (?, ?, ?, ?, ?, ?)",
            key,
            tool.name,
            int(tool.local),
            json.dumps(dict(arguments)),
            EntryState.INTENT,
            context.now().isoformat(),
        )
        if tool.local:
            return entry, self._perform_here(entry, tool, context, arguments)
        try:
            result = await tool.run(context, arguments)
        except OutcomeUnknown as error:
            self._mark(entry, EntryState.UNKNOWN, str(error))
            raise
        except ToolError as error:
            self._mark(entry, EntryState.FAILED, str(error))
            raise
        except BaseException:  # cancelled or broken halfway
            self._mark(entry, EntryState.UNKNOWN, f"It is not known whether {_spoken(tool.name)} happened.")
            raise
        self._finish(entry, result)
        return entry, result

    async def undo(self, entry_id: int, toolbox: Toolbox, context: ToolContext) -> ToolResult:
        """Take the effect of an entry back. Raises ToolError where that is impossible or fails."""
        entry = self._find("id = ?", entry_id)
        if entry is None:
            raise ToolError("There is nothing like that to undo.")
        if entry.state is EntryState.UNDONE:
            raise ToolError("That has already been undone.")
        undo = toolbox.get(entry.tool).undo
        if entry.state is not EntryState.DONE or entry.undo is None or undo is None:
            raise ToolError("That cannot be undone.")
        if entry.local:
            with self._store.transaction():
                result = _at_once(undo(context, entry.undo), entry.tool)
                self._mark(entry_id, EntryState.UNDONE, entry.text)
            return result
        self._mark(entry_id, EntryState.UNDOING, entry.text)
        try:
            result = await undo(context, entry.undo)
        except OutcomeUnknown as error:
            self._mark(entry_id, EntryState.UNKNOWN, str(error))
            raise
        except ToolError:
            self._mark(entry_id, EntryState.DONE, entry.text)
            raise
        except BaseException:
            text = f"It is not known whether {_spoken(entry.tool)} was undone."
            self._mark(entry_id, EntryState.UNKNOWN, text)
            raise
        self._mark(entry_id, EntryState.UNDONE, entry.text)
        return result

    def recover(self) -> list[Entry]:
        """Settle what a crash left unfinished; the entries it was about, as they stand now.

        To be called once, before anything is performed.
        """
        unfinished = self._entries("state IN (?, ?)", EntryState.INTENT, EntryState.UNDOING)
        settled: list[Entry] = []
        for entry in unfinished:
            name = _spoken(entry.tool)
            if entry.local:
                state, text = EntryState.FAILED, f"Headstart stopped before {name}; it did not happen."
            elif entry.state is EntryState.INTENT:
                state = EntryState.UNKNOWN
                text = f"Headstart stopped during {name}; it is not known whether it happened."
            else:
                state = EntryState.UNKNOWN
                text = f"Headstart stopped while undoing {name}; it is not known whether it was undone."
            self._mark(entry.id, state, text)
            settled.append(replace(entry, state=state, text=text))
        return settled

    def latest_undoable(self) -> Entry | None:
        """The newest effect that stands and can be undone."""
        return self._find("state = ? AND undo IS NOT NULL", EntryState.DONE)

    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        return self._entries("1")

    def _perform_here(self, entry: int, tool: Tool, context: ToolContext, arguments: Arguments) -> ToolResult:
        try:
            with self._store.transaction():
                result = _at_once(tool.run(context, arguments), tool.name)
                self._finish(entry, result)
        except ToolError as error:
            self._mark(entry, EntryState.FAILED, str(error))
            raise
        except BaseException:
            self._mark(entry, EntryState.FAILED, f"{_spoken(tool.name)} broke; it did not happen.")
            raise
        return result

    def _again(self, entry: Entry, tool: Tool, arguments: Arguments) -> tuple[int, ToolResult]:
        if entry.tool != tool.name or entry.arguments != json.loads(json.dumps(dict(arguments))):
            raise ValueError(f"key {entry.key!r} already stands for another effect")
        match entry.state:
            case EntryState.DONE:
                return entry.id, ToolResult(entry.text, entry.value, entry.undo)
            case EntryState.FAILED:
                raise ToolError(entry.text)
            case EntryState.UNDONE:
                raise ToolError("That has been undone.")
            case EntryState.INTENT | EntryState.UNDOING | EntryState.UNKNOWN:
                raise OutcomeUnknown(f"It is not known whether {_spoken(tool.name)} happened.")

    def _finish(self, entry: int, result: ToolResult) -> None:
        self._store.write(
            "UPDATE journal SET state = ?, text = ?, value = ?, undo = ? WHERE id = ?",
            EntryState.DONE,
            result.text,
            json.dumps(result.value),
            None if result.undo is None else json.dumps(result.undo),
            entry,
        )

    def _mark(self, entry: int, state: EntryState, text: str) -> None:
        self._store.write("UPDATE journal SET state = ?, text = ? WHERE id = ?", state, text, entry)

    def _find(self, where: str, *values: str | int) -> Entry | None:
        found = self._store.row(f"SELECT * FROM journal WHERE {where} ORDER BY id DESC LIMIT 1", *values)
        return None if found is None else _entry(found)

    def _entries(self, where: str, *values: str | int) -> list[Entry]:
        return [
            _entry(row)
            for row in self._store.rows(f"SELECT * FROM journal WHERE {where} ORDER BY id", *values)
        ]


def _at_once(work: Any, name: str) -> ToolResult:
    """Run a coroutine that never suspends, inside a transaction nothing else may interleave with.

    Raises RuntimeError for one that does suspend: its tool is wrongly marked as local.
    """
    coroutine = cast(Coroutine[Any, Any, ToolResult], work)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError(f"{name} is marked as local but waits for something")


def _spoken(name: str) -> str:
    return f'"{name.replace("_", " ")}"'


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"],
        row["key"],
        row["tool"],
        json.loads(row["arguments"]),
        EntryState(row["state"]),
        row["text"],
        None if row["value"] is None else json.loads(row["value"]),
        None if row["undo"] is None else json.loads(row["undo"]),
        datetime.fromisoformat(row["created"]),
        bool(row["local"]),
    )
