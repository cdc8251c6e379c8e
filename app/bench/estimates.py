"""Estimates with their 95 % intervals. Tasks are the sample; arms are compared task by task."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.settings import SettingsError

RESAMPLES = 2000
_SEED = 20260513
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def require() -> None:
    """Raises SettingsError where scipy is not installed."""
    try:
        import scipy.stats  # noqa: F401  # pyright: ignore
    except ImportError as error:
        raise SettingsError("comparing arms needs scipy; install Headstart with the extra `bench`") from error


def percentile(values: Sequence[float], share: float) -> Estimate:
    """The `share` quantile, by bootstrap."""
    import numpy

    return bootstrap(lambda x, axis: numpy.quantile(x, share, axis=axis), values)


def ratio(slow: Sequence[float], fast: Sequence[float]) -> Estimate:
    """How many times as long `slow` takes on average, by paired bootstrap."""
    return bootstrap(lambda x, y, axis: x.mean(axis=axis) / y.mean(axis=axis), slow, fast)


def share(slow: Sequence[float], fast: Sequence[float], limit: Sequence[float]) -> Estimate:
    """How much of what `limit` gains over `slow` is gained by `fast`, by paired bootstrap."""

    def of(x: Any, y: Any, z: Any, axis: int) -> Any:
        return (x.mean(axis=axis) - y.mean(axis=axis)) / (x.mean(axis=axis) - z.mean(axis=axis))

    return bootstrap(of, slow, fast, limit)


def bootstrap(statistic: Callable[..., Any], *samples: Sequence[float]) -> Estimate:
    """`statistic` of paired samples with its percentile interval; always the same for the same samples."""
    import numpy
    from scipy import stats

    arrays = [numpy.asarray(sample, dtype=float) for sample in samples]
    value = float(statistic(*arrays, axis=-1))
    if len(arrays[0]) < 2:
        return Estimate(value, -math.inf, math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samples that are all alike
        found = stats.bootstrap(
            arrays,
            statistic,
            n_resamples=RESAMPLES,
            paired=True,
            vectorized=True,
            method="percentile",
            rng=numpy.random.default_rng(_SEED),
        ).confidence_interval
    return Estimate(value, float(found.low), float(found.high))


def rate(right: Sequence[bool]) -> Estimate:
    """How many are right, with Wilson's interval."""
    from scipy import stats

    test = stats.binomtest(sum(right), len(right))
    found = test.proportion_ci(method="wilson")
    return Estimate(sum(right) / len(right), float(found.low), float(found.high))


def difference(right: Sequence[bool], before: Sequence[bool]) -> Estimate:
    """The difference of two rates over the same tasks.

    The interval is that of Agresti and Min (Statistics in Medicine 24, 2005), which keeps its width where the
    two never differ.
    """
    count = len(right)
    gained = sum(now and not then for now, then in zip(right, before, strict=True))
    lost = sum(then and not now for now, then in zip(right, before, strict=True))
    total, more, less = count + 2, gained + 0.5, lost + 0.5
    middle = (more - less) / total
    half = _Z * math.sqrt(more + less - (more - less) ** 2 / total) / total
    return Estimate((gained - lost) / count, middle - half, middle + half)


def mcnemar(right: Sequence[bool], before: Sequence[bool]) -> float:
    """The exact p of McNemar's test: whether two arms are right on equally many tasks."""
    from scipy import stats

    gained = sum(now and not then for now, then in zip(right, before, strict=True))
    lost = sum(then and not now for now, then in zip(right, before, strict=True))
    return float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
