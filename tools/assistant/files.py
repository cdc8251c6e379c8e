"""Files: what the store lists, and what the user put into the data folder's `files`."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tools import pdf_text
from tools.assistant.names import pick
from tools.registry import tool
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_TEXT = frozenset({".txt", ".md"})
_READABLE_BYTES = 20_000_000
_PDF_SECONDS = 8.0
_SUMMARY_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class File:
    """A known file. `content` is its text where the store holds it, else None."""

    name: str
    path: str
    content: str | None

    def classes(self) -> tuple[tuple[str, ...], ...]:
        """What it is called: name, name without the ending or in words."""
        stem = Path(self.name).stem
        return (self.name,), (stem, re.sub(r"[-_.]+", " ", stem))


def all_files(store: Store) -> list[File]:
    """Every file of the store and of the folder `files` beside it, by name; no link leads out of it."""
    listed = [
        File(row["name"], row["path"], row["content"])
        for row in store.rows("SELECT * FROM files ORDER BY name")
    ]
    folder = store.folder / "files" if store.folder else None
    on_disk = (
        sorted(path for path in folder.rglob("*") if path.is_file() and _inside(path, folder))
        if folder and folder.is_dir()
        else []
    )
    return listed + [File(path.name, str(path), None) for path in on_disk]


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def find_file(store: Store, said: str) -> File:
    """The file meant by a name or path. Raises ToolError where none or several fit."""
    files = all_files(store)
    for file in files:
        if said in (file.path, file.name):
            return file
    # Without the ending, which would make names look alike that are not.
    words = re.sub(r"(?:\s+(?:file|document|pdf)|\.\w{2,4})$", "", said.strip(), flags=re.IGNORECASE)
    return pick(words, files, File.classes, "file")


@tool(effect=Effect.READ)
async def open_and_get_file_path(
    context: ToolContext, name: Annotated[str, "The file's name, as said."]
) -> ToolResult:
    """Find a file."""
    file = find_file(context.store, name)
    return ToolResult(f"I found {file.name}.", file.path)


@tool(effect=Effect.READ)
async def summarize_pdf(
    context: ToolContext, path: Annotated[str, "The file's path, or its name."]
) -> ToolResult:
    """Say what a document is about."""
    file = find_file(context.store, path)
    text = _flat(file.content if file.content is not None else await _read(Path(file.path)))
    if not text:
        raise ToolError(f"There is no text in {file.name}.")
    return ToolResult(f"{file.name} says: {_summary(text)}", text)


async def _read(path: Path) -> str:
    """The beginning of the text of a file on disk. Raises ToolError where it has none that can be read."""
    text = _read_plain(path)
    return await _read_pdf(path) if text is None else text


def _read_plain(path: Path) -> str | None:
    """The beginning of a text file; None for a PDF."""
    try:
        if path.stat().st_size > _READABLE_BYTES:
            raise ToolError(f"{path.name} is too large to read.")
        if path.suffix.casefold() in _TEXT:
            with path.open(encoding="utf-8", errors="replace") as file:
                return file.read(pdf_text.CHARACTERS)
    except OSError as error:
        raise ToolError(f"I cannot read {path.name}.") from error
    if path.suffix.casefold() != ".pdf":
        raise ToolError(f"I can read PDF and text files, not {path.name}.")
    return None


async def _read_pdf(path: Path) -> str:
    """The text of a PDF, read by another process, which cannot hold up or break this one."""
    # -I: neither the environment nor the working folder can say which modules it loads.
    reader = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        pdf_text.__file__,
        str(path),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(_PDF_SECONDS):
            text, _ = await reader.communicate()
    except TimeoutError as error:
        raise ToolError(f"{path.name} takes too long to read.") from error
    finally:
        if reader.returncode is None:
            reader.kill()
            await reader.wait()
    if reader.returncode != 0:
        raise ToolError(f"I cannot read {path.name}; it may be damaged or locked.")
    return text.decode()


def _flat(text: str) -> str:
    return " ".join(text.split())


def _summary(text: str) -> str:
    """The first sentences of a text: where documents say what they are about."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", text)
    return " ".join(sentences[:_SUMMARY_SENTENCES])[:400]
