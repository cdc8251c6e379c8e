"""A comparison in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from app.bench.estimates import Estimate
from app.bench.peers import UNEQUAL, Peer
from app.bench.results import Results
from app.bench.verdict import ArmVerdict, Times, Verdict

_BRAINS = {
    "gold": "the gold brain, which knows every plan and writes at a stated speed: its accuracy says nothing",
    "local": "the local brain",
}
_CLOCKS = {
    "virtual": "virtual clock: speech and tools are not waited for",
    "real": "real time",
}


def report(results: Results, verdict: Verdict) -> str:
    """Everything, as it goes into a terminal or a file."""
    setup, facts = results.setup, results.facts
    conditions = setup["conditions"]
    thinks = _BRAINS[setup["brain"]]
    if setup["speed"]:
        thinks += f" ({setup['speed']:g} tokens a second)"
    elif setup["brain"] == "gold":
        thinks += " (no time to think)"
    elif setup["clock"] == "virtual":
        thinks += ", which takes as long as it really took"
    pace, where = conditions["pace"], facts["machine"]
    count = verdict.arms[0].tasks
    lines = [
        f"# {setup['suite']}: {_many(count, 'task')}",
        "",
        f"- Brain: {thinks}. Clock: {_CLOCKS[setup['clock']]}.",
        f"- In every arm: calls take {conditions['delay']} s, a reaction {conditions['network']:g} s"
        f" more for the network; {pace['rate']:g} words a second; the turn is over {pace['end']:g} s after"
        f" the last word. Seed {conditions['seed']}.",
        f"- {where['cpu']}, {where['cores']} cores, Python {where['python']}; "
        + ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
        + f"; adapter {facts['adapter']}; {facts['date']}.",
        "",
    ]
    if verdict.faults:
        faults = "; ".join(f"{fault} ({_many(n, 'run')})" for fault, n in verdict.faults.items())
        lines += [f"**These figures do not count:** {faults}", ""]
    fair = [arm.fair for arm in verdict.arms if arm.fair is not None]
    if fair:
        only = f"the {_many(fair[0].tasks, 'task')} that are right under every arm"
        lines += [
            f"Seconds from the end of speech to the answer, over {only}:",
            "",
            *_times(verdict.arms, fair),
            "",
        ]
    if not fair or fair[0].tasks < count:
        every = [arm.all for arm in verdict.arms]
        lines += ["The same over all tasks, right or wrong:", "", *_times(verdict.arms, every), ""]
    lines += [
        "What was right, in % of the tasks with 95 % intervals, and what ran for nothing, a task:",
        "",
        *_accuracy(verdict.arms),
        "",
        f"With {_many(count, 'task')}, differences in accuracy under about "
        f"{100 * verdict.resolves:.1f} points cannot be told from chance, "
        f"and no wrong effect still allows up to {300 / count:.1f} %.",
    ]
    if set(Peer).intersection(arm.arm for arm in verdict.arms):
        lines += ["", UNEQUAL]
    return "\n".join(lines) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns also stand in line as plain text; all but the first to the right."""
    cells = [list(head), *map(list, rows)]
    widths = [max(3, *(len(row[at]) for row in cells)) for at in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first, *rest = (
            text.ljust(width) if not at else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join([first, *rest])} |"

    rule = "|".join("-" * (width + 1) + ("-" if not at else ":") for at, width in enumerate(widths))
    return [line(cells[0]), f"|{rule}|", *map(line, cells[1:])]


def _times(arms: Sequence[ArmVerdict], times: Sequence[Times]) -> list[str]:
    head = (
        "arm",
        "p50",
        "p90",
        "p99",
        "mean",
        "last effect p50",
        "times as fast",
        "% of the oracle's head start",
    )
    return table(
        head,
        [
            (
                arm.arm,
                estimate(each.p50, 2),
                f"{each.p90:.2f}",
                f"{each.p99:.2f}",
                f"{each.mean:.2f}",
                "" if each.effect_p50 is None else f"{each.effect_p50:.2f}",
                estimate(each.speedup, 2),
                estimate(each.head_start, 0, 100),
            )
            for arm, each in zip(arms, times, strict=True)
        ],
    )


def _accuracy(arms: Sequence[ArmVerdict]) -> list[str]:
    has_exact = arms[0].exact is not None
    head = ["arm", "plan", "arguments", "state", "answer", "all right", "Δ points", "p"]
    head += ["exact match", "F1"] if has_exact else []
    head += ["calls", "wasted", "wasted s", "wrong effects", "taken back"]
    rows: list[list[str]] = []
    for arm in arms:
        row = [
            arm.arm,
            *(estimate(each, 1, 100) for each in (arm.plan, arm.arguments, arm.state, arm.answered)),
        ]
        row += [estimate(arm.right, 1, 100), estimate(arm.delta, 1, 100), f"{arm.p:.3f}"]
        if arm.exact is not None and arm.f1 is not None:
            row += [estimate(arm.exact, 1, 100), f"{100 * arm.f1:.1f}"]
        row += [f"{arm.calls:.2f}", f"{arm.wasted:.3f}", f"{arm.wasted_seconds:.3f}"]
        row += [str(arm.wrong_effects), str(arm.taken_back)]
        rows.append(row)
    return table(head, rows)


def estimate(found: Estimate, digits: int, scale: float = 1) -> str:
    """A value with its interval in brackets."""
    low, high = scale * found.low, scale * found.high
    if math.isnan(found.value):
        return ""
    value = f"{scale * found.value:.{digits}f}"
    return f"{value} [{low:.{digits}f}, {high:.{digits}f}]" if math.isfinite(low + high) else value


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
