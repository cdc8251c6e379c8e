"""Levels of talkers as a table, or as one JSON object; and where the server bends."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from agents.brains.vllm_server import ServedEngine
from app.bench.cost import machine
from app.bench.crowd import Level, level
from app.bench.estimates import Estimate, percentile, rate, ratio, require
from app.bench.runner import Conditions
from app.bench.suites import Suite
from app.bench.tables import estimate, table
from app.bench.verdict import answer_seconds

BENT = 1.5  # times as long as with the fewest sessions


@dataclass(frozen=True, slots=True)
class Row:
    """A level in figures. Times are seconds from the end of speech to the answer, of turns that did not fail.

    `slower` is how many times as long the same tasks took as at the first level. Per turn: `requests`,
    `interrupted` ones among them, `wasted` calls. Per request, in tokens: `given` and `written`; of those
    given, `computed` by the server, and `again`, those it had computed before. None: nobody can tell.
    A turn failed in which the user was told of an error; `reasons` counts what was told.
    """

    sessions: int
    turns: int
    failed: int
    p50: Estimate | None
    p99: float | None
    slower: Estimate | None
    right: Estimate
    requests: float
    interrupted: float
    given: float
    written: float
    hits: float | None
    computed: float | None
    again: float | None
    preemptions: int | None
    wasted: float
    reasons: dict[str, int]


def rows(levels: Sequence[Level]) -> list[Row]:
    """The levels in figures."""
    return [_row(each, levels[0]) for each in levels]


def bend(found: Sequence[Row]) -> Row | None:
    """The first level at which turns fail, or take `BENT` times as long as at the first one."""
    return next((row for row in found if row.failed or (row.slower and row.slower.value >= BENT)), None)


def _row(level: Level, first: Level) -> Row:
    good = {run.task: answer_seconds(run) for run in level.runs if not run.failures}
    before = {run.task: answer_seconds(run) for run in first.runs if not run.failures}
    both = sorted(good.keys() & before.keys())
    times = list(good.values())
    turns, requests, server = len(level.runs), max(level.reactions, 1), level.server
    return Row(
        level.sessions,
        turns,
        sum(bool(run.failures) for run in level.runs),
        percentile(times, 0.5) if times else None,
        percentile(times, 0.99).value if times else None,
        ratio([good[task] for task in both], [before[task] for task in both]) if both else None,
        rate([run.right for run in level.runs]),
        level.reactions / turns,
        level.interrupted / turns,
        level.given / requests,
        level.written / requests,
        server.prefix_cache_hits / max(server.prefix_cache_queries, 1) if server else None,
        server.computed / requests if server else None,
        max(0, server.computed - level.new) / requests if server else None,
        server.num_preemptions if server else None,
        sum(len(run.wasted) for run in level.runs) / turns,
        dict(Counter(text for run in level.runs for text in run.failures)),
    )


def run(
    counts: Sequence[int],
    suite: Suite,
    conditions: Conditions,
    connect: Callable[[], ServedEngine],
    url: str,
    *,
    as_json: bool,
) -> bool:
    """Measure each of `counts` sessions and print. Whether every run kept the rules of the game.

    Raises SettingsError and BrainError.
    """
    require()
    levels: list[Level] = []
    for count in counts:
        if sys.stderr.isatty():
            print(f"headstart: {count} at the same time", file=sys.stderr)
        levels.append(asyncio.run(level(count, suite.tasks, suite.stage, conditions, connect, url)))
    found, place = rows(levels), urlsplit(url).netloc.rpartition("@")[2]
    faults = sorted({fault for each in levels for run in each.runs for fault in run.faults})
    if as_json:
        bent = bend(found)
        whole = {
            "machine": machine(),
            "server": place,
            "conditions": asdict(conditions),
            "faults": faults,
            "bends_at": None if bent is None else bent.sessions,
            "levels": [asdict(row) for row in found],
        }
        print(json.dumps(whole))
    else:
        print(report(found, suite, conditions, place, faults))
    return not faults


def report(
    found: Sequence[Row], suite: Suite, conditions: Conditions, place: str, faults: Sequence[str]
) -> str:
    """As it goes into a terminal or a file."""
    where = machine()
    lines = [
        f"# Talkers at {place}",
        "",
        f"- {len(suite.tasks)} tasks of {suite.name} at each level, {conditions.pace.rate:g} words a second, "
        f"calls take {conditions.delay} s; the turn is over {conditions.pace.end:g} s after the last word. "
        f"Seed {conditions.seed}.",
        f"- The talkers ran on {where['cpu']}, {where['cores']} cores, Python {where['python']}.",
        "",
    ]
    if faults:
        lines += [f"**These figures do not count:** {'; '.join(faults)}", ""]
    head = ["sessions", "answer p50 s", "p99", "times as long", "all right, %", "failed"]
    head += ["requests a turn", "cut off", "wasted calls"]
    lines += table(
        head,
        [
            (
                str(row.sessions),
                "" if row.p50 is None else estimate(row.p50, 2),
                _told(row.p99, 2),
                "" if row.slower is None else estimate(row.slower, 2),
                estimate(row.right, 0, 100),
                f"{row.failed} of {row.turns}",
                f"{row.requests:.1f}",
                f"{row.interrupted:.1f}",
                f"{row.wasted:.2f}",
            )
            for row in found
        ],
    )
    reasons = [
        f"- With {row.sessions}, {count} times: {told}"
        for row in found
        for told, count in row.reasons.items()
    ]
    lines += ["", *reasons] if reasons else []
    lines += ["", "Tokens of a request:", ""]
    lines += table(
        [
            "sessions",
            "given",
            "found in the prefix cache, %",
            "computed",
            "of these again",
            "written",
            "preemptions",
        ],
        [
            (
                str(row.sessions),
                f"{row.given:.0f}",
                _told(row.hits, 1, 100),
                _told(row.computed, 1),
                _told(row.again, 1),
                f"{row.written:.1f}",
                _told(row.preemptions, 0),
            )
            for row in found
        ],
    )
    return "\n".join([*lines, "", verdict(found)])


def verdict(found: Sequence[Row]) -> str:
    """At how many sessions the server bends, in a sentence."""
    bent = bend(found)
    if bent is None:
        return (
            f"It does not bend up to {found[-1].sessions} sessions: no turn fails, and none of these levels "
            f"takes {BENT:g} times as long as {found[0].sessions}."
        )
    if bent.failed or bent.slower is None:
        why = f"{bent.failed} of {bent.turns} turns fail"
    else:
        why = f"answers take {bent.slower.value:.1f} times as long as with {found[0].sessions}"
    return f"It bends with {bent.sessions} at the same time: {why}."


def _told(value: float | None, digits: int, scale: float = 1) -> str:
    return "" if value is None else f"{scale * value:.{digits}f}"
