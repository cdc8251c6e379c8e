"""The `openai` brain while the service fails: in every phase once, and as random runs draw it."""

from __future__ import annotations

import pytest

from agents.events import Mode
from tests.doubles.line import Network
from tests.doubles.openai_faults import LAST, Case, draw, run
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_play import MIND
from tests.doubles.openai_realtime import Fault

KINDS = ("abort", 1001, 1011, "expired", "rate_limit_exceeded", "malformed", "hang")
DURING = (Phase.GUESS, Phase.GUESSING, Phase.GUESSED, Phase.ITEM, Phase.ANSWER, Phase.SPEAKING, Phase.SPOKEN)


def case(*faults: Fault, drops: str | int | None = None) -> Case:
    said = ("please read one and then write two for me", "put three no four and read five please", LAST)
    pace = Pace(0.3, 0.05, 3.0, 2)
    return Case(0, said, faults, drops, MIND, pace, Network(0.03), False, False, Mode.SPECULATIVE)


@pytest.mark.parametrize("phase", DURING)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_breaks_the_turn_ends_in_words_and_no_effect_is_doubled(
    phase: Phase, kind: str | int
) -> None:
    assert run(case(Fault(phase, kind))) == []


@pytest.mark.parametrize("kind", ["abort", 1001, 1011])
def test_the_line_breaks_between_release_and_result(kind: str | int) -> None:
    assert run(case(drops=kind)) == []


@pytest.mark.parametrize("status", [401, 429, 503])
def test_another_connection_is_refused(status: int) -> None:
    """The key expired, or the account is at its limit, when the connection has to be made again."""
    faults = [Fault(Phase.CONNECT, status, nth) for nth in (2, 3, 4)]
    assert run(case(Fault(Phase.GUESS, "abort", 1), *faults)) == []


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_random_faults(seed: int) -> None:
    drawn = draw(seed)
    assert run(drawn) == [], drawn.told
