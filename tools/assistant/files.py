"""Files: what the store lists, and what the user put into the data folder's `files`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tools.assistant.names import pick
from tools.registry import tool
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_TEXT = frozenset({".txt", ".md"})
_READABLE_BYTES = 20_000_000
_SUMMARY_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class File:
    """A known file. `content` is its text where the store holds it, else None."""

    name: str
    path: str
    content: str | None

    def classes(self) -> tuple[tuple[str, ...], ...]:
        """What it is called: name, path, name without the ending or in words."""
        stem = Path(self.name).stem
        return (self.name,), (self.path,), (stem, re.sub(r"[-_.]+", " ", stem))


def all_files(store: Store) -> list[File]:
    """Every file of the store and of the folder `files` beside it, by name."""
    listed = [
        File(row["name"], row["path"], row["content"])
        for row in store.rows("SELECT * FROM files ORDER BY name")
    ]
    folder = store.folder / "files" if store.folder else None
    on_disk = (
        sorted(path for path in folder.rglob("*") if path.is_file()) if folder and folder.is_dir() else []
    )
    return listed + [File(path.name, str(path), None) for path in on_disk]


def find_file(store: Store, said: str) -> File:
    """The file meant by a name or path. Raises ToolError where none or several fit."""
    files = all_files(store)
    for file in files:
        if file.path == said:
            return file
    words = re.sub(r"\s+(?:file|document|pdf)$", "", said.strip(), flags=re.IGNORECASE)
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
    text = _flat(file.content if file.content is not None else _read(Path(file.path)))
    if not text:
        raise ToolError(f"There is no text in {file.name}.")
    return ToolResult(f"{file.name} says: {_summary(text)}", text)


def _read(path: Path) -> str:
    """The text of a file on disk. Raises ToolError where it has none that can be read."""
    try:
        if path.stat().st_size > _READABLE_BYTES:
            raise ToolError(f"{path.name} is too large to read.")
        if path.suffix.casefold() in _TEXT:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolError(f"I cannot read {path.name}.") from error
    if path.suffix.casefold() != ".pdf":
        raise ToolError(f"I can read PDF and text files, not {path.name}.")
    return _read_pdf(path)


def _read_pdf(path: Path) -> str:
    from pypdf import PdfReader  # slow to import, seldom needed
    from pypdf.errors import PyPdfError

    try:
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)
    except (PyPdfError, OSError, ValueError) as error:
        raise ToolError(f"I cannot read {path.name}; it may be damaged or locked.") from error


def _flat(text: str) -> str:
    return " ".join(text.split())


def _summary(text: str) -> str:
    """The first sentences of a text: where documents say what they are about."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", text)
    return " ".join(sentences[:_SUMMARY_SENTENCES])[:400]
