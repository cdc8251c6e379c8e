"""The simulated clock: an utterance becomes the stream a brain lives through, with loss spans.

Words arrive in updates of a few; between them results of running reads, revisions by the recogniser
and interruptions, each at a drawn moment. What the model writes at each point follows one policy:
issue a call with the words that complete what it requires, patch it with those that change it, remove
it when it is taken back, and after the final update answer at once, with `$n` where a result belongs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agents import protocol, wire
from agents.actions import Action, Answer, Call, Pause, Remove
from agents.training import disfluency
from agents.training.lexicon import LISTS
from agents.training.phrasing import ORDER, READS, REQUIRED
from agents.training.results import spoken
from agents.training.synthesize import Utterance, Wanted, utterances
from agents.training.values import Values
from tools.tool import Json

# A value does not end in one of these while the user is speaking: more is coming.
STUBS = frozenset(LISTS["stubs"])
_SHORT = frozenset({"set_light"})  # "on" is a value there
_SIZES = (1, 1, 2, 2, 2, 3, 3, 4)  # words in an update


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the stream. `actions` where the model wrote it, else None."""

    text: str
    actions: tuple[Action, ...] | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One turn as the model lives it, and what it comes to: the calls that stand at the end."""

    segments: tuple[Segment, ...]
    transcript: str
    calls: tuple[Call, ...]
    kind: str

    @property
    def text(self) -> str:
        """The protocol text of the whole turn."""
        return "".join(segment.text for segment in self.segments)

    def spans(self) -> Iterator[tuple[str, bool]]:
        """Wire text in pieces, and whether the model wrote each."""
        for segment in self.segments:
            yield wire.encode(segment.text), segment.actions is not None


@dataclass(slots=True)
class _Turn:
    utterance: Utterance
    rng: random.Random
    words: list[str]
    segments: list[Segment] = field(default_factory=list[Segment])
    issued: dict[int, Call] = field(default_factory=dict[int, Call])  # by request
    removed: set[int] = field(default_factory=set[int])
    pending: dict[int, Call] = field(default_factory=dict[int, Call])  # of the reaction being made
    running: list[tuple[int, Call]] = field(
        default_factory=list[tuple[int, Call]]
    )  # with the step it is due at

    def changes(self, heard: int, final: bool) -> list[Action]:
        """What is to be done once `heard` words are known."""
        state = self.utterance.states[heard]
        actions: list[Action] = []
        for at, wanted in enumerate(state):
            if at in self.removed:
                continue
            if not wanted.live:
                if at in self.issued:
                    actions.append(Remove(self.issued[at].id))
                continue
            known = self.known(wanted.tool, wanted.arguments, final)
            if not ready(wanted, known, final):
                continue
            before = self.issued.get(at)
            id = (
                before.id
                if before
                else 1 + len(self.issued) + sum(isinstance(a, Call) for a in actions if self.new(a))
            )
            call = Call(id, wanted.tool, known)
            if call != before:
                actions.append(call)
                # A later request of the same reaction may need this one's ID.
                self.pending[at] = call
        return actions

    def new(self, action: Action) -> bool:
        return isinstance(action, Call) and all(action.id != call.id for call in self.issued.values())

    def known(
        self, tool: str, arguments: Mapping[str, tuple[int, ...] | int], final: bool
    ) -> dict[str, Json]:
        known: dict[str, Json] = {}
        for parameter in ORDER[tool]:
            value = arguments.get(parameter)
            if isinstance(value, int):
                source = self.pending.get(value) or self.issued.get(value)
                if source is not None:
                    known[parameter] = f"${source.id}"
            elif value:
                indices = list(value)
                while indices and not final and tool not in _SHORT and self.stub(indices[-1]):
                    indices.pop()
                if indices:
                    known[parameter] = self.utterance.value(indices, self.words)
        return known

    def stub(self, index: int) -> bool:
        return self.words[index].lower() in STUBS

    def write(self, actions: list[Action], step: int) -> None:
        """Let the model write `actions`."""
        if not actions:
            return
        for action in actions:
            match action:
                case Call():
                    request = next((r for r, c in self.issued.items() if c.id == action.id), None)
                    if request is None:
                        request = next(r for r, c in self.pending.items() if c == action)
                    self.issued[request] = action
                    self.running = [each for each in self.running if each[1].id != action.id]
                    if action.name in READS and not any(
                        str(v).startswith("$") for v in action.arguments.values()
                    ):
                        self.running.append((step + self.rng.choice((1, 1, 2, 2, 3)), action))
                case Remove(id):
                    self.removed |= {r for r, c in self.issued.items() if c.id == id}
                    self.running = [each for each in self.running if each[1].id != id]
                case _:
                    pass
        self.segments.append(Segment("".join(map(protocol.write, actions)), tuple(actions)))

    def news(self, text: str) -> None:
        self.segments.append(Segment(text))

    def results(self, step: int) -> list[str]:
        """Results that are there by `step`."""
        due = [each for each in self.running if each[0] <= step]
        self.running = [each for each in self.running if each[0] > step]
        return [protocol.result(call.id, spoken(call, self.rng)) for _, call in due]


def stream(utterance: Utterance, rng: random.Random) -> Stream:
    """One way in which `utterance` may reach a brain that does the right thing."""
    spelled = _spelled(utterance, rng)
    heard_as = list(spelled)
    count = len(spelled)
    steps = cuts(count, rng)
    revised_at = rng.randrange(1, len(steps)) if len(steps) > 1 and rng.random() < 0.05 else 0
    if revised_at:
        at = rng.randrange(steps[revised_at - 1])
        heard_as[at] = disfluency.misheard(spelled[at].lower()) or _garbled(spelled[at], rng)
    turn = _Turn(utterance, rng, heard_as)
    before = 0
    for step, cut in enumerate(steps):
        final = step == len(steps) - 1
        words = turn.words[before:cut]
        if revised_at and step == revised_at:
            words, turn.words = spelled[:cut], spelled
        # Now and then the end of the turn was none: the user goes on before the answer.
        reopened = not final and rng.random() < 0.015
        results, news = turn.results(step), protocol.update(words, final or reopened)
        before = cut
        glued = rng.random() < 0.4
        for each in results if glued else ():
            turn.news(each)
        turn.news(news)
        turn.pending.clear()
        actions = turn.changes(cut, final or reopened)
        if final:
            turn.write([*actions, Answer(_answer(turn))], step)
            break
        if reopened or rng.random() < 0.1:  # the next update interrupts this reaction
            turn.write(actions[: rng.randint(0, len(actions))], step)
            for each in () if glued else results:
                turn.news(each)
            continue
        turn.write([*actions, Pause()], step)
        for each in () if glued else results:
            turn.news(each)
            turn.write([Pause()], step)
    calls = tuple(call for request, call in turn.issued.items() if request not in turn.removed)
    ordered = tuple(sorted(calls, key=lambda call: call.id))
    return Stream(tuple(turn.segments), " ".join(spelled), ordered, utterance.kind)


def streams(seed: int, held_out: bool = False) -> Iterator[Stream]:
    """Streams without end; the same seed gives the same ones."""
    rng = random.Random(f"clock {seed}")
    for utterance in utterances(seed, held_out):
        yield stream(utterance, rng)


def ready(wanted: Wanted, known: Mapping[str, object], final: bool) -> bool:
    """Whether enough has been said to issue the call, given the arguments that count as known."""
    if not (wanted.live and wanted.clear):
        return False
    if not all(parameter in known for parameter in REQUIRED[wanted.tool]):
        return False
    return bool(REQUIRED[wanted.tool] or known or wanted.over or final or not ORDER[wanted.tool])


def _answer(turn: _Turn) -> str:
    ids = {**turn.issued, **turn.pending}
    return " ".join(f"${ids[request].id}" for request in turn.utterance.asked) or turn.utterance.reply


def cuts(count: int, rng: random.Random, at_once: float = 0.12) -> list[int]:
    """After how many words each update comes; the last is final. `at_once`: how often it is the only one."""
    if rng.random() < at_once:
        return [count]
    made: list[int] = []
    last = rng.choice((0, 0, 1, 1, 2, 2, 3))
    at = 0
    while at < count - last:
        at = min(count - last, at + (rng.randint(5, 8) if rng.random() < 0.05 else rng.choice(_SIZES)))
        made.append(at)
    return [*made, count]


def _spelled(utterance: Utterance, rng: random.Random) -> list[str]:
    words = list(utterance.words)
    if rng.random() < 0.4:
        return [word.lower() for word in words]
    words[0] = words[0][0].upper() + words[0][1:]
    if rng.random() < 0.1 and len(words) > 4:
        at = rng.randrange(1, len(words))
        words[at] = words[at][0].upper() + words[at][1:]
    return words


def _garbled(word: str, rng: random.Random) -> str:
    return Values(rng).invented().lower() if len(word) > 3 else "the"
