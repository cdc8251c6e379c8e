"""The effect journal: every effect happens at most once, whatever crashes in between.

An entry is written as an intent before the effect begins, and becomes done or failed after it. A tool
that touches only the store commits its effect together with that mark; for any other tool a crash in
between leaves an intent whose outcome nobody knows, which is reported as such and never repeated.

An effect performed early, before the user has finished, stands in the journal as a guess from before it
begins until `keep` says that it was meant. A crash leaves at most a guess nobody confirmed: `guesses` lists
those, to be undone and told. That includes a guess whose turn was committed in the very moment of the
crash: a committed effect the user was never told of may be taken back and reported, but a guess is never
left standing as if it had been asked for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from tools.store import Store, StoreError
from tools.tool import Arguments, Json, OutcomeUnknown, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox

_UNRECORDED = "I could not write that down: the data folder cannot be written."


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
    early: bool  # a guess: performed before its turn was committed, and not kept since

    @property
    def undoable(self) -> bool:
        """Whether the effect stands and there is something to take back."""
        return self.state is EntryState.DONE and self.undo is not None


class Journal:
    """The journal in `store`. One object a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def perform(
        self, key: str, tool: Tool, context: ToolContext, arguments: Arguments, *, early: bool = False
    ) -> tuple[int, ToolResult]:
        """Run the tool's effect once and for all under `key`; the entry's ID and the result.

        `early` marks it as a guess until it is kept or undone. The same key again gives the recorded
        result, or raises the recorded failure, and runs nothing. Raises ToolError where the tool fails,
        where the effect was taken back since, and, as OutcomeUnknown, where its outcome is not known;
        ValueError for a key that stands for another tool or other arguments, and for an early effect
        without an undo.
        """
        if early and tool.undo is None:
            raise ValueError(f"{tool.name} cannot run early: it has no undo")
        if old := self._find("key = ?", key):
            return self._again(old, tool, arguments)
        entry = self._store.write(
            "INSERT INTO journal (key, tool, local, early, arguments, state, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            key,
            tool.name,
            int(tool.local),
            int(early),
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
        try:
            self._finish(entry, result)
        except StoreError as error:
            raise OutcomeUnknown(f"{_spoken(tool.name)} happened, but {_UNRECORDED}") from error
        return entry, result

    async def undo(self, entry_id: int, toolbox: Toolbox, context: ToolContext) -> ToolResult:
        """Take the effect of an entry back.

        Raises ToolError where that is impossible or fails; the effect then stands, as does its entry. Raises
        OutcomeUnknown where nobody can say whether it was taken back, or whether there is an effect at all.
        """
        entry = self._standing(entry_id)
        undo = toolbox.get(entry.tool).undo
        if undo is None:
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
        try:
            self._mark(entry_id, EntryState.UNDONE, entry.text)
        except StoreError as error:
            raise OutcomeUnknown(f"{_spoken(entry.tool)} was undone, but {_UNRECORDED}") from error
        return result

    def keep(self, *entries: int) -> None:
        """The turn of these effects was committed: they are guesses no more, all of them or none.

        An effect still under way may be kept too. Keeping what is no guess does nothing.
        """
        marks = ", ".join("?" * len(entries))
        self._store.write(f"UPDATE journal SET early = 0 WHERE id IN ({marks})", *entries)

    def guesses(self) -> list[Entry]:
        """Effects that stand but were never kept, newest first, as they are to be undone.

        Before anything is performed these are what a crash or an unfinished turn left behind.
        """
        return self._entries("state = ? AND early", EntryState.DONE)[::-1]

    def recover(self) -> list[Entry]:
        """Settle what a crash left unfinished; the entries it was about, as they stand now.

        To be called once, before anything is performed. All of it is settled at once: a crash on the way
        leaves it for the next time.
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
            settled.append(replace(entry, state=state, text=text))
        if settled:
            with self._store.transaction():
                for entry in settled:
                    self._mark(entry.id, entry.state, entry.text)
        return settled

    def latest_undoable(self) -> Entry | None:
        """The newest effect that stands, was meant, and can be undone: no guess."""
        return self._find("state = ? AND undo IS NOT NULL AND NOT early", EntryState.DONE)

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

    def _standing(self, entry_id: int) -> Entry:
        """The entry, if its effect stands and can be taken back; raises ToolError where not."""
        entry = self._find("id = ?", entry_id)
        match entry and entry.state:
            case None:
                raise ToolError("There is nothing like that to undo.")
            case EntryState.INTENT | EntryState.UNDOING:
                raise OutcomeUnknown("That is still under way, so it cannot be undone yet.")
            case EntryState.FAILED:
                raise ToolError("That did not happen, so there is nothing to undo.")
            case EntryState.UNDONE:
                raise ToolError("That has already been undone.")
            case EntryState.UNKNOWN:
                assert entry is not None
                raise OutcomeUnknown(f"{entry.text} So it cannot be undone; please look for yourself.")
            case EntryState.DONE:
                assert entry is not None
                if entry.undo is None:
                    raise ToolError("That cannot be undone.")
                return entry

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
        bool(row["early"]),
    )
