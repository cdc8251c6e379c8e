"""Random conversations with a Gemini that fails; `make faults` plays many more."""

from __future__ import annotations

import pytest

from tests.doubles.gemini_faults import draw, run
from tests.loopback import only_loopback


@pytest.mark.parametrize("seed", range(25))
def test_whatever_breaks(seed: int) -> None:
    with only_loopback():
        assert run(draw(seed)) == []
