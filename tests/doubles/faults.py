"""`make faults`: random conversations with services that fail. Prints what was wrong, and counts."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.doubles import gemini_faults, openai_faults
from tests.loopback import only_loopback

SERVICES: dict[str, tuple[Callable[[int], Any], Callable[[Any], list[str]]]] = {
    "openai": (openai_faults.draw, openai_faults.run),
    "gemini": (gemini_faults.draw, gemini_faults.run),
}


def main() -> int:
    """Play the runs; 1 where one of them went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="for each service")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--service", choices=[*SERVICES, "all"], default="all")
    parser.add_argument("--verbose", action="store_true", help="a line for each run")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    bad = 0
    for name in SERVICES if options.service == "all" else [options.service]:
        draw, run = SERVICES[name]
        begun, struck = time.monotonic(), Counter[str]()
        wrong = 0
        for seed in range(options.seed, options.seed + options.runs):
            case = draw(seed)
            struck.update(str(fault.phase) for fault in case.faults)
            wrongs = run(case)
            wrong += bool(wrongs)
            if wrongs or options.verbose:
                print(f"{name} {case.told}", flush=True)
            for line in wrongs:
                print(f"    {line}", flush=True)
        phases = ", ".join(f"{phase} {count}" for phase, count in sorted(struck.items()))
        seconds = time.monotonic() - begun
        print(f"{name}: {options.runs} runs with faults, {wrong} wrong, in {seconds:.0f} s ({phases})")
        bad += wrong
    return 1 if bad else 0


if __name__ == "__main__":
    with only_loopback():
        sys.exit(main())
