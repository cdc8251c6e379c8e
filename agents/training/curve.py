"""A curve in one line of text."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"


def curve(values: Sequence[float], width: int = 60) -> str:
    """`values`, above 0, on a logarithmic scale in at most `width` characters, each the mean of its share."""
    count = min(width, len(values))
    edges = [len(values) * at // count for at in range(count + 1)]
    means = [math.log(statistics.mean(values[a:b])) for a, b in zip(edges, edges[1:], strict=False)]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(_LEVELS[round((mean - low) / span * (len(_LEVELS) - 1))] for mean in means)
