"""The simulated clock: an utterance becomes the stream a brain lives through, with loss spans.

Words arrive as a recogniser becomes certain of them, results when their delay has passed, and what the
brain writes takes the time its tokens take. Words that come meanwhile interrupt it exactly as in a session:
a patient brain finishes the action it is writing, another one loses it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from agents import protocol, references, wire
from agents.actions import Action, Call, Pause, Remove
from agents.brains.narrowing import FEW, spoken_of
from agents.training import disfluency, pace
from agents.training.pace import Hearing, Pace
from agents.training.phrasing import Shape
from agents.training.policy import Policy
from agents.training.results import spoken
from agents.training.slurp import Commands
from agents.training.synthesize import Utterance, utterances
from agents.training.values import Values

NARROWED = 0.75  # share of turns, of those with many tools declared, that only tell of the likely ones


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the stream. `actions` where the model wrote it, else None.

    `words` are all that have been heard, where it is an update; those in its text may be the new ones only.
    """

    text: str
    actions: tuple[Action, ...] | None = None
    words: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One turn as the model lives it, and what it comes to: the calls that stand at the end.

    `shapes` are those of the tools there were.
    """

    segments: tuple[Segment, ...]
    transcript: str
    calls: tuple[Call, ...]
    kind: str
    shapes: Mapping[str, Shape]

    @property
    def text(self) -> str:
        """The protocol text of the whole turn."""
        return "".join(segment.text for segment in self.segments)

    def spans(self) -> Iterator[tuple[str, bool]]:
        """Wire text in pieces, and whether the model wrote each."""
        for segment in self.segments:
            yield wire.encode(segment.text), segment.actions is not None


@dataclass(slots=True)
class _Clock:
    pace: Pace
    rng: random.Random
    policy: Policy
    shapes: Mapping[str, Shape]
    now: float = 0.0
    segments: list[Segment] = field(default_factory=list[Segment])
    running: dict[int, tuple[float, Call]] = field(default_factory=dict[int, tuple[float, Call]])
    told: set[int] = field(default_factory=set[int])  # calls whose results are there

    def news(self, text: str) -> None:
        self.segments.append(Segment(text))

    def next_result(self) -> float | None:
        return min((due for due, _ in self.running.values()), default=None)

    def arrive(self, until: float) -> None:
        """Results that are there by `until` become news."""
        while (due := self.next_result()) is not None and due <= until:
            id = min(self.running, key=lambda id: self.running[id][0])
            _, call = self.running.pop(id)
            self.news(protocol.result(call.id, spoken(call, self.rng, self.shapes)))
            self.told.add(call.id)
            for other in self.policy.standing:
                if call.id in references.References.of(other.arguments).whole:
                    self.start(other, due)

    def start(self, call: Call, at: float) -> None:
        """A read runs once its operands are there."""
        if self.shapes[call.name].reads and references.References.of(call.arguments).whole <= self.told:
            self.running[call.id] = (at + self.rng.uniform(*self.pace.delay), call)

    def react(self, actions: list[Action], next_words: float | None) -> None:
        """The brain writes `actions` one after the other, until words interrupt it."""
        written: list[Action] = []
        for action in actions:
            done = self.now + pace.seconds(wire.encode(protocol.write(action)), self.pace)
            stale = done if next_words is None else next_words
            if stale + self.pace.patience < done:
                self.now = stale + self.pace.patience
                break
            if (due := self.next_result()) is not None and due <= done:
                self._flush(written)
                self.arrive(done)
            self.now = done
            written.append(action)
            self._apply(action)
            if stale < done:
                break
        self._flush(written)

    def _apply(self, action: Action) -> None:
        self.policy.apply(action)
        match action:
            case Call(id):
                self.running.pop(id, None)
                self.told.discard(id)
                self.start(action, self.now)
            case Remove(id):
                self.running.pop(id, None)
            case _:
                pass

    def _flush(self, written: list[Action]) -> None:
        if written:
            self.segments.append(Segment("".join(map(protocol.write, written)), tuple(written)))
            written.clear()


def stream(utterance: Utterance, rng: random.Random, at: Pace | None = None) -> Stream:
    """One way in which `utterance` may reach a brain that does the right thing."""
    at = at or pace.drawn(rng)
    if rng.random() < NARROWED:
        utterance = _narrowed(utterance)
    spelled = _spelled(utterance, rng)
    said = pace.said_at(len(spelled), at, rng)
    heard = list(pace.hearings(said, at, rng))
    wrong, revised = _misheard(spelled, heard, rng)
    clock = _Clock(at, rng, Policy(utterance), utterance.shapes)
    if declared := "".join(shape.declaration for shape in utterance.shapes.values()):
        clock.news(declared)
    before: list[str] = []
    while heard:
        if (due := clock.next_result()) is not None and not at.patience and due < heard[0].at:
            clock.now = max(clock.now, due)
            clock.arrive(clock.now)
            clock.react([Pause()], heard[0].at)
            continue
        hearing = heard.pop(0)
        clock.now = max(clock.now, hearing.at)
        while heard and heard[0].at <= clock.now:
            hearing = heard.pop(0)
        clock.arrive(clock.now)
        spelling = spelled if hearing.at >= revised else wrong
        words = spelling[: hearing.count]
        new = words[len(before) :] if words[: len(before)] == before else words
        clock.segments.append(Segment(protocol.update(new, hearing.final), words=tuple(words)))
        before = words
        actions = clock.policy.changes(spelling, hearing.count, hearing.final)
        last = clock.policy.answer() if hearing.final else Pause()
        clock.react([*actions, last], heard[0].at if heard else None)
    return Stream(
        tuple(clock.segments), " ".join(spelled), clock.policy.standing, utterance.kind, utterance.shapes
    )


def streams(
    seed: int, held_out: bool = False, whole: bool = False, commands: Commands | None = None
) -> Iterator[Stream]:
    """Streams without end; the same seed gives the same ones. With `whole` each turn is heard at once."""
    rng = random.Random(f"clock {seed}")
    for utterance in utterances(seed, held_out, commands):
        yield stream(utterance, rng, Pace(at_once=True) if whole else None)


def _narrowed(utterance: Utterance) -> Utterance:
    """The utterance with the tools declared of which a small brain would have been told."""
    declared = {name: shape.declaration for name, shape in utterance.shapes.items() if shape.declaration}
    if len(declared) <= FEW:
        return utterance
    kept = set(spoken_of(declared, utterance.words))
    asked = {wanted.tool for state in utterance.states for wanted in state} & declared.keys()
    if not asked <= kept:
        # Of a tool that no word names a brain is told only where few are declared: it is learned among a few.
        others = sorted((name for name in declared if name not in asked), key=lambda name: name not in kept)
        kept = asked.union(others[: max(0, FEW - len(asked))])
    left_out = declared.keys() - kept
    return replace(
        utterance,
        shapes={name: shape for name, shape in utterance.shapes.items() if name not in left_out},
    )


def _spelled(utterance: Utterance, rng: random.Random) -> list[str]:
    words = list(utterance.words)
    if rng.random() < 0.4:
        return [word.lower() for word in words]
    words[0] = words[0][0].upper() + words[0][1:]
    if rng.random() < 0.1 and len(words) > 4:
        at = rng.randrange(1, len(words))
        words[at] = words[at][0].upper() + words[at][1:]
    return words


def _misheard(words: list[str], heard: list[Hearing], rng: random.Random) -> tuple[list[str], float]:
    """The words with one of them wrong, now and then, and when the recogniser notices (seconds)."""
    if len(heard) < 2 or rng.random() >= 0.05:
        return words, 0.0
    noticed = rng.randrange(1, len(heard))
    place = rng.randrange(heard[noticed - 1].count)
    wrong = list(words)
    wrong[place] = disfluency.misheard(words[place].lower()) or _garbled(words[place], rng)
    return wrong, heard[noticed].at


def _garbled(word: str, rng: random.Random) -> str:
    return Values(rng).invented().lower() if len(word) > 3 else "the"
