"""SIGKILL at every step of the journal; `make crash` does it a thousand times."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.crash_mutants import MUTANTS

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("HEADSTART_CRASHES", "300"))


@pytest.fixture(scope="module")
def figures() -> str:
    """What the crash test prints. A process of its own: only one without threads can be forked safely."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.tools.crash"],
        cwd=ROOT,
        env={**os.environ, "HEADSTART_CRASHES": str(KILLS)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def figure(figures: str, name: str) -> int:
    found = re.search(rf"^{name} +(\d+)", figures, re.MULTILINE)
    assert found is not None, figures
    return int(found[1])


def test_nothing_is_doubled_and_nothing_silently_lost(figures: str) -> None:
    assert figure(figures, "kills") >= KILLS
    assert figure(figures, "doubled") == 0
    assert figure(figures, "silently lost") == 0


def test_the_kills_met_every_state_a_crash_can_leave(figures: str) -> None:
    assert figure(figures, "unknown, and said") > 0
    for found in ("settled unknown", "settled failed", "guess", "committed guess, not kept yet, taken back"):
        assert re.search(rf"\d {found}\b", figures), found


@pytest.mark.parametrize(
    ("phase", "steps"),
    [
        ("open", "CREATE|COMMIT"),
        ("recover", "UPDATE journal unknown|UPDATE journal failed|COMMIT|UPDATE journal undone"),
        ("perform local", "INSERT journal|BEGIN|INSERT notes|UPDATE journal done|COMMIT|say"),
        ("perform local, early", "INSERT journal|BEGIN|INSERT notes|UPDATE journal done|COMMIT|say"),
        ("perform outside", "INSERT journal|it|what follows it|UPDATE journal done|say"),
        ("perform outside, early", "INSERT journal|it|what follows it|UPDATE journal done|say"),
        ("keep", "UPDATE journal|say"),
        ("undo local", "BEGIN|DELETE notes|UPDATE journal undone|COMMIT|say"),
        ("undo outside", "UPDATE journal undoing|it|what follows it|UPDATE journal undone|say"),
    ],
)
def test_every_step_was_hit(figures: str, phase: str, steps: str) -> None:
    line = next(line for line in figures.splitlines() if re.match(rf"  {phase}  ", line))
    for step in steps.split("|"):
        assert re.search(rf"(?:  |· ){step} [1-9]", line), f"{step} is not in {line}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_check_catches_a_journal_that_is_broken(figures: str, mutant: type) -> None:
    assert re.search(rf"^  {mutant.__name__} +caught: ", figures, re.MULTILINE)
