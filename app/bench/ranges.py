"""Median, 95th percentile and worst of many figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Percentiles of `count` figures, by nearest rank; all 0 where there are none."""

    count: int
    p50: float
    p95: float
    worst: float

    @staticmethod
    def of(figures: Sequence[float]) -> Range:
        """The range of `figures`."""
        ordered = sorted(figures)

        def rank(share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0

        return Range(len(ordered), rank(0.5), rank(0.95), rank(1))
