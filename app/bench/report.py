"""The cost benchmark as a table for a terminal, or as one JSON object."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from app.bench.cost import FEW_CALLS, LIMIT, TurnCost, machine, turn_cost
from app.bench.load import BEND, COUNTS, LoadCost, bends, load_cost, until_it_bends
from app.bench.probe import Cause, Spread

_LABELS = {
    Cause.WORDS: "words heard",
    Cause.ACTION: "brain's action",
    Cause.RESULT: "operand's result",
    Cause.COMMIT: "commit",
    Cause.REPLY: "user's yes",
    Cause.EFFECT: "effect before it",
}
_PLACES = {"memory": "in memory", "disk": "on disk"}


def run(calls: int, sessions: int, turns: int, *, as_json: bool) -> bool:
    """Measure and print. Whether every effect was right.

    `turns` turns of `calls` calls are measured on a store in memory, half as many on disk.
    """
    say: Callable[[str], None] = (lambda _: None) if as_json else print
    where = machine()
    say("{cpu} · {cores} cores · Python {python}".format(**where))
    with tempfile.TemporaryDirectory() as folder:
        few = asyncio.run(turn_cost(FEW_CALLS, turns))
        memory = asyncio.run(turn_cost(calls, turns))
        say(turn_table(memory, few))
        disk = asyncio.run(turn_cost(calls, max(1, turns // 2), Path(folder)))
        say(turn_table(disk, few))
        say(_verdict(memory))
    load = asyncio.run(load_cost(sessions))
    say(load_table(load))
    if as_json:
        costs = {"turn": asdict(memory), "on_disk": asdict(disk), "few_calls": asdict(few)}
        print(json.dumps({"machine": where, "limit_ms": LIMIT} | costs | {"load": asdict(load)}))
    return not (few.wrong_effects or memory.wrong_effects or disk.wrong_effects or load.wrong_effects)


def scale(counts: Sequence[int] = COUNTS, *, as_json: bool) -> bool:
    """Measure more and more sessions until answers come later, and print. Whether every effect was right."""
    say: Callable[[str], None] = (lambda _: None) if as_json else print
    where = machine()
    say("{cpu} · {cores} cores · Python {python}".format(**where))
    costs: list[LoadCost] = []

    async def measure() -> None:
        async for cost in until_it_bends(counts):
            say(scale_row(cost))
            costs.append(cost)

    say(_SCALE)
    asyncio.run(measure())
    say(scale_verdict(costs))
    if as_json:
        print(json.dumps({"machine": where, "bend_ms": BEND, "loads": [asdict(cost) for cost in costs]}))
    return not any(cost.wrong_effects for cost in costs)


_SCALE = """
Seconds from the end of speech to the answer, at speaking pace:
  sessions      p50      p90      p99   loop's lag p99 in ms    cores   events/s   wrong effects"""


def scale_row(cost: LoadCost) -> str:
    """One count of sessions."""
    answers = (cost.answers.p50, cost.answers.p90, cost.answers.p99)
    seconds = "".join(f"{value / 1000:9.3f}" for value in answers)
    rest = f"{cost.lag.p99:23.1f}{cost.cpu:9.2f}{cost.events_per_second:11.0f}{cost.wrong_effects:16}"
    return f"{cost.sessions:10}{seconds}{rest}"


def scale_verdict(costs: Sequence[LoadCost]) -> str:
    """Where it bends."""
    alone, last = costs[0], costs[-1]
    if not bends(last, alone):
        return f"\nIt does not bend up to {_many(last.sessions, 'session')}."
    most = max(cost.sessions for cost in costs if not bends(cost, alone))
    late = (last.answers.p99 - alone.answers.p99) / 1000
    return (
        f"\nIt bends between {most} and {last.sessions} sessions: with {last.sessions}, which had "
        f"{last.cpu:.2f} of a core,\nthe 99th percentile comes {late:.2f} s later than with one."
    )


def turn_table(cost: TurnCost, few: TurnCost) -> str:
    """One turn's delays, next to those of a turn with few calls."""
    lines = [
        "",
        f"{_many(cost.turns, 'turn')} of {_many(cost.calls, 'call')}, store {_PLACES[cost.store]}: "
        f"{_many(cost.starts, 'started call')}, {_many(cost.wrong_effects, 'wrong effect')}",
        *_spreads(cost.delays, few.delays, f"p99 / {few.calls} calls"),
    ]
    return "\n".join(lines)


def _verdict(cost: TurnCost) -> str:
    over = [_LABELS[cause] for cause, spread in cost.delays.items() if spread.p99 >= LIMIT]
    said = f"{LIMIT:g} ms or more after: {', '.join(over)}" if over else f"all under {LIMIT:g} ms"
    return f"\np99 with {_many(cost.calls, 'call')} in a turn, store in memory:\n  {said}"


def load_table(cost: LoadCost) -> str:
    """What many sessions take."""
    lines = [
        "",
        f"{_many(cost.sessions, 'session')} at the same time, at speaking pace: "
        f"{_many(cost.turns, 'turn')}, {_many(cost.effects, 'effect')}, "
        f"{_many(cost.wrong_effects, 'wrong effect')}",
        *_spreads(cost.delays),
        _row("end of speech to answer", cost.answers),
        _row("event loop's lag", cost.lag),
        _row("  the same, idle", cost.idle_lag),
        f"  {cost.seconds:.1f} s · {cost.events_per_second:.0f} events/s · {cost.cpu:.2f} cores · "
        f"{cost.memory_kb:.0f} kB a session",
    ]
    return "\n".join(lines)


def _spreads(
    delays: Mapping[Cause, Spread], few: Mapping[Cause, Spread] | None = None, ratio: str = ""
) -> list[str]:
    names = "".join(f"{name:>9}" for name in ("p50", "p90", "p99", "max", "CPU p99"))
    rows = [f"  {'ms from … to the started call':<29}{names}{'n':>8}  {ratio}".rstrip()]
    for cause, spread in delays.items():
        if not spread.count:
            continue
        row = _row(_LABELS[cause], spread)
        if few is not None and few[cause].p99:
            row += f"  × {spread.p99 / few[cause].p99:.1f}"
        rows.append(row)
    return rows


def _row(label: str, spread: Spread) -> str:
    figures = "".join(f"{value:9.3f}" for value in (spread.p50, spread.p90, spread.p99, spread.worst))
    cpu = f"{spread.cpu_p99:9.3f}" if spread.cpu_p99 else " " * 9
    return f"  {label:<29}{figures}{cpu}{spread.count:>8}"


def _many(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
