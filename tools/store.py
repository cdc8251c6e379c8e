"""One SQLite file in the user's data folder: everything the built-in tools know."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tools.tool import ToolError

SCHEMA_VERSION = 3
_HEADER = 0x48_45_41_44  # "HEAD", SQLite's application_id: tells our file from any other
# AUTOINCREMENT: an undo names its row by ID, which must not come to mean another row later.
_TABLES = """
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, nickname TEXT, phone TEXT, email TEXT, relation TEXT);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, start TEXT NOT NULL, finish TEXT,
    invitees TEXT, location TEXT, notes TEXT);
CREATE INDEX events_by_start ON events (start);
CREATE TABLE meetings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, start TEXT, minutes INTEGER, invitees TEXT,
    link TEXT NOT NULL);
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT,
    body TEXT, attachments TEXT, created TEXT NOT NULL);
CREATE TABLE mails (
    id INTEGER PRIMARY KEY, sender TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, received TEXT NOT NULL);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, number TEXT NOT NULL, body TEXT NOT NULL,
    created TEXT NOT NULL);
CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, content TEXT NOT NULL, folder TEXT,
    created TEXT NOT NULL);
CREATE TABLE reminders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, due TEXT, notes TEXT, list TEXT,
    created TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0);
CREATE TABLE timers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT, due TEXT NOT NULL, seconds INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0);
CREATE TABLE home (device TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL UNIQUE, content TEXT NOT NULL);
CREATE TABLE places (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);
CREATE VIRTUAL TABLE facts USING fts5 (title, text, tokenize = 'porter unicode61');
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, tool TEXT NOT NULL,
    local INTEGER NOT NULL, early INTEGER NOT NULL DEFAULT 0, arguments TEXT NOT NULL, state TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '', value TEXT, undo TEXT, created TEXT NOT NULL);
"""

Value = str | int | float | None


class StoreError(ToolError):
    """The store cannot be opened or written. The message is one line that says what to do."""


class Store:
    """A connection to the one store, owned by one process and used from one thread.

    Statements outside `transaction` commit by themselves.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path | None, lock: IO[str] | None) -> None:
        """Use `Store.open` or `Store.memory`."""
        self._connection = connection
        self._lock = lock
        self.folder = folder

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store in `folder`, made on first use, for this process alone.

        Raises StoreError where the folder cannot be written, another process uses it, or its file is
        damaged or from another version.
        """
        lock = _lock(folder)
        path = folder / "store.sqlite3"
        try:
            connection = _connect(str(path))
            try:
                _prepare(connection, path)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            lock.close()
            raise _trouble(path, error) from error
        except BaseException:
            lock.close()
            raise
        return cls(connection, folder, lock)

    @classmethod
    def memory(cls) -> Store:
        """An empty store that is gone when closed; has no folder."""
        connection = _connect(":memory:")
        _prepare(connection, Path(":memory:"))
        return cls(connection, None, None)

    def close(self) -> None:
        """Close the file and let go of the lock. Closing twice does nothing."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All statements inside are committed together at its end, or none if it raises.

        Raises RuntimeError inside another transaction.
        """
        if self._connection.in_transaction:
            raise RuntimeError("a transaction is already open")
        self.write("BEGIN IMMEDIATE")
        try:
            yield
            self.write("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """All rows of a query. Raises StoreError where the file cannot be read."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            raise StoreError(f"I cannot read the data folder: {error}.") from error

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def write(self, sql: str, *values: Value) -> int:
        """Run one statement; the ID of the row inserted last.

        Raises StoreError where the file cannot be written.
        """
        try:
            return self._connection.execute(sql, values).lastrowid or 0
        except sqlite3.OperationalError as error:
            raise StoreError(f"I cannot write to the data folder: {error}.") from error

    @property
    def changes(self) -> int:
        """Rows inserted, changed or deleted since the store was opened."""
        return self._connection.total_changes


def _lock(folder: Path) -> IO[str]:
    """The folder's lock file, locked until it is closed (or its process ends, however it ends)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "a", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"Headstart cannot write to {folder} ({os.strerror(error.errno or 0)}); "
            "pass --data another/folder"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreError(
            f"another Headstart is using {folder}; close it or pass --data another/folder"
        ) from error
    return lock


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file; check those of an old one."""
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # an intent must survive a power cut too
    connection.execute("PRAGMA foreign_keys = ON")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    header = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {_HEADER};"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    elif header != _HEADER:
        raise StoreError(f"{path} is not a Headstart store; move it away or pass --data another/folder")
    elif version < SCHEMA_VERSION:
        raise StoreError(f"{path} is from an older Headstart; move it away or pass --data another/folder")
    elif version > SCHEMA_VERSION:
        raise StoreError(f"{path} is from a newer Headstart; update Headstart or pass --data another/folder")
    elif (state := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(state)


def _trouble(path: Path, error: sqlite3.Error) -> StoreError:
    if isinstance(error, sqlite3.OperationalError):
        return StoreError(f"Headstart cannot use {path} ({error}); pass --data another/folder")
    return StoreError(
        f"{path} is damaged or no Headstart store; restore it from a backup, move it away, "
        "or pass --data another/folder"
    )
