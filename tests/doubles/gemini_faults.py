"""Random conversations over the Gemini double in which the service fails in every phase.

Whatever breaks, the client breaks no rule of the service, every turn ends in words, no effect happens twice,
before its commit point, or without the model's having asked for it; the turn after the faults goes well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agents.actions import Action, Call, Remove
from agents.brains.scripted import Step
from agents.events import Answered, Committed, Effected, Event, Mode, Reopened, TurnEnded, TurnStarted
from agents.records import to_json
from tests.doubles.gemini import Fault, GeminiDouble
from tests.doubles.gemini_mind import Ask, History, Mind, Say, plan, together
from tests.doubles.gemini_models import KEY, on_words
from tests.doubles.gemini_play import Played, converse, saying
from tests.doubles.gemini_session import Pace, Phase
from tests.doubles.line import Network

READ, WRITE, PUT = Ask("read", {"x": "two"}), Ask("write", {"x": "three"}), Ask("put", {"x": "four"})
WRONG = Ask("put", {"x": "wrong"})
_KINDS: dict[Phase, Sequence[str | int]] = {
    Phase.CONNECT: ("abort", "http 429", "http 503"),
    Phase.SETUP: ("abort", 1011, 1008),
    Phase.GUESSING: ("abort", "http 429", "http 503", "garbage", "hang"),
}
_ANYWHERE: Sequence[str | int] = ("abort", 1011, 1008, 1012, "unknown", "garbage", "hang", "go away")
TURNS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation: what the service does and what is guessed, drawn from a seed."""

    seed: int
    faults: tuple[Fault, ...]
    asks: tuple[Ask, ...]
    guesses: tuple[Step, ...] | None  # None: the text model guesses
    spotted: dict[str, Sequence[Ask]]  # what the text model calls, by the word that makes it
    mind: Mind
    pace: Pace
    network: Network
    sound: bool
    own_voice: bool
    mode: Mode

    @property
    def told(self) -> str:
        """In a line."""
        faults = ", ".join(f"{fault.kind} while {fault.phase} ({fault.nth})" for fault in self.faults)
        return f"seed {self.seed}: {faults or 'nothing'}; {'sound' if self.sound else 'words'}, {self.mode}"


def draw(seed: int) -> Case:
    """The case of a seed."""
    rng = random.Random(seed)
    asks = tuple(rng.sample((READ, WRITE, PUT), rng.randint(0, 3)))
    think = rng.choice((plan, together))
    mind = (
        _with_filler(think(*asks, answer="Good day."))
        if rng.random() < 0.3
        else think(*asks, answer="Good day.")
    )
    faults = []
    for _ in range(rng.choice((1, 1, 2))):
        phase = rng.choice(list(Phase))
        faults.append(Fault(phase, rng.choice(_KINDS.get(phase, _ANYWHERE)), rng.randint(1, 3)))
    if rng.random() < 0.1:  # connecting goes wrong only when it has to be done again
        faults.append(Fault(Phase.THINKING, "abort"))
    return Case(
        seed,
        tuple(
            fault
            for fault in faults
            if (fault.phase, fault.nth) not in ((Phase.CONNECT, 1), (Phase.SETUP, 1))
        ),
        asks,
        tuple(_guesses(rng, asks)) if rng.random() < 0.5 else None,
        {word: [ask] for word, ask in zip(("two", "three", "four"), (*asks, WRONG)[:3], strict=False)},
        mind,
        Pace(rng.uniform(0.05, 0.8), rng.uniform(0, 0.08), rng.random() < 0.6),
        Network(rng.choice((0.0, 0.03, 0.08, 0.2)), rng.choice((0.0, 0.05))),
        rng.random() < 0.5,
        rng.random() < 0.2,
        Mode.SPECULATIVE if rng.random() < 0.8 else Mode.SEQUENTIAL,
    )


def _with_filler(mind: Mind) -> Mind:
    """The model chats while its functions run."""

    def think(history: History) -> Sequence[Ask | Say]:
        moves = mind(history)
        return [*moves, Say("One moment, please.")] if isinstance(moves[0], Ask) else moves

    return think


def _guesses(rng: random.Random, asks: tuple[Ask, ...]) -> list[Step]:
    """Some of what the model will ask for, some of it wrong at first or altogether, some withdrawn."""
    steps: list[Step] = []
    for id, ask in enumerate((*asks, PUT, WRITE)[: rng.randint(0, 4)], 1):
        actions: list[Action] = [Call(id, ask.name, ask.args if rng.random() < 0.6 else {"x": f"wrong {id}"})]
        if rng.random() < 0.2:
            actions.append(Remove(id))
        steps.append(Step(rng.randint(1, 4), actions))
    return sorted(steps, key=lambda step: step.words or 9)


def run(case: Case) -> list[str]:
    """Play a case; what was wrong with it."""
    double = GeminiDouble(
        case.mind,
        pace=case.pace,
        network=case.network,
        guess=on_words(case.spotted),
        think_of_guess=case.pace.think / 2,
        faults=list(case.faults),
        seed=case.seed,
    )
    said = ("one two three four", "five six seven", "eight nine")[:TURNS]
    script = saying(*said, sound=case.sound)
    played = converse(
        double, script, case.guesses, mode=case.mode, sound=case.sound, own_voice=case.own_voice
    )
    return list(_wrongs(case, double, played))


def _wrongs(case: Case, double: GeminiDouble, played: Played) -> Sequence[str]:
    wrongs = [f"the client broke a rule: {reason}" for reason in double.refused]
    events = played.events
    started = sum(isinstance(event, TurnStarted) for event in events)
    ended = [event for event in events if isinstance(event, TurnEnded)]
    answers = [event for event in events if isinstance(event, Answered)]
    if not started == len(ended) == TURNS:
        wrongs.append(f"{started} turns began, {len(ended)} ended")
    if {answer.turn for answer in answers} != set(range(1, TURNS + 1)):
        wrongs.append(f"a turn without words: {[answer.text for answer in answers]}")
    asked = {(ask.name, ask.args["x"]) for ask in case.asks}
    counted = Counter((name, arguments["x"]) for name, arguments in played.recorder.effects())
    for effect in counted:
        if effect not in asked:
            wrongs.append(f"{effect} happened, which the model never asked for")
    wrongs += _in_order(events)
    if any(KEY in str(to_json(event)) for event in events):
        wrongs.append("the key is told")
    struck = max((fault.nth for fault in case.faults), default=0)
    last = answers[-1].text if answers else ""
    if struck <= 1 and _sentences(last) != _sentences(_right(case)):
        wrongs.append(f"the turn after the faults: {last!r}, not {_right(case)!r}")
    return wrongs


def _in_order(events: Sequence[Event]) -> list[str]:
    """Effects after their commit point, and each at most once in its turn."""
    wrongs: list[str] = []
    committed: set[int] = set()
    done: Counter[tuple[int, str, str]] = Counter()
    for event in events:
        match event:
            case Committed(turn=turn):
                committed.add(turn)
            case Reopened(turn=turn):
                committed.discard(turn)
            case Effected(turn=turn, name=name, text=text):
                done[turn, name, text] += 1
                if turn not in committed:
                    wrongs.append(f"{name} before the commit point of turn {turn}")
            case _:
                pass
    return wrongs + [f"{effect} happened {times} times" for effect, times in done.items() if times > 1]


def _right(case: Case) -> str:
    return " ".join(f"{ask.name} of {ask.args['x']}." for ask in case.asks) or "Good day."


def _sentences(text: str) -> list[str]:
    """In no order: what is answered first may be told first."""
    return sorted(text.removesuffix(".").split(". "))
