"""How well an adapter plans: the real local brain, fed requests word by word.

A plan is right when the calls that stand at the end have the gold names and dependencies; the arguments
are right when each equals the gold one but for case, articles and how numbers are written. `Mode.SEQUENTIAL`
feeds each request at once when it is over: what a brain does that cannot listen while it thinks.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import random
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from agents.actions import Action, Answer, Answering, Call, Pause, Remove, Speak, Think
from agents.brain import Brain, BrainError, Interaction
from agents.brains.local import LocalBrain
from agents.events import (
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Drafted,
    Event,
    Mode,
    Paused,
    Thought,
    Updated,
)
from agents.training import pace
from agents.training.clock import streams
from agents.training.results import spoken
from agents.training.scores import Outcome, Step, Task
from agents.words import spoken_words
from tools.tool import Effect
from tools.toolbox import Toolbox


def tasks(path: Path) -> list[Task]:
    """Tasks of a task file. Raises OSError, ValueError or KeyError for one that is none."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
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


def questions(path: Path) -> tuple[list[Task], list[Task]]:
    """The questions of a Disfl-QA file as they were written, and as people corrected them while asking.

    Each is to be searched for as it was written. Raises OSError or ValueError.
    """
    written: list[Task] = []
    asked: list[Task] = []
    for id, pair in json.loads(path.read_text(encoding="utf-8")).items():
        meant, said = (" ".join(spoken_words(pair[form])) for form in ("original", "disfluent"))
        search = (Call(1, "search", {"query": meant}),)
        written.append(Task(id, meant, search, "fluent"))
        asked.append(Task(id, said, search, "self-correction"))
    return written, asked


def sample(made: Sequence[Task], count: int, seed: int) -> list[Task]:
    """`count` tasks of a set, or all there are; a larger sample of the same seed holds the smaller."""
    order = list(made)
    random.Random(f"sample {seed}").shuffle(order)
    return order[:count]


async def attempt(
    brain: Brain, toolbox: Toolbox, task: Task, seed: int = 1, mode: Mode = Mode.SPECULATIVE
) -> Outcome:
    """Feed a task to a brain as a session would, results included: as words are said, or once all are.

    A local brain that has not finished when the next words come is closed once its action is complete.
    That is counted in tokens, at the pace of a calm machine, so that a busy one gives the same outcome.
    """
    rng = random.Random(f"{seed} {task.id}")
    at = pace.Pace(at_once=mode is Mode.SEQUENTIAL)
    words = task.said.split()
    heard = list(pace.hearings(pace.said_at(len(words), at, rng), at, rng))
    turn = _Turn(toolbox, rng)
    steps: list[Step] = []
    failures = 0
    for step, (hearing, following) in enumerate(itertools.zip_longest(heard, heard[1:])):
        turn.results(step)
        turn.events.append(Updated(1, 0.0, " ".join(words[: hearing.count]), hearing.final))
        limit = at.tokens * (following.at - hearing.at) if following else math.inf
        before = _tokens(brain)
        started, busy = time.perf_counter(), time.process_time()
        actions: list[Action] = []
        stream = brain.react(Interaction(toolbox, 1, list(turn.events)))
        try:
            async with contextlib.aclosing(cast(AsyncGenerator[Action, None], stream)) as reaction:
                async for action in reaction:
                    turn.apply(action, step)
                    actions.append(action)
                    if _tokens(brain) - before > limit:
                        break
        except BrainError:
            failures += 1
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        steps.append(Step(hearing.count, tuple(actions), seconds, busy, _tokens(brain) - before))
    changing = frozenset(tool.name for tool in toolbox if tool.effect is not Effect.READ)
    return Outcome(task, tuple(steps), changing, turn.answer, failures)


def _tokens(brain: Brain) -> int:
    return brain.tokens if isinstance(brain, LocalBrain) else 0


@dataclass(slots=True)
class _Turn:
    """What a session would remember of the turn, and the results that are still to come."""

    toolbox: Toolbox
    rng: random.Random
    events: list[Event] = field(default_factory=list[Event])
    answer: str = ""
    versions: dict[int, int] = field(default_factory=dict[int, int])
    due: list[tuple[int, Call, int]] = field(default_factory=list[tuple[int, Call, int]])

    def results(self, step: int) -> None:
        """What has been read by `step` becomes news."""
        for entry in [entry for entry in self.due if entry[0] <= step]:
            self.due.remove(entry)
            _, call, version = entry
            if self.versions.get(call.id) == version:
                text = spoken(call, self.rng)
                self.events.append(CallChanged(1, 0.0, call.id, version, CallState.READY, text=text))

    def apply(self, action: Action, step: int) -> None:
        """Note what the brain did."""
        match action:
            case Call(id, name, arguments):
                version = self.versions[id] = self.versions.get(id, 0) + 1
                effect = self.toolbox.get(name).effect
                self.events.append(CallIssued(1, 0.0, id, version, name, arguments, effect))
                waits = any(str(value).startswith("$") for value in arguments.values())
                if effect is Effect.READ and not waits:
                    self.due.append((step + self.rng.choice((1, 2, 2)), action, version))
            case Remove(id):
                self.due = [entry for entry in self.due if entry[1].id != id]
                self.events.append(CallRemoved(1, 0.0, id))
            case Pause():
                self.events.append(Paused(1, 0.0))
            case Answer(text):
                self.answer = text
                self.events.append(Drafted(1, 0.0, text))
            case Think(text, interrupted):
                self.events.append(Thought(1, 0.0, text, interrupted))
            case Speak() | Answering():
                pass  # its words are in the answer


def mistake(outcome: Outcome) -> str:
    """What went wrong with a task, in three lines."""
    return (
        f"  {'arguments' if outcome.plan else 'plan'} wrong: {outcome.task.said}\n"
        f"    is:   {_shown(outcome.calls)}  ::  {outcome.answer}\n"
        f"    gold: {_shown(outcome.task.calls)}"
    )


def _shown(calls: Sequence[Call]) -> str:
    def one(arguments: Mapping[str, object]) -> str:
        return ", ".join(f"{key}={value}" for key, value in arguments.items())

    return "; ".join(f"{call.id} {call.name}({one(call.arguments)})" for call in calls)
