"""The effect journal on the command line: what was done, and taking it back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.shown import clean
from tools.assistant import assistant_tools
from tools.journal import Entry, EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext, ToolError
from tools.toolbox import Toolbox

_TODO = {
    "unknown": "please look for yourself; it is not repeated, and cannot be undone from here",
    "guess": "done before you had finished, and never confirmed; the next session takes it back",
}


def show(data: Path, *, last: int | None, as_json: bool) -> None:
    """Print the journal of the store in `data`, oldest first; of many entries the `last` ones.

    What a crash left unfinished is settled first, and said on stderr. Raises StoreError.
    """
    with Store.open(data) as store:
        entries = _settled(store).entries()
    if last is not None:
        entries = entries[-last:]
    if as_json:
        for entry in entries:
            print(_object(entry))
        return
    for line in _table(entries):
        _print(line)


async def undo(data: Path, number: int | None) -> None:
    """Undo entry `number`, or the latest that can be undone, and print what was said of it.

    Raises ToolError where there is nothing to undo or it cannot be undone, StoreError for the store.
    """
    with Store.open(data) as store:
        journal = _settled(store)
        if number is None:
            latest = journal.latest_undoable()
            if latest is None:
                raise ToolError("there is nothing to undo; see `headstart effects`")
            number = latest.id
        try:
            result = await journal.undo(number, Toolbox(assistant_tools()), ToolContext(store, datetime.now))
        except ToolError as error:
            raise ToolError(f"entry {number}: {clean(str(error))}") from error
    _print(clean(result.text))


def _settled(store: Store) -> Journal:
    """The journal, with nothing left unfinished by a crash."""
    journal = Journal(store)
    for entry in journal.recover():
        print(f"headstart: entry {entry.id}: {_what(entry)}", file=sys.stderr)
    return journal


def _object(entry: Entry) -> str:
    """One line of JSON; everything beyond ASCII is escaped, so that no text steers a terminal."""
    return json.dumps(
        {
            "entry": entry.id,
            "created": entry.created.isoformat(),
            "state": entry.state,
            "guess": entry.early and entry.state is EntryState.DONE,
            "tool": entry.tool,
            "arguments": dict(entry.arguments),
            "text": entry.text,
            "undoable": entry.undoable,
        }
    )


def _table(entries: list[Entry]) -> Iterator[str]:
    if not entries:
        yield "Nothing has been done yet."
        return
    width = len(str(entries[-1].id))
    for entry in entries:
        state = "guess" if entry.early and entry.state is EntryState.DONE else str(entry.state)
        mark = "!" if state in _TODO else " "
        undoable = "  (can be undone)" if entry.undoable else ""
        when = entry.created.strftime("%Y-%m-%d %H:%M:%S")
        yield f"{mark} {entry.id:>{width}}  {when}  {state:<7}  {_what(entry)}{undoable}"
        if state in _TODO:
            yield f"  {'':<{width}}  {'':<19}  {'':<7}  {_TODO[state]}"


def _what(entry: Entry) -> str:
    """What was done, in words; where it was not, or nobody knows, what it would have been."""
    if entry.state in (EntryState.DONE, EntryState.UNDONE):
        return clean(entry.text)
    given = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in entry.arguments.items()
    )
    return clean(f"{entry.tool}({given}): {entry.text}")


def _print(line: str) -> None:
    """Print a line, with a "?" for what the terminal's encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding))
