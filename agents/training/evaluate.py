"""How well an adapter plans: the real local brain, fed requests word by word.

`python -m agents.training.evaluate` scores `tests/data/requests.jsonl` and turns that training never
saw. A plan is right when the calls that stand at the end have the gold names and dependencies; the
arguments are right when each equals the gold one but for case, articles and how numbers are written.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import pkgutil
import random
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.actions import Action, Answer, Call, Pause, Remove, Speak, Think
from agents.brain import Brain, Interaction
from agents.brains.local import ADAPTER, LocalBrain
from agents.events import (
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Drafted,
    Event,
    Paused,
    Thought,
    Updated,
)
from agents.training import pace
from agents.training.clock import streams
from agents.training.results import spoken
from agents.training.values import in_words
from agents.words import spoken_words
from tools.assistant import assistant_tools
from tools.tool import Effect
from tools.toolbox import Toolbox

_NUMBERS = {in_words(value): str(value) for value in range(100)}
_LEFT_OUT = frozenset({"a", "an", "the", "my", "some"})


@dataclass(frozen=True, slots=True)
class Task:
    """What is said, and the calls that should stand at the end."""

    id: str
    said: str
    calls: tuple[Call, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the brain did with a task. `seconds` holds one entry a reaction."""

    task: Task
    calls: tuple[Call, ...]
    answer: str
    seconds: tuple[float, ...]

    @property
    def plan(self) -> bool:
        """Whether names and dependencies are right."""
        return shape(self.calls) == shape(self.task.calls)

    @property
    def exact(self) -> bool:
        """Whether the plan and every argument are right."""
        return whole(self.calls) == whole(self.task.calls)


def tasks(path: Path) -> list[Task]:
    """Tasks of a task file. Raises OSError, ValueError or KeyError for one that is none."""
    rows = [json.loads(line) for line in path.read_text().splitlines() if line]
    return [
        Task(
            row["id"],
            row["said"],
            tuple(Call(call["id"], call["name"], call["arguments"]) for call in row["calls"]),
            row["kind"],
        )
        for row in rows
    ]


def generated(seed: int, count: int) -> list[Task]:
    """Utterances with names and things that are set aside from training."""
    made = itertools.islice(streams(seed, held_out=True), count)
    return [Task(f"made-{at}", each.transcript, each.calls, each.kind) for at, each in enumerate(made)]


def shape(calls: Sequence[Call]) -> list[str]:
    """Names and dependencies, whatever the IDs and the order."""
    return sorted(_described(call, calls, values=False) for call in calls)


def whole(calls: Sequence[Call]) -> list[str]:
    """Names, dependencies and normalised arguments."""
    return sorted(_described(call, calls, values=True) for call in calls)


def _described(call: Call, calls: Sequence[Call], values: bool, depth: int = 0) -> str:
    known = {each.id: each for each in calls}
    parts: list[str] = []
    for name, value in sorted(call.arguments.items()):
        text = str(value)
        source = known.get(int(text[1:])) if text.startswith("$") and text[1:].isdigit() else None
        if source is not None and depth < 3:
            parts.append(f"{name}=<{_described(source, calls, values, depth + 1)}>")
        elif values:
            parts.append(f"{name}={normalised(f'{value:g}' if isinstance(value, float) else text)}")
    return f"{call.name}({', '.join(parts)})"


def normalised(text: str) -> str:
    """Words without case, articles and spelled-out numbers."""
    words = [
        word for word in (w.casefold() for w in spoken_words(text.replace("-", " "))) if word not in _LEFT_OUT
    ]
    made: list[str] = []
    for word in words:
        if made and made[-1] in ("20", "30", "40", "50") and word in _NUMBERS and len(_NUMBERS[word]) == 1:
            made[-1] = str(int(made[-1]) + int(_NUMBERS[word]))
        else:
            made.append(_NUMBERS.get(word, word))
    return " ".join(made)


async def attempt(brain: Brain, toolbox: Toolbox, task: Task, seed: int = 1) -> Outcome:
    """Feed a task to a brain at the pace of speech, as a session would, results included."""
    rng = random.Random(f"{seed} {task.id}")
    words = task.said.split()
    events: list[Event] = []
    standing: dict[int, Call] = {}
    versions: dict[int, int] = {}
    due: list[tuple[int, Call, int]] = []
    seconds: list[float] = []
    answer = ""
    at = pace.Pace()
    steps = [hearing.count for hearing in pace.hearings(pace.said_at(len(words), at, rng), at, rng)]
    for step, cut in enumerate(steps):
        for at, call, version in [each for each in due if each[0] <= step]:
            due.remove((at, call, version))
            if versions[call.id] == version and call.id in standing:
                events.append(CallChanged(1, 0.0, call.id, version, CallState.READY, text=spoken(call, rng)))
        events.append(Updated(1, 0.0, " ".join(words[:cut]), cut == len(words) and step == len(steps) - 1))
        started = time.perf_counter()
        async for action in _reaction(brain, toolbox, events):
            match action:
                case Call(id, name, arguments):
                    versions[id] = versions.get(id, 0) + 1
                    standing[id] = action
                    effect = toolbox.get(name).effect
                    events.append(CallIssued(1, 0.0, id, versions[id], name, arguments, effect))
                    waits = any(str(value).startswith("$") for value in arguments.values())
                    if effect is Effect.READ and not waits:
                        due.append((step + rng.choice((1, 2, 2)), action, versions[id]))
                case Remove(id):
                    standing.pop(id, None)
                    events.append(CallRemoved(1, 0.0, id))
                case Pause():
                    events.append(Paused(1, 0.0))
                case Answer(text):
                    answer = text
                    events.append(Drafted(1, 0.0, text))
                case Think(text, interrupted):
                    events.append(Thought(1, 0.0, text, interrupted))
                case Speak():
                    pass  # its words are in the answer
        seconds.append(time.perf_counter() - started)
    return Outcome(task, tuple(standing[id] for id in sorted(standing)), answer, tuple(seconds))


def _reaction(brain: Brain, toolbox: Toolbox, events: list[Event]) -> AsyncIterator[Action]:
    return brain.react(Interaction(toolbox, 1, list(events), list(events)))


def report(name: str, outcomes: Sequence[Outcome], show: bool) -> dict[str, float | int]:
    """Print and return the scores of a set."""
    count = len(outcomes)
    times = sorted(second for outcome in outcomes for second in outcome.seconds)
    scores: dict[str, float | int] = {
        "tasks": count,
        "plan": sum(outcome.plan for outcome in outcomes),
        "arguments": sum(outcome.exact for outcome in outcomes),
        "update_ms_p50": round(1000 * statistics.median(times)),
        "update_ms_p90": round(1000 * times[int(0.9 * (len(times) - 1))]),
    }
    print(f"{name}: {scores}")
    for kind in sorted({outcome.task.kind for outcome in outcomes}):
        mine = [outcome for outcome in outcomes if outcome.task.kind == kind]
        plans, exact = sum(o.plan for o in mine), sum(o.exact for o in mine)
        print(f"  {kind}: plan {plans}, arguments {exact} of {len(mine)}")
    for outcome in outcomes if show else ():
        if not outcome.exact:
            print(f"  {'arguments' if outcome.plan else 'plan'} wrong: {outcome.task.said}")
            print(f"    {_shown(outcome.calls)}  ::  {outcome.answer}   (gold: {_shown(outcome.task.calls)})")
    return scores


def _shown(calls: Sequence[Call]) -> str:
    def one(arguments: Mapping[str, object]) -> str:
        return ", ".join(f"{key}={value}" for key, value in arguments.items())

    return "; ".join(f"{call.id} {call.name}({one(call.arguments)})" for call in calls)


async def _main(given: argparse.Namespace) -> None:
    brain = LocalBrain(given.adapter, given.threads)
    toolbox = Toolbox([*assistant_tools(), *(pkgutil.resolve_name(given.tools)() if given.tools else [])])
    await brain.warm_up()
    sets = {path.stem: tasks(path) for path in given.requests}
    if given.generated:
        sets["unseen turns"] = generated(given.seed, given.generated)
    try:
        for name, each in sets.items():
            report(name, [await attempt(brain, toolbox, task, given.seed) for task in each], given.show)
    finally:
        await brain.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--requests", type=Path, nargs="*", default=[Path("tests/data/requests.jsonl")])
    parser.add_argument("--tools", help="more tools, as MODULE:FUNCTION")
    parser.add_argument("--generated", type=int, default=100, help="unseen turns to score as well")
    parser.add_argument("--seed", type=int, default=4242)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
