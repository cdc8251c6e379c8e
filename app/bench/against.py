"""Two comparisons next to each other, task by task: what a change has brought."""

from __future__ import annotations

from app.bench import estimates, tables
from app.bench.results import Results
from app.bench.score import Run
from app.bench.verdict import answer_seconds
from app.settings import SettingsError


def against(old: Results, new: Results) -> str:
    """Each arm that both have, over the tasks that both have. Raises SettingsError where there is none."""
    estimates.require()
    pairs = {arm: _pairs(mine, dict(old.by_arm()).get(arm, [])) for arm, mine in new.by_arm()}
    rows: list[tuple[str, ...]] = []
    for arm, pair in pairs.items():
        if not pair:
            continue
        before, now = zip(*pair, strict=True)
        both = [(one, other) for one, other in pair if one.right and other.right]
        speed = estimates.ratio(*map(list, zip(*_seconds(both), strict=True))) if both else None
        was, are = [run.right for run in before], [run.right for run in now]
        rows.append(
            (
                arm,
                str(len(pair)),
                f"{100 * sum(was) / len(was):.1f}",
                f"{100 * sum(are) / len(are):.1f}",
                tables.estimate(estimates.difference(are, was), 1, 100),
                f"{estimates.mcnemar(are, was):.3f}",
                tables.estimate(speed, 2) if speed else "",
                f"{sum(run.wrong_effects for run in before)} → {sum(run.wrong_effects for run in now)}",
            )
        )
    if not rows:
        raise SettingsError("these two have no task and arm in common")
    head = (
        "arm",
        "tasks",
        "right before",
        "now",
        "Δ points",
        "p",
        "times as fast (both right)",
        "wrong effects",
    )
    changed = [key for key in new.setup if key != "tasks" and new.setup[key] != old.setup.get(key)]
    note = f"\nThe two differ in: {', '.join(changed)}.\n" if changed else ""
    return "\n".join(tables.table(head, rows)) + "\n" + note


def _pairs(mine: list[Run], other: list[Run]) -> list[tuple[Run, Run]]:
    before = {run.task: run for run in other}
    return [(before[run.task], run) for run in mine if run.task in before]


def _seconds(pairs: list[tuple[Run, Run]]) -> list[tuple[float, float]]:
    return [(answer_seconds(before), answer_seconds(now)) for before, now in pairs]
