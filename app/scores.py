"""The scores of an evaluated adapter as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agents.events import Mode
from agents.training.scores import Figures, Outcome, by_kind, by_prefix, figures

TIMES = {
    "update_ms": "an update",
    "busy_ms": "  of the processor's time",
    "end_ms": "the last update",
    "end_busy_ms": "  of the processor's time",
}


def as_object(name: str, mode: Mode, outcomes: Sequence[Outcome]) -> str:
    """The scores of a set on one line."""
    return json.dumps(
        {
            "set": name,
            "mode": mode,
            **figures(outcomes),
            "by_kind": by_kind(outcomes),
            "by_prefix": by_prefix(outcomes),
        }
    )


def table(name: str, mode: Mode, outcomes: Sequence[Outcome]) -> str:
    """The scores of a set to be read."""
    scores = figures(outcomes)
    lines = [
        f"{name}, {mode}: {scores['tasks']:g} tasks",
        f"  {'':<16}{'tasks':>7}{'plan':>7}{'arg.':>7}{'state':>7}   % right",
    ]
    for kind, row in [("all", scores), *by_kind(outcomes).items()]:
        cells = "".join(f"{row[key]:>7g}" for key in ("tasks", "plan", "arguments", "state"))
        lines.append(f"  {kind:<16}{cells}")
    lines.append(f"  {'% of the words':<16}{'issued':>7}{'wrong':>7}   % of right calls; others in 100 tasks")
    lines += [f"  {at:<16}{row['issued']:>7g}{row['wrong']:>7g}" for at, row in by_prefix(outcomes).items()]
    lines += [
        f"  {scores['calls']:g} calls, {scores['premature']:g} % patched or removed later; "
        f"in {scores['stable']:g} % of the tasks none",
        *(_times(scores, key, label) for key, label in TIMES.items()),
        f"  {scores['tokens_an_update']:g} tokens an update; {scores['failed_updates']:g} updates failed",
    ]
    return "\n".join(lines)


def _times(scores: Figures, key: str, label: str) -> str:
    median, *high = (f"{scores[f'{key}_p{share}']:g}" for share in (50, 90, 95))
    return f"  {label}: {median} ms, p90 {high[0]}, p95 {high[1]}"
