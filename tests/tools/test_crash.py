"""Kill -9 at random points. HEADSTART_CRASHES sets how often (20 by default)."""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tools.journal import EntryState, Journal
from tools.store import Store

CRASHES = int(os.environ.get("HEADSTART_CRASHES", "20"))
ROOT = Path(__file__).parents[2]


def crash_once(folder: Path, start: int, seconds: float) -> None:
    """Run the child from `start` and kill it `seconds` after its first effect may have begun."""
    command = [sys.executable, "-m", "tests.tools.crash_child", str(folder), str(start)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        select.select([], [], [], seconds)
        child.kill()
        assert child.wait() == -9, "the child ended by itself"


def test_kill_minus_nine_at_any_instruction(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    start = 0
    settled = Counter[EntryState]()
    for _ in range(CRASHES):
        crash_once(tmp_path, start, chance.uniform(0, 0.03))
        with Store.open(tmp_path) as store:  # the dead process's lock is gone with it
            journal = Journal(store)
            assert len(found := journal.recover()) <= 1
            settled.update(entry.state for entry in found)
            check(store, journal, (tmp_path / "outside").read_text().splitlines())
            start = 1 + max((int(entry.key.split()[1]) for entry in journal.entries()), default=start)
    assert start > CRASHES / 2, "the child was always killed before it did anything"
    if CRASHES >= 200:
        assert settled[EntryState.FAILED] and settled[EntryState.UNKNOWN], settled


def check(store: Store, journal: Journal, outside: list[str]) -> None:
    """Both or neither for what touches only the store; never twice, and never unsaid, for the rest."""
    notes = {row["name"]: row["content"] for row in store.rows("SELECT * FROM notes")}
    assert len(outside) == len(set(outside))
    said = {entry.key: entry for entry in journal.entries()}
    for entry in said.values():
        kind, number = entry.key.split()
        name = f"n{number}"
        match kind, entry.state:
            case "note", EntryState.DONE:
                assert name in notes
            case "note", _:
                assert entry.state is EntryState.FAILED and name not in notes
            case "more", EntryState.DONE:
                assert notes[name].splitlines() == ["more"]
            case "more", _:
                assert entry.state in (EntryState.FAILED, EntryState.UNDONE) and not notes[name]
            case "send", EntryState.DONE:
                assert name in outside
            case _:
                assert kind == "send" and entry.state is EntryState.UNKNOWN
    assert all(f"note {name[1:]}" in said for name in notes)
    assert all(f"send {name[1:]}" in said for name in outside)
