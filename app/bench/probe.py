"""Measures, inside a real session, how long the core takes from a cause to the call it starts."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, cast

from agents.actions import Action, Answer, Call, Pause
from agents.brain import Interaction
from agents.brains.scripted import ScriptedBrain
from agents.events import Committed, ConfirmAnswered, EndOfTurn, Event, Heard
from app.bench.workload import CONFIRM, READ, WRITE, DeclaredTurn, read_seconds, value
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.toolbox import Toolbox


class Cause(StrEnum):
    """What a started call followed upon. The clock stops when the tool's coroutine is entered.

    Each start counts once, under the latest of the things it needed; only `WORDS` counts a call twice,
    as it looks at the same starts from further away.
    """

    WORDS = "words"  # `Heard` was published; this is for the first call that the brain then issues
    ACTION = "action"  # the call left the brain
    RESULT = "result"  # the tool of an operand returned
    COMMIT = "commit"  # the answer left the brain and the user had finished; the journal entry is part of it
    REPLY = "reply"  # the user's yes was published; as with `COMMIT`
    EFFECT = "effect"  # the effect before it returned; its mark and the next intent are part of it


class Moment(NamedTuple):
    """A moment in nanoseconds: on the clock, and of CPU time that this thread had used."""

    clock: int
    cpu: int

    @staticmethod
    def now() -> Moment:
        """The present moment."""
        return Moment(time.perf_counter_ns(), time.thread_time_ns())

    def since(self, earlier: Moment) -> Moment:
        """The time that has passed."""
        return Moment(self.clock - earlier.clock, self.cpu - earlier.cpu)


_NEVER = Moment(0, 0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of `count` delays, in milliseconds; all 0 where there are none.

    `cpu_p99` is that of the CPU time in them: what is left where other processes want the cores too.
    """

    count: int
    p50: float
    p90: float
    p99: float
    worst: float
    cpu_p99: float

    @staticmethod
    def of(delays: Sequence[Moment]) -> Spread:
        """The spread of delays, by nearest rank."""
        clock = sorted(delay.clock for delay in delays)
        cpu = sorted(delay.cpu for delay in delays)

        def rank(ordered: Sequence[int], share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)] / 1e6 if ordered else 0.0

        p50, p90, p99, worst = (rank(clock, share) for share in (0.5, 0.9, 0.99, 1))
        return Spread(len(delays), p50, p90, p99, worst, rank(cpu, 0.99))


class Delays:
    """Delays by their cause."""

    def __init__(self) -> None:
        self.by_cause: dict[Cause, list[Moment]] = {cause: [] for cause in Cause}

    @property
    def starts(self) -> int:
        """How many started calls were measured."""
        return sum(len(delays) for cause, delays in self.by_cause.items() if cause is not Cause.WORDS)

    def spreads(self) -> dict[Cause, Spread]:
        """What they come to."""
        return {cause: Spread.of(delays) for cause, delays in self.by_cause.items()}


class Probe:
    """The brain and the tools of one session, which note when things happen in it."""

    name = "scripted"
    patience = 0.0  # every word and every result interrupts the brain: the most work there can be

    def __init__(self, turns: Sequence[DeclaredTurn], delays: Delays) -> None:
        """`turns` are what the brain does in turn 1 and on."""
        self._brain = ScriptedBrain(lambda turn: turns[turn - 1].steps, self.patience)
        self._delays = delays
        self._heard: Moment | None = None  # words the brain has not yet answered with a call
        self._after_words: dict[str, Moment] = {}  # by label of the call: when its words were heard
        self._issued: dict[str, Moment] = {}  # by label
        self._returned: dict[str, Moment] = {}  # by value
        self._settled = _NEVER  # the latest pause or answer
        self._ended = _NEVER  # when the user had certainly finished
        self._committed = _NEVER  # what committed the turn, the later of the two
        self._effect_over = _NEVER  # the latest effect
        self._replied = _NEVER  # the latest yes or no

    def toolbox(self) -> Toolbox:
        """A read, a write and a call to be asked for."""
        text = {"type": "string"}
        parameters = {"type": "object", "properties": {"x": text, "of": text}, "required": ["x"]}
        return Toolbox(
            [
                Tool(READ, "Look something up.", Effect.READ, parameters, self._look_up),
                Tool(WRITE, "Write something down.", Effect.WRITE, parameters, self._write, local=True),
                Tool(CONFIRM, "Send something off.", Effect.CONFIRM, parameters, self._write, local=True),
            ]
        )

    def listen(self, event: Event) -> None:
        """A listener of the session, which says when the user spoke or replied and what committed a turn."""
        if isinstance(event, Heard):
            self._heard = Moment.now()
        elif isinstance(event, EndOfTurn):
            self._ended = Moment.now()
        elif isinstance(event, Committed):
            # What the brain settled on a likely end waits for the certain one.
            self._committed = max(self._settled, self._ended)
        elif isinstance(event, ConfirmAnswered):
            self._replied = Moment.now()

    # ---- Brain ---------------------------------------------------------------------------------

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """What the scripted brain does."""
        stream = cast("AsyncGenerator[Action, None]", self._brain.react(interaction))
        async with contextlib.aclosing(stream) as actions:
            async for action in actions:
                now = Moment.now()
                if isinstance(action, Call):
                    label = str(action.arguments["x"])
                    self._issued[label] = now
                    if self._heard is not None:
                        self._after_words[label] = self._heard
                        self._heard = None
                elif isinstance(action, Pause | Answer):
                    self._settled = now
                yield action

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""

    # ---- tools ---------------------------------------------------------------------------------

    async def _look_up(self, context: ToolContext, arguments: Arguments) -> ToolResult:
        now = Moment.now()
        label, of = self._given(arguments)
        needed = {Cause.ACTION: self._issued[label]}
        if of is not None:
            needed[Cause.RESULT] = self._returned[of]
        cause = self._measure(now, needed)
        if cause is Cause.ACTION and label in self._after_words:
            self._delays.by_cause[Cause.WORDS].append(now.since(self._after_words[label]))
        await asyncio.sleep(read_seconds(label))
        found = value(label, of)
        self._returned[found] = Moment.now()
        return ToolResult(f"{label} is there.", value=found)

    async def _write(self, context: ToolContext, arguments: Arguments) -> ToolResult:
        now = Moment.now()
        label, of = self._given(arguments)
        needed = {
            Cause.ACTION: self._issued[label],
            Cause.COMMIT: self._committed,
            Cause.EFFECT: self._effect_over,
            Cause.REPLY: self._replied,
        }
        if of is not None:
            needed[Cause.RESULT] = self._returned[of]
        self._measure(now, needed)
        context.store.write(
            "INSERT INTO notes (name, content, created) VALUES (?, ?, ?)",
            label,
            of or "",
            context.now().isoformat(),
        )
        self._effect_over = Moment.now()
        return ToolResult(f"{label} is done.")

    def _given(self, arguments: Arguments) -> tuple[str, str | None]:
        of = arguments.get("of")
        return str(arguments["x"]), None if of is None else str(of)

    def _measure(self, now: Moment, needed: Mapping[Cause, Moment]) -> Cause:
        cause = max(needed, key=lambda cause: needed[cause])
        self._delays.by_cause[cause].append(now.since(needed[cause]))
        return cause
