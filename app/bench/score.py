"""What one task came to under one arm: when it was answered, whether it was right, what ran for nothing.

Everything is read off the session's events and the effect journal, which no brain can write to.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agents.actions import Call
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Effected,
    EndOfTurn,
    Event,
    Notice,
    Undone,
    Updated,
)
from agents.summary import wrong_effects
from agents.tasks import Performed, Task
from agents.training.plans import normalised, shape, whole
from tools.tool import Effect

_ROUNDING = 1e-6  # seconds


@dataclass(frozen=True, slots=True)
class Span:
    """A run of a call; times in seconds after the end of speech. `used`: its result was wanted in the end."""

    call: int
    name: str
    begin: float
    end: float
    used: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A task under an arm. Times in seconds after the end of speech.

    `plan`: the calls that stand have the gold names and dependencies. `arguments`: and the gold arguments.
    `state`: the journal holds the gold effects and nothing else. `answered`: what had to be said was.
    `exact` and `f1` compare with the task's exact answer, where it has one. `wrong_effects` counts effects
    that stand though no surviving, committed call asked for them; `taken_back` those that happened early
    and were undone. `faults` says why the run cannot count; `failures` are errors the user was told of,
    such as those of the brain.
    """

    task: str
    kind: str
    arm: str
    answer_at: float | None
    effect_at: float | None
    plan: bool
    arguments: bool
    state: bool
    answered: bool
    exact: bool | None
    f1: float | None
    wrong_effects: int
    updates: int
    said: str
    calls: list[str]
    spans: list[Span] = field(default_factory=list[Span])
    faults: list[str] = field(default_factory=list[str])
    taken_back: int = 0
    failures: list[str] = field(default_factory=list[str])

    @property
    def right(self) -> bool:
        """Whether calls, effects and answer are all as they should be."""
        return self.arguments and self.state and self.answered and self.exact is not False

    @property
    def wasted(self) -> list[Span]:
        """What ran for nothing."""
        return [span for span in self.spans if not span.used]


def score(
    task: Task,
    arm: str,
    events: Sequence[Event],
    effects: Sequence[Performed],
    *,
    speech: float,
    end: float,
    early_writes: int,
    may_be_early: frozenset[str] = frozenset(),
) -> Run:
    """Judge the events of one task.

    The last word had been said at `speech`, session seconds, and the turn may be over `end` seconds after
    that at the earliest. `early_writes` counts rows that were written before it was, which is the right of
    the tools in `may_be_early` alone.
    """
    over = [event.at for event in events if isinstance(event, EndOfTurn)]
    answers = [event for event in events if isinstance(event, Answered)]
    text = " ".join(event.text for event in answers)
    calls = standing(events)
    wrong = wrong_effects(events)
    faults: list[str] = []
    if not over or over[0] < speech + end - _ROUNDING:
        faults.append("the end of the turn was not waited for")
    if answers and (not over or answers[0].at < over[0]):
        faults.append("answered before the end of the turn")
    early = set(_early_effects(events))
    if early - may_be_early or (early_writes and not early):
        faults.append("something was changed before the end of the turn")
    if wrong:
        faults.append("an effect stands that nobody asked for")
    undone = {event.entry for event in events if isinstance(event, Undone)}
    effected = [
        event.at - speech for event in events if isinstance(event, Effected) and event.entry not in undone
    ]
    return judged(
        task,
        arm,
        calls=calls,
        effects=effects,
        text=text,
        answer_at=answers[-1].at - speech if answers else None,
        effect_at=max(effected, default=None),
        spans=spans(events, speech),
        faults=faults,
        wrong_effects=wrong,
        updates=sum(isinstance(event, Updated) for event in events),
        taken_back=len(undone),
        failures=[event.text for event in events if isinstance(event, Notice) and event.error],
    )


def judged(
    task: Task,
    arm: str,
    *,
    calls: Sequence[Call],
    effects: Sequence[Performed],
    text: str,
    answer_at: float | None,
    effect_at: float | None,
    spans: list[Span],
    faults: list[str],
    wrong_effects: int = 0,
    updates: int = 1,
    taken_back: int = 0,
    failures: Sequence[str] = (),
) -> Run:
    """A run that came to `calls`, `effects` and the answer `text`, against what `task` wants."""
    return Run(
        task.id,
        task.kind,
        arm,
        answer_at,
        effect_at,
        plan=shape(calls) == shape(task.calls),
        arguments=whole(calls) == whole(task.calls),
        state=_same_effects(task.effects, effects),
        answered=not task.answer_any or any(each.casefold() in text.casefold() for each in task.answer_any),
        exact=_plain(text) == _plain(task.answer) if task.answer else None,
        f1=_f1(text, task.answer) if task.answer else None,
        wrong_effects=wrong_effects,
        updates=updates,
        said=text,
        calls=[f"{call.name}({_given(call)})" for call in calls],
        spans=spans,
        faults=faults,
        taken_back=taken_back,
        failures=list(failures),
    )


def standing(events: Iterable[Event]) -> list[Call]:
    """The calls that the brain wants at the end, in their last version."""
    calls: dict[int, Call] = {}
    for event in events:
        if isinstance(event, CallIssued):
            calls[event.call] = Call(event.call, event.name, event.arguments)
        elif isinstance(event, CallRemoved):
            calls.pop(event.call, None)
    return [calls[id] for id in sorted(calls)]


def spans(events: Iterable[Event], origin: float) -> list[Span]:
    """The runs of calls, relative to `origin`."""
    names: dict[tuple[int, int], str] = {}
    began: dict[tuple[int, int], float] = {}
    ended: dict[tuple[int, int], float] = {}
    last: dict[tuple[int, int], CallState] = {}
    for event in events:
        if isinstance(event, CallIssued):
            names[event.call, event.version] = event.name
        elif isinstance(event, CallChanged):
            key = (event.call, event.version)
            last[key] = event.state
            if event.state is CallState.RUNNING:
                began[key] = event.at
                ended.pop(key, None)
            elif event.state.is_over:
                ended.setdefault(key, event.at)
    return [
        Span(key[0], names[key], at - origin, ended.get(key, at) - origin, last[key] is CallState.READY)
        for key, at in began.items()
    ]


def _early_effects(events: Iterable[Event]) -> Iterator[str]:
    """The tools that change something and ran before the turn was over."""
    names: dict[tuple[int, int], str] = {}
    for event in events:
        match event:
            case EndOfTurn():
                return
            case CallIssued(effect=effect) if effect is not Effect.READ:
                names[event.call, event.version] = event.name
            case CallChanged(state=CallState.RUNNING) if (event.call, event.version) in names:
                yield names[event.call, event.version]
            case _:
                pass


def _same_effects(gold: Sequence[Performed], found: Sequence[Performed]) -> bool:
    """Equal in any order, but for `$n`, which stands for what nobody can know beforehand."""
    left = list(found)
    for effect in gold:
        same = next((each for each in left if _same_effect(effect, each)), None)
        if same is None:
            return False
        left.remove(same)
    return not left


def _same_effect(gold: Performed, found: Performed) -> bool:
    return (
        gold.name == found.name
        and gold.arguments.keys() == found.arguments.keys()
        and all(
            (isinstance(value, str) and value.startswith("$"))
            or normalised(str(value)) == normalised(str(found.arguments[key]))
            for key, value in gold.arguments.items()
        )
    )


def _given(call: Call) -> str:
    return ", ".join(f"{key}={value}" for key, value in call.arguments.items())


def _plain(text: str) -> str:
    """As answers of HotpotQA are compared: lower case, without punctuation and articles."""
    bare = "".join(each for each in text.lower() if each not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def _f1(text: str, gold: str) -> float:
    """How far the words of an answer are those of the gold one; a yes or no is right or wrong."""
    said, wanted = _plain(text).split(), _plain(gold).split()
    closed = {"yes", "no", "noanswer"}
    if {" ".join(said), " ".join(wanted)} & closed and said != wanted:
        return 0.0
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted)) if common else 0.0
