"""What a brain did with its tasks, and the figures that come of it.

Everything is read off histories: what had been heard, what the brain did then, and how long that took.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agents.actions import Action, Call, Remove
from agents.training.plans import shape, whole

PREFIXES = (25, 50, 75, 100)  # per cent of the words
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Task:
    """What is said, and the calls that should stand at the end."""

    id: str
    said: str
    calls: tuple[Call, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Step:
    """A reaction to the first `heard` words: what was done, and in how many tokens.

    `seconds` passed meanwhile; `busy` is the processor time of this process, which other programs on the
    machine do not add to.
    """

    heard: int
    actions: tuple[Action, ...]
    seconds: float
    busy: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a brain did with a task. `changing` names the tools that change something.

    `failures` counts the reactions that the brain gave up.
    """

    task: Task
    steps: tuple[Step, ...]
    changing: frozenset[str]
    answer: str = ""
    failures: int = 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """What stands at the end."""
        return self.standing(100)

    @property
    def plan(self) -> bool:
        """Whether names and dependencies are right."""
        return shape(self.calls) == shape(self.task.calls)

    @property
    def exact(self) -> bool:
        """Whether the plan and every argument are right."""
        return whole(self.calls) == whole(self.task.calls)

    @property
    def state(self) -> bool:
        """Whether the effects that would stand are the right ones, whatever was read besides."""
        return self._effects(self.calls) == self._effects(self.task.calls)

    def standing(self, percent: int) -> tuple[Call, ...]:
        """The calls that stand once the brain has reacted to that share of the words."""
        calls: dict[int, Call] = {}
        for step in self.steps:
            if 100 * step.heard > percent * len(self.task.said.split()):
                break
            for action in step.actions:
                if isinstance(action, Call):
                    calls[action.id] = action
                elif isinstance(action, Remove):
                    calls.pop(action.id, None)
        return tuple(calls[id] for id in sorted(calls))

    def issued(self) -> tuple[int, int]:
        """How many calls were made, and how many of them were premature: patched or removed later."""
        made, premature = 0, 0
        current: dict[int, Call] = {}
        for action in (action for step in self.steps for action in step.actions):
            match action:
                case Call(id) if current.get(id) != action:
                    made, premature = made + 1, premature + (id in current)
                    current[id] = action
                case Remove(id) if current.pop(id, None):
                    premature += 1
                case _:
                    pass
        return made, premature

    def _effects(self, calls: Sequence[Call]) -> list[str]:
        return [text for text in whole(calls) if text.partition("(")[0] in self.changing]


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The figures of a set; `outcomes` is not empty.

    `plan`, `arguments` and `state` are per cent of the tasks; `premature` of the `calls` made, those that
    were patched or removed later; `stable` of the tasks, those in which none was. `update_ms` is the time of
    a reaction, `end_ms` that of the last one, which the user waits for; `busy_ms` and `end_busy_ms` count
    processor time.
    """
    steps = [step for outcome in outcomes for step in outcome.steps]
    made, premature = (sum(counts) for counts in zip(*(each.issued() for each in outcomes), strict=True))
    return {
        "tasks": len(outcomes),
        "plan": _percent(sum(each.plan for each in outcomes), len(outcomes)),
        "arguments": _percent(sum(each.exact for each in outcomes), len(outcomes)),
        "state": _percent(sum(each.state for each in outcomes), len(outcomes)),
        "calls": made,
        "premature": _percent(premature, made),
        "stable": _percent(sum(each.issued()[1] == 0 for each in outcomes), len(outcomes)),
        "updates": len(steps),
        "tokens_an_update": round(statistics.mean(step.tokens for step in steps), 1),
        "failed_updates": sum(each.failures for each in outcomes),
        **_milliseconds("update_ms", [step.seconds for step in steps]),
        **_milliseconds("busy_ms", [step.busy for step in steps]),
        **_milliseconds("end_ms", [each.steps[-1].seconds for each in outcomes]),
        **_milliseconds("end_busy_ms", [each.steps[-1].busy for each in outcomes]),
    }


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """The figures of the tasks of each kind."""
    kinds = sorted({each.task.kind for each in outcomes})
    return {kind: figures([each for each in outcomes if each.task.kind == kind]) for kind in kinds}


def by_prefix(outcomes: Sequence[Outcome]) -> dict[int, Figures]:
    """What stands once a share of the words (`PREFIXES`, per cent) has been heard.

    `issued`: per cent of the right calls, by name. `wrong`: calls by any other name, for each hundred tasks.
    """
    rows: dict[int, Figures] = {}
    for percent in PREFIXES:
        issued = wrong = wanted = 0
        for each in outcomes:
            gold = Counter(call.name for call in each.task.calls)
            names = Counter(call.name for call in each.standing(percent))
            issued += (gold & names).total()
            wrong += (names - gold).total()
            wanted += gold.total()
        rows[percent] = {"issued": _percent(issued, wanted), "wrong": _percent(wrong, len(outcomes))}
    return rows


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _milliseconds(name: str, seconds: Sequence[float]) -> Figures:
    ordered = sorted(seconds)
    return {
        f"{name}_p{share}": round(1000 * ordered[round(share / 100 * (len(ordered) - 1))])
        for share in (50, 90, 95)
    }
