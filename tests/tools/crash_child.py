"""Performs effects as fast as it can until somebody kills it. Arguments: the data folder, a start number."""

from __future__ import annotations

import asyncio
import itertools
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

from tools.assistant.notes import append_note_content, create_note
from tools.journal import Journal
from tools.store import Store
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.toolbox import Toolbox


async def work(store: Store, outside: IO[str], start: int) -> None:
    context = ToolContext(store, datetime.now)
    journal = Journal(store)

    async def write_line(context: ToolContext, arguments: Arguments) -> ToolResult:
        outside.write(f"{arguments['name']}\n")
        outside.flush()
        await asyncio.sleep(0)
        return ToolResult("It is out.")

    send = Tool("send", "Write a line.", Effect.WRITE, create_note.parameters, write_line)
    box = Toolbox([create_note, append_note_content, send])
    print("ready", flush=True)
    for number in itertools.count(start):
        name = f"n{number}"
        entry, _ = await journal.perform(f"note {number}", create_note, context, {"name": name})
        arguments = {"name": name, "content": "more"}
        await journal.perform(f"more {number}", append_note_content, context, arguments)
        await journal.perform(f"send {number}", send, context, {"name": name})
        if number % 3 == 0:
            latest = journal.latest_undoable()
            assert latest is not None and latest.id > entry
            await journal.undo(latest.id, box, context)


def main(folder: Path, start: int) -> None:
    with Store.open(folder) as store, open(folder / "outside", "a", encoding="utf-8") as outside:
        asyncio.run(work(store, outside, start))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
