"""What a server of vLLM counts, as it tells it in Prometheus' text format."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import httpx

_SAMPLE = re.compile(r"^vllm:(\w+?)(?:_total)?(?:\{[^}]*\})? ([0-9.eE+-]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Counted:
    """Since the server began, or between two moments. The first three in tokens.

    `prefix_cache_queries` are those of prompts, `prefix_cache_hits` those of them that were not computed
    again. `num_preemptions`: requests that had to make room in the cache for others.
    """

    prefix_cache_queries: int
    prefix_cache_hits: int
    generation_tokens: int
    num_preemptions: int

    def __sub__(self, before: Counted) -> Counted:
        """What came since `before`."""
        return Counted(*(getattr(self, each.name) - getattr(before, each.name) for each in fields(self)))

    @property
    def computed(self) -> int:
        """Tokens of prompts that were computed."""
        return self.prefix_cache_queries - self.prefix_cache_hits


async def counted(url: str) -> Counted | None:
    """The counts of the server whose completions are at `url`; None for one that does not count."""
    root = url.rstrip("/").removesuffix("/v1")
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(f"{root}/metrics")
    except httpx.HTTPError:
        return None
    return read(answer.text) if answer.is_success else None


def read(text: str) -> Counted | None:
    """The counts in `text`, summed over all engines of a server; None where one of them is not there."""
    sums: dict[str, float] = {}
    for name, value in _SAMPLE.findall(text):
        sums[name] = sums.get(name, 0.0) + float(value)
    try:
        return Counted(*(round(sums[each.name]) for each in fields(Counted)))
    except KeyError:
        return None
