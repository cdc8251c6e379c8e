"""How long calls take: drawn for each task and call, so that every arm meets the same."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable

from app.settings import SettingsError, delay_range
from tools.tool import Arguments
from tools.toolbox import Toolbox

TAIL = "tail"
LONGEST = 9.0  # seconds; a call may take 10
_LINK = re.compile(r"https?://[^\s\"]+")
_MEDIAN, _SPREAD = 0.75, 1.0  # of the heavy tail, seconds and of the logarithm


def read_delay(text: str) -> str:
    """`text` if it is a delay. Raises SettingsError."""
    if text != TAIL:
        try:
            low, high = delay_range(text)
        except ValueError as error:
            raise SettingsError(f'{error}, or "{TAIL}" for a heavy tail') from None
        if not 0 <= low <= high <= LONGEST:
            raise SettingsError(f"{text!r} is no delay; give seconds from 0 to {LONGEST:g}, as in 0.5-1")
    return text


def delays(text: str, toolbox: Toolbox, task: str, seed: int) -> Callable[[str, Arguments], float]:
    """The delay of each call in seconds: "0.5-1" is uniform, "2" fixed, "tail" log-normal around 0.75.

    It depends on the seed, the task, and what the call means, however it is written; a link in it is a new
    one each time, and counts as any other.
    """

    def delay(name: str, arguments: Arguments) -> float:
        meaning = _LINK.sub("link", toolbox.canonical(name, arguments))
        draw = random.Random(f"{seed}/{task}/{meaning}")
        if text == TAIL:
            return min(LONGEST, draw.lognormvariate(math.log(_MEDIAN), _SPREAD))
        return draw.uniform(*delay_range(text))

    return delay
