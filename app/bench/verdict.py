"""What the runs of a comparison come to: an estimate with its interval for everything that is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.bench.arms import Arm
from app.bench.estimates import Estimate, difference, mcnemar, percentile, rate, ratio, share
from app.bench.results import Results
from app.bench.score import Run


@dataclass(frozen=True, slots=True)
class Times:
    """Answer times of an arm in seconds after the end of speech, over `tasks` tasks.

    `speedup` is how many times as long the sequential arm takes on average; `head_start` the share of what
    the oracle gains over it. `effect_p50` is that of the last effect, where a task has one.
    """

    tasks: int
    mean: float
    p50: Estimate
    p90: float
    p99: float
    effect_p50: float | None
    speedup: Estimate
    head_start: Estimate


@dataclass(frozen=True, slots=True)
class ArmVerdict:
    """An arm. `fair` are its times over the tasks that were right under every arm; `all` over all tasks.

    `delta` is the difference in tasks that are right altogether to the sequential arm, `p` that of McNemar's
    test. Waste is what ran for nothing, a task; `taken_back` counts effects that happened early and were
    undone.
    """

    arm: str
    tasks: int
    fair: Times | None
    all: Times
    plan: Estimate
    arguments: Estimate
    state: Estimate
    answered: Estimate
    right: Estimate
    delta: Estimate
    p: float
    exact: Estimate | None
    f1: float | None
    calls: float
    wasted: float
    wasted_seconds: float
    wrong_effects: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """All arms, and what makes the comparison void: runs that broke a rule of the game."""

    arms: tuple[ArmVerdict, ...]
    faults: Mapping[str, int]

    @property
    def resolves(self) -> float:
        """How far two arms must differ in accuracy to be told apart here; 0 to 1."""
        played = (arm for arm in self.arms if arm.arm != Arm.ORACLE)
        return max((arm.delta.high - arm.delta.low) / 2 for arm in played)


def judge(results: Results) -> Verdict:
    """The verdict over the tasks that were played under every arm."""
    runs = dict(results.by_arm())
    rights = [all(each.right for each in task) for task in zip(*runs.values(), strict=True)]
    before, limit = runs[Arm.SEQUENTIAL], runs[Arm.ORACLE]
    arms: list[ArmVerdict] = []
    for arm, mine in runs.items():
        fair = [_of(each, rights) for each in (mine, before, limit)]
        now, then = [run.right for run in mine], [run.right for run in before]
        arms.append(
            ArmVerdict(
                arm,
                len(mine),
                _times(*fair) if any(rights) else None,
                _times(mine, before, limit),
                plan=rate([run.plan for run in mine]),
                arguments=rate([run.arguments for run in mine]),
                state=rate([run.state for run in mine]),
                answered=rate([run.answered for run in mine]),
                right=rate(now),
                delta=difference(now, then),
                p=mcnemar(now, then),
                exact=rate([run.exact for run in mine if run.exact is not None])
                if any(run.exact is not None for run in mine)
                else None,
                f1=_mean([run.f1 for run in mine if run.f1 is not None]),
                calls=sum(len(run.spans) for run in mine) / len(mine),
                wasted=sum(len(run.wasted) for run in mine) / len(mine),
                wasted_seconds=sum(span.end - span.begin for run in mine for span in run.wasted) / len(mine),
                wrong_effects=sum(run.wrong_effects for run in mine),
                taken_back=sum(run.taken_back for run in mine),
            )
        )
    faults = [fault for mine in runs.values() for run in mine for fault in run.faults]
    return Verdict(tuple(arms), {fault: faults.count(fault) for fault in dict.fromkeys(faults)})


def answer_seconds(run: Run) -> float:
    """When a run was answered. One without an answer counts as answered when it was given up."""
    return 60.0 if run.answer_at is None else run.answer_at


def _times(mine: Sequence[Run], before: Sequence[Run], limit: Sequence[Run]) -> Times:
    now, then, best = ([answer_seconds(run) for run in runs] for runs in (mine, before, limit))
    effects = [run.effect_at for run in mine if run.effect_at is not None]
    return Times(
        len(now),
        sum(now) / len(now),
        percentile(now, 0.5),
        percentile(now, 0.9).value,
        percentile(now, 0.99).value,
        percentile(effects, 0.5).value if effects else None,
        ratio(then, now),
        share(then, now, best),
    )


def _of(runs: Sequence[Run], wanted: Sequence[bool]) -> list[Run]:
    return [run for run, is_wanted in zip(runs, wanted, strict=True) if is_wanted]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
