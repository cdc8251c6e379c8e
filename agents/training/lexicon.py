"""Reads the data files of this folder: lists of words, phrases and talk under `[section]` headers."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def sections(name: str) -> dict[str, list[str]]:
    """The lines of each section of a data file, in order."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and "{" not in line:
            lines = found.setdefault(line[1:-1], [])
        elif line:
            lines.append(line)
    return found


LISTS: dict[str, list[str]] = {
    name: [each.strip() for each in " ".join(lines).split(";") if each.strip()]
    for name, lines in sections("words.txt").items()
}
NEAR = ["", "", "nearest", "closest", "nearby", "big", "new"]
TASKS: list[tuple[str, str]] = [(task.split("|")[0], task.split("|")[1]) for task in LISTS["tasks"]]
