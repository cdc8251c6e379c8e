"""Reads the data files of this folder: lists of words, phrases and talk under `[section]` headers."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def sections(*names: str) -> dict[str, list[str]]:
    """The lines of each section of data files or of folders of them, in order."""
    found: dict[str, list[str]] = {}
    for name in names:
        path = _HERE / name
        lines: list[str] = []
        for file in sorted(path.glob("*.txt")) if path.is_dir() else [path]:
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.startswith("[") and line.endswith("]") and "{" not in line:
                    lines = found.setdefault(line[1:-1], [])
                elif line:
                    lines.append(line.strip())
    return found


LISTS: dict[str, list[str]] = {
    name: [each.strip() for each in " ".join(lines).split(";") if each.strip()]
    for name, lines in sections("words.txt", "lists").items()
}
NEAR = ["", "", "nearest", "closest", "nearby", "big", "new"]
TASKS: list[tuple[str, str]] = [(task.split("|")[0], task.split("|")[1]) for task in LISTS["tasks"]]
