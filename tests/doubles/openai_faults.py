"""Random conversations over the OpenAI double in which the service fails in every phase.

Whatever breaks, the client breaks no rule of the service, every turn ends in words, no effect happens twice
or before its commit point, none that the user did not ask for; the turn after the faults goes well.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.events import Answered, CallChanged, CallState, Mode, TurnEnded, TurnStarted
from agents.executor import World
from agents.records import to_json
from agents.session import Session
from tests.agents.worlds import build
from tests.doubles import openai_chat
from tests.doubles.gemini_faults import _in_order
from tests.doubles.gemini_play import say
from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_mind import Call, Context, Mind, Say
from tests.doubles.openai_play import MIND, Played, converse
from tests.doubles.openai_realtime import KEY, Fault, OpenAIDouble
from tools.toolbox import Toolbox

SENTENCES = (
    "please read one and then write two for me",
    "put three no four and read five please",
    "write six",
    "read seven no eight and write nine",
    "hello how are you today",
)
LAST = "read ten and put eleven"

_KINDS: dict[Phase, Sequence[str | int]] = {
    Phase.CONNECT: ("abort", 429, 503, 401),
    Phase.UPDATE: ("abort", 1011, "error"),
    Phase.ITEM: ("abort", 1001, "malformed", "expired"),
}
_ANYWHERE: Sequence[str | int] = (
    "abort",
    1001,
    1011,
    "expired",
    "error",
    "malformed",
    "unknown",
    "hang",
    "rate_limit_exceeded",
    "server_error",
)
_AT_THE_START = (Phase.CONNECT, Phase.UPDATE)  # the first of these is that of starting the program


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation: what is said, and what the service does, drawn from a seed."""

    seed: int
    said: tuple[str, ...]
    faults: tuple[Fault, ...]
    drops: str | int | None  # how the line breaks while a tool runs, between release and result
    mind: Mind
    pace: Pace
    network: Network
    sound: bool
    own_voice: bool
    mode: Mode
    guesser: tuple[openai_chat.Fault, ...] | None = None  # what goes wrong where a chat endpoint guesses

    @property
    def told(self) -> str:
        """In a line."""
        faults = [f"{fault.kind} at {fault.phase} ({fault.nth})" for fault in self.faults]
        faults += [f"{self.drops} while a tool runs"] if self.drops is not None else []
        faults += [f"{fault.kind} at {fault.phase} ({fault.nth}) elsewhere" for fault in self.guesser or ()]
        how = "sound" if self.sound else "words"
        return f"seed {self.seed}: {', '.join(faults) or 'nothing'}; {how}, {self.mode}"


def draw(seed: int) -> Case:
    """The case of a seed."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        phase = rng.choice(list(Phase))
        nth = rng.randint(2, 3) if phase in _AT_THE_START else rng.randint(1, 4)
        faults.append(Fault(phase, rng.choice(_KINDS.get(phase, _ANYWHERE)), nth))
    if any(fault.phase in _AT_THE_START for fault in faults):
        # It connects again only when it has to.
        faults.append(Fault(Phase.GUESS, "abort"))
    return Case(
        seed,
        (*rng.sample(SENTENCES, 2), LAST),
        tuple(faults),
        rng.choice(("abort", 1001, 1011, None, None, None)),
        rng.choice((MIND, MIND, _hasty, _forgetful)),
        Pace(rng.uniform(0.05, 1.2), rng.uniform(0, 0.15), rng.choice((1.5, 5.0)), rng.randint(0, 4)),
        Network(rng.choice((0.0, 0.03, 0.08, 0.2)), rng.choice((0.0, 0.05))),
        rng.random() < 0.3,
        rng.random() < 0.3,
        Mode.SPECULATIVE if rng.random() < 0.8 else Mode.SEQUENTIAL,
        _elsewhere(rng) if rng.random() < 0.3 else None,
    )


def _elsewhere(rng: random.Random) -> tuple[openai_chat.Fault, ...]:
    """What goes wrong at a chat endpoint that guesses."""
    kinds = ("abort", "end", "error", "garbage", "length", "hang")
    phases = list(openai_chat.Phase)
    first = [openai_chat.Fault(openai_chat.Phase.ASKED, rng.choice((401, 429, 503)), rng.randint(1, 9))]
    more = [openai_chat.Fault(rng.choice(phases), rng.choice(kinds), rng.randint(1, 6)) for _ in range(2)]
    return tuple(first + more)


def _hasty(context: Context) -> Sequence[Call | Say]:
    """Guesses wrongly first: whatever is to be put is put somewhere else until the sentence is over."""
    moves = MIND(context)
    if not context.is_guess or context.words.startswith("<final"):
        return moves
    return [
        Call("put", {"x": "wrong"}) if isinstance(move, Call) and move.name == "put" else move
        for move in moves
    ]


def _forgetful(context: Context) -> Sequence[Call | Say]:
    """Leaves everything to the answer."""
    return [Say("ok")] if context.is_guess else MIND(context)


def run(case: Case) -> list[str]:
    """Play a case; what was wrong with it."""
    said: list[str] = []
    double = OpenAIDouble(
        case.mind,
        pace=case.pace,
        network=case.network,
        faults=case.faults,
        seed=case.seed,
        transcribe=lambda pcm: said[-1],
    )

    async def script(session: Session) -> None:
        for text in case.said:
            said.append(text)
            await say(session, text, sound=case.sound)
            while not session.is_idle:
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)

    def world(played: Played) -> tuple[Toolbox, World]:
        toolbox, where = build(played.recorder)
        return toolbox, World(where.journal, where.context, dropping)

    dropped = False

    def dropping(name: str, arguments: object) -> float:
        nonlocal dropped
        if case.drops is not None and not dropped and name != "read":
            dropped = True
            double.drop(case.drops)
        return 0.2

    guesser = None
    if case.guesser is not None:
        guesser = openai_chat.ChatDouble(
            case.mind, case.pace, case.network, case.guesser, whole=case.seed % 2 == 0, seed=case.seed
        )
    played = converse(
        double,
        script,
        mode=case.mode,
        sound=case.sound,
        own_voice=case.own_voice,
        guesser=guesser,
        world=world,
    )
    wrongs = list(_wrongs(case, double, played))
    return wrongs + [f"the guesser was asked wrongly: {why}" for why in (guesser.refused if guesser else ())]


def _wrongs(case: Case, double: OpenAIDouble, played: Played) -> Iterator[str]:
    events = played.events
    for reason in double.refused:
        if not reason.startswith("response_cancel_not_active"):  # a cancel may cross the end on its way
            yield f"the client broke a rule: {reason}"
    yield from (f"the double failed: {failure!r}" for failure in double.failures)
    started = sum(isinstance(event, TurnStarted) for event in events)
    ended = sum(isinstance(event, TurnEnded) for event in events)
    answers = {event.turn: event.text for event in events if isinstance(event, Answered)}
    if not started == ended == len(case.said):
        yield f"{started} turns began, {ended} ended"
    if set(answers) != set(range(1, len(case.said) + 1)) or not all(answers.values()):
        yield f"a turn without words: {answers}"
    asked = {("write", "two"), ("put", "four"), ("write", "six"), ("write", "nine"), ("put", "eleven")}
    counted = Counter((name, arguments["x"]) for name, arguments in played.recorder.effects())
    for effect, times in counted.items():
        if effect not in asked:
            yield f"{effect} happened, which nobody asked for"
        if times > 1:
            yield f"{effect} happened {times} times"
    yield from _in_order(events)
    pending = {CallState.RUNNING, CallState.HELD, CallState.WAITING, CallState.ASKING}
    last = {(e.turn, e.call, e.version): e.state for e in events if isinstance(e, CallChanged)}
    yield from (f"call {call} was left {state}" for call, state in last.items() if state in pending)
    if any(KEY in str(to_json(event)) for event in events):
        yield "the key is told"
    if all(fault.nth == 1 for fault in case.faults) and case.drops is None:
        done = played.recorder.standing()
        if ("put", {"x": "eleven"}) not in done or "put of eleven." not in answers.get(len(case.said), ""):
            yield f"the turn after the faults: {answers.get(len(case.said))!r}"
