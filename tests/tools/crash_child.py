"""A life of the journal that may be killed at any point: what it does, and what it says meanwhile.

Every statement that SQLite is about to run, every effect on the world outside and every word to the user is
a *point*. Points and words go line by line into a pipe, with the size of SQLite's write-ahead log, so that
whoever reads it knows after a SIGKILL how far the life had come.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tools import store as stores
from tools.assistant.rows import undo_insert
from tools.journal import Entry, Journal
from tools.registry import tool
from tools.store import Store
from tools.tool import Arguments, Effect, Json, OutcomeUnknown, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox

NOW = datetime(2026, 11, 23, 9, 0)
OUTSIDE = "outside"  # the file that stands for the world: a line "+name" or "-name" for each effect

_STATEMENT = re.compile(r"(\w+)(?: (?:INTO |FROM )?(journal|notes))?(?: SET state = '(\w+)')?")


@dataclass(frozen=True, slots=True)
class Op:
    """One effect of the plan, and what becomes of it."""

    key: str
    local: bool
    early: bool = False
    fails: bool = False
    kept: bool = False  # early: the turn is committed
    undone: bool = False


# Everything the journal can be asked to do, for an effect in the store and for one outside.
PLAN = [
    Op(f"{name} {'note' if local else 'mail'}", local, **rest)
    for name, rest in (
        ("plain", {}),
        ("bad", {"fails": True}),
        ("regretted", {"undone": True}),
        ("right", {"early": True, "kept": True}),
        ("wrong", {"early": True, "undone": True}),
        ("failed", {"early": True, "fails": True}),
    )
    for local in (True, False)
]


class Victim:
    """One process's life on the store in `folder`, told to the pipe `out`; killed at point `at`, if given.

    The `first` life acts on guesses too; every other one settles what it finds and retries the rest.
    """

    def __init__(self, folder: Path, out: int, at: int | None, *, first: bool) -> None:
        self._folder = folder
        self._log = str(folder / "store.sqlite3-wal")
        self._out = out
        self._at = at
        self._first = first
        self._points = 0
        self._phase = "open"

    def live(self, journal_type: Callable[[Store], Journal]) -> None:
        """Start, settle what the last life left, do whatever of the plan is not done yet, and end."""
        self._trace_statements()
        with Store.open(self._folder) as store:
            context = ToolContext(store, lambda: NOW)
            asyncio.run(self._work(journal_type(store), context))
            self._phase = "close"
        self._point("end")

    def _trace_statements(self) -> None:
        connect = stores._connect

        def traced(path: str) -> sqlite3.Connection:
            connection = connect(path)
            connection.set_trace_callback(self._statement)
            return connection

        stores._connect = traced

    def _statement(self, sql: str) -> None:
        found = _STATEMENT.search(" ".join(sql.split()))
        assert found is not None
        self._point(" ".join(filter(None, found.groups())))

    def _point(self, step: str) -> None:
        """The process may be killed here, before `step`."""
        self._points += 1
        self._write("point", f"{self._phase}\t{step}")
        if self._points == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _say(self, word: str, key: str, more: str = "") -> None:
        """Tell the user; what has been said cannot be unsaid by a crash."""
        self._point("say")
        self._write(word, f"{key}\t{more}")

    def _write(self, word: str, rest: str) -> None:
        try:
            size = os.stat(self._log).st_size
        except FileNotFoundError:
            size = 0
        os.write(self._out, f"{word}\t{size}\t{rest}\n".encode())

    async def _work(self, journal: Journal, context: ToolContext) -> None:
        outside = self._outside()
        box = Toolbox([put, outside])
        self._phase = "recover"
        for entry in journal.recover():
            self._say("settled", entry.key, entry.state)
        for entry in journal.guesses():
            self._say("guess", entry.key)
            await self._undo(journal, box, context, entry)
        for op in PLAN:
            if op.early and not self._first:  # its turn ended with the life it was in
                continue
            await self._do(op, journal, put if op.local else outside, box, context)
        self._phase = "perform two at once"
        both = [Op(f"both {side}", False) for side in "ab"]
        await asyncio.gather(*(self._perform(op, journal, outside, context) for op in both))

    async def _do(self, op: Op, journal: Journal, tool: Tool, box: Toolbox, context: ToolContext) -> None:
        where = "local" if op.local else "outside"
        self._phase = f"perform {where}{', early' * op.early}{', failing' * op.fails}"
        entry = await self._perform(op, journal, tool, context)
        if entry is None:
            return
        if op.kept:
            self._say("commit", op.key)
            self._phase = "keep"
            journal.keep(entry.id)
            self._say("kept", op.key)
        if op.undone:
            self._phase = f"undo {where}"
            self._say("undoing", op.key)
            await self._undo(journal, box, context, entry)

    async def _perform(self, op: Op, journal: Journal, tool: Tool, context: ToolContext) -> Entry | None:
        arguments = {"name": op.key}
        try:
            number, _ = await journal.perform(op.key, tool, context, arguments, early=op.early)
        except OutcomeUnknown:
            self._say("unknown", op.key)
        except ToolError as error:
            self._say("failed", op.key, str(error))
        else:
            self._say("done", op.key)
            return next(entry for entry in journal.entries() if entry.id == number)
        return None

    async def _undo(self, journal: Journal, box: Toolbox, context: ToolContext, entry: Entry) -> None:
        try:
            await journal.undo(entry.id, box, context)
        except ToolError as error:
            self._say("not undone", entry.key, str(error))
        else:
            self._say("undone", entry.key)

    def _outside(self) -> Tool:
        """A tool whose effect is out of reach of any rollback."""

        world = os.open(self._folder / OUTSIDE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        async def change(line: str) -> None:
            self._point("it")
            os.write(world, line.encode())
            self._point("what follows it")
            await asyncio.sleep(0)

        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            name = str(arguments["name"])
            await asyncio.sleep(0)
            if name.startswith(("bad", "failed")):
                raise ToolError("No.")
            await change(f"+{name}\n")
            return ToolResult("It is out.", name, name)

        async def undo(context: ToolContext, undo: Json) -> ToolResult:
            await change(f"-{undo}\n")
            return ToolResult("It is back.")

        return Tool("send", "Send it.", Effect.WRITE, put.parameters, run, undo)


async def _take_off(context: ToolContext, undo: Json) -> ToolResult:
    undo_insert(context.store, "notes", undo)
    return ToolResult("It is off again.")


@tool(effect=Effect.WRITE, undo=_take_off, local=True)
async def put(context: ToolContext, name: str) -> ToolResult:
    """Put a row."""
    row = context.store.write("INSERT INTO notes (name, content, created) VALUES (?, '', '')", name)
    if name.startswith(("bad", "failed")):
        raise ToolError("That is bad.")
    return ToolResult("It is in.", name, row)
