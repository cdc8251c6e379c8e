"""Play many random schedules and say what went wrong; exits 1 where anything did."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable
from random import Random

from tests.agents.fuzz.schedule import Schedule, draw
from tests.agents.fuzz.shrink import shrink, source, violations

BATCH = 100
SHOWN = 5  # violations, each of another rule


def schedule_of(seed: int, number: int) -> Schedule:
    """Schedule `number` of a seed."""
    return draw(Random(f"{seed}/{number}"))


def _batch(job: tuple[int, int, int]) -> tuple[int, list[tuple[int, list[str]]]]:
    seed, first, last = job
    found = [(number, violations(schedule_of(seed, number))) for number in range(first, last)]
    return last - first, [(number, texts) for number, texts in found if texts]


def main() -> int:
    """Play, show the progress, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents.fuzz", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    jobs = [
        (options.seed, first, min(first + BATCH, options.schedules))
        for first in range(0, options.schedules, BATCH)
    ]
    began = time.monotonic()
    wrong: dict[int, list[str]] = {}
    with multiprocessing.Pool(options.processes) as pool:
        played = 0
        for count, found in pool.imap_unordered(_batch, jobs):
            played += count
            wrong.update(found)
            _progress(played, options.schedules, len(wrong), time.monotonic() - began)
    seconds = time.monotonic() - began
    print(f"{played} schedules, seed {options.seed}, {len(wrong)} violations, {seconds:.0f} s")
    _show(options.seed, sorted(wrong.items()))
    return 1 if wrong else 0


def _progress(played: int, of: int, wrong: int, seconds: float) -> None:
    if sys.stderr.isatty():
        end = "\n" if played == of else ""
        print(
            f"\r{played} of {of}, {wrong} violations, {seconds:.0f} s", end=end, file=sys.stderr, flush=True
        )
    elif played % 10_000 == 0:
        print(f"{played} of {of}, {wrong} violations, {seconds:.0f} s", file=sys.stderr, flush=True)


def _show(seed: int, wrong: Iterable[tuple[int, list[str]]]) -> None:
    shown: set[str] = set()
    for number, texts in wrong:
        rule = texts[0].split(":")[0]
        if rule in shown or len(shown) == SHOWN:
            continue
        shown.add(rule)
        print(f"\nschedule {number} of seed {seed}:", *texts, sep="\n  ")
        small = shrink(schedule_of(seed, number), rule)
        print("smaller, and still wrong:", *violations(small), sep="\n  ")
        print(source(small))


if __name__ == "__main__":
    sys.exit(main())
