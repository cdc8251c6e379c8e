"""Pictures of a comparison: needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from app.bench.arms import Arm
from app.bench.results import Results
from app.bench.score import Run
from app.bench.verdict import answer_seconds

_USED, _WASTED, _ANSWER = "#2a7de1", "#d1495b", "#222222"


def draw(results: Results, folder: Path) -> None:
    """Write `timeline.svg`, `latency.svg`, `tradeoff.svg` and `waste.svg` into `folder`."""
    runs = dict(results.by_arm())
    for name, picture in (
        ("timeline", _timeline(runs)),
        ("latency", _latency(runs)),
        ("tradeoff", _tradeoff(runs)),
        ("waste", _waste(runs)),
    ):
        picture.savefig(folder / f"{name}.svg", bbox_inches="tight")


def _figure(title: str, height: float = 3.4) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7.5, height))
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _timeline(runs: Mapping[str, Sequence[Run]]) -> Figure:
    """The task with most calls among those the full arm got right, under each arm."""
    full = runs.get(Arm.FULL, runs[Arm.ORACLE])
    at = max(range(len(full)), key=lambda place: (full[place].right, len(full[place].spans)))
    figure, axes = _figure(
        f"{full[at].task}: calls (blue: used, red: wasted) and answer, seconds after the speech"
    )
    for row, (_, mine) in enumerate(runs.items()):
        run = mine[at]
        for number, span in enumerate(run.spans):
            place = row + 0.3 - 0.6 * (number + 0.5) / len(run.spans)
            colour = _USED if span.used else _WASTED
            axes.barh(
                place, span.end - span.begin, left=span.begin, height=0.5 / len(run.spans), color=colour
            )
        axes.plot(answer_seconds(run), row, marker="*", color=_ANSWER, markersize=10)
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    return figure


def _latency(runs: Mapping[str, Sequence[Run]]) -> Figure:
    figure, axes = _figure("Share of tasks answered within so many seconds after the speech")
    for arm, mine in runs.items():
        axes.ecdf([answer_seconds(run) for run in mine], label=arm)
    axes.set_xlim(left=0)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _tradeoff(runs: Mapping[str, Sequence[Run]]) -> Figure:
    figure, axes = _figure("Tasks all right, in %, against the mean head start in seconds")
    before = [answer_seconds(run) for run in runs[Arm.SEQUENTIAL]]
    for arm, mine in runs.items():
        gained = sum(then - answer_seconds(run) for then, run in zip(before, mine, strict=True)) / len(mine)
        right = 100 * sum(run.right for run in mine) / len(mine)
        axes.plot(gained, right, marker="o")
        axes.annotate(arm, (gained, right), textcoords="offset points", xytext=(5, 5), fontsize=8)
    return figure


def _waste(runs: Mapping[str, Sequence[Run]]) -> Figure:
    figure, axes = _figure("Calls a task: used (blue) and wasted (red)", 2.6)
    for row, mine in enumerate(runs.values()):
        used = sum(span.used for run in mine for span in run.spans) / len(mine)
        wasted = sum(len(run.wasted) for run in mine) / len(mine)
        axes.barh(row, used, color=_USED)
        axes.barh(row, wasted, left=used, color=_WASTED)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    return figure
