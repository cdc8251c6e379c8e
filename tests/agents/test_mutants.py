"""The invariants bite: each of these bugs is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests.agents.fuzz.__main__ import schedule_of
from tests.agents.fuzz.mutants import MUTANTS, Mutant
from tests.agents.fuzz.schedule import Schedule
from tests.agents.fuzz.shrink import violations

SEED = 1
MOST = 3000  # schedules within which a bug must show


@cache
def is_right(number: int) -> bool:
    """Whether the core as it is does right by a schedule."""
    return not violations(schedule_of(SEED, number))


def schedules() -> Iterator[tuple[int, Schedule]]:
    return ((number, schedule_of(SEED, number)) for number in range(MOST))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_is_noticed(mutant: Mutant) -> None:
    with mutant.at_work():
        noticed = next((number for number, schedule in schedules() if violations(schedule)), None)
    assert noticed is not None, "no schedule shows this bug"
    assert is_right(noticed)
