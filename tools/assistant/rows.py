"""Taking back a row that a tool inserted."""

from __future__ import annotations

import sqlite3

from tools.store import Store
from tools.tool import ToolError


def undo_insert(store: Store, table: str, row_id: object) -> sqlite3.Row:
    """Delete the row and give it back. Raises ToolError where it is no longer there."""
    row = store.row(f"SELECT * FROM {table} WHERE id = ?", row_id) if isinstance(row_id, int) else None
    if row is None:
        raise ToolError("That is no longer there, so there is nothing to undo.")
    store.write(f"DELETE FROM {table} WHERE id = ?", row["id"])
    return row
