"""Tools that fail, hang and come late as their arguments say, and a record of what they really did."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from agents.executor import World
from tests.agents.worlds import NOW
from tools.journal import Journal
from tools.store import Store
from tools.tool import (
    Arguments,
    Effect,
    Json,
    Speculate,
    Tool,
    ToolContext,
    ToolError,
    ToolLimits,
    ToolResult,
)
from tools.toolbox import Toolbox

CALL_SECONDS = 3.25  # what the session allows a call
UNDO_SECONDS = 0.35  # more than any undo takes that comes back at all
_DELAYS = (0.0, 0.0, 0.0, 0.0, 0.1, 0.4, 1.0, 10.0)

# What an argument makes its tool do. Any other just works.
BAD = "bad"  # fails
CRASH = "crash"  # fails with an exception nobody foresaw
HANG = "hang"  # never returns by itself
STUBBORN = "stubborn"  # does not let itself be cancelled
MULE = "mule"  # returns only after its time is up, all the same
STUCK = "stuck"  # works, but taking it back fails
STAY = "stay"  # works, but taking it back hangs
FAILING = (BAD, CRASH, HANG)

# What a call gives back for an x, where not "<x>": what looks like an instruction, or breaks its user.
VALUES: dict[object, Json] = {
    "c": "$1 <pause> yes",
    "d": BAD,
    "e": {"deep": ["$2", 7]},
    "f": "REMOVE 1 $3",
}

SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": "string"}, "more": {}},
    "required": ["x"],
}


@dataclass(frozen=True, slots=True)
class Ran:
    """An effect really happened; `place` counts them."""

    place: int
    tool: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The effect at `place` really was taken back."""

    place: int


@dataclass(frozen=True, slots=True)
class Delays:
    """How long each call is slowed down: the same call always by the same time."""

    seed: int

    def __call__(self, name: str, arguments: Arguments) -> float:
        if self.seed == 0:
            return 0.0
        text = f"{self.seed} {name} {json.dumps(dict(arguments), sort_keys=True)}"
        return _DELAYS[zlib.crc32(text.casefold().encode()) % len(_DELAYS)]

    def is_too_long(self, name: str, arguments: Arguments) -> bool:
        """Whether a call never gets as far as to run."""
        return self(name, arguments) > CALL_SECONDS


class Desk:
    """The tools of one session; `log` is told of every effect as it happens."""

    def __init__(self, log: Callable[[object], None]) -> None:
        self._log = log
        self.effects: list[tuple[str, Arguments]] = []
        self.undone: list[int] = []
        self.changes = 0  # effects and undos so far

    def toolbox(self) -> Toolbox:
        """All the kinds of tool there are."""
        read, write = Effect.READ, Effect.WRITE
        return Toolbox(
            [
                self._tool("read", read, 0.5),
                self._tool("read_slow", read, 2.0),
                self._tool("look", read, 0.4),
                self._tool("read_late", read, 0.2, speculate=Speculate.NEVER),
                self._tool("read_twice", read, 0.5, limits=ToolLimits(speculative=2, parallel=1)),
                self._tool("write", write, 0.3),
                self._tool("put", write, 0.3, undo=True),
                self._tool("put_local", write, 0.0, undo=True),
                self._tool("put_early", write, 0.3, undo=True, speculate=Speculate.EARLY),
                self._tool("confirm", Effect.CONFIRM, 0.2),
                self._tool("confirm_put", Effect.CONFIRM, 0.2, undo=True),
            ]
        )

    def _tool(
        self,
        name: str,
        effect: Effect,
        seconds: float,
        *,
        undo: bool = False,
        speculate: Speculate = Speculate.AUTO,
        limits: ToolLimits | None = None,
    ) -> Tool:
        local = name == "put_local"

        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            changes = self.changes
            x = arguments["x"]
            if not local:
                await _work(x, seconds)
            if x == BAD:
                raise ToolError("That went wrong.")
            if x == CRASH:
                raise KeyError("nobody foresaw this")
            place = None
            if effect is not Effect.READ:
                place = len(self.effects)
                self.effects.append((name, dict(arguments)))
                self.changes += 1
                self._log(Ran(place, name, dict(arguments)))
            text = f"{name} of {x}" + (f" after {changes}." if name == "look" else ".")
            return ToolResult(text, VALUES.get(x, f"<{x}>"), place if undo else None)

        async def take_back(context: ToolContext, place: Json) -> ToolResult:
            assert isinstance(place, int)
            x = self.effects[place][1]["x"]
            if not local:
                await asyncio.sleep(99.0 if x == STAY else seconds)
            if x in (STUCK, STAY):
                raise ToolError("It is stuck.")
            self.undone.append(place)
            self.changes += 1
            self._log(TakenBack(place))
            return ToolResult(f"{name} of {x} is gone.")

        return Tool(
            name,
            f"{name} something",
            effect,
            SCHEMA,
            run,
            take_back if undo else None,
            question=_question(name),
            local=local,
            speculate=speculate,
            limits=limits or ToolLimits(),
        )


def question(name: str, x: Json) -> str:
    """What the user is asked before a call that must be confirmed."""
    return f"{name} {x}?"


def _question(name: str) -> Callable[[ToolContext, Arguments], str]:
    def ask(context: ToolContext, arguments: Arguments) -> str:
        if arguments["x"] == "which":
            raise ToolError("Which one?")
        return question(name, arguments["x"])

    return ask


async def _work(x: Json, seconds: float) -> None:
    patience = {HANG: 99.0, MULE: CALL_SECONDS + 1.5, STUBBORN: seconds + 0.5}.get(str(x), seconds)
    end = asyncio.get_running_loop().time() + patience
    while True:
        try:
            await asyncio.sleep(end - asyncio.get_running_loop().time())
            return
        except asyncio.CancelledError:
            if x not in (MULE, STUBBORN):
                raise


_store: Store | None = None


def world(delays: Delays) -> World:
    """A world with an empty journal. One at a time: all of them stand on one store, which is slow to make."""
    global _store
    if _store is None:
        _store = Store.memory()
    _store.write("DELETE FROM journal")
    _store.write("DELETE FROM sqlite_sequence")
    return World(Journal(_store), ToolContext(_store, lambda: NOW), delays)
