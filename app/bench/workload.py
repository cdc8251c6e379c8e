"""Declared turns for benchmarks of the runtime alone: what the brain does, and what must stand after it."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agents.actions import Action, Answer, Call, Remove
from agents.brains.scripted import Step

READ, WRITE, CONFIRM = "look_up", "put_down", "send_off"

_WRITES = 0.25  # share of the calls that change something
_CHAINED = 0.4  # share of the calls that need the result of an earlier read
_PATCHED = 0.12  # chance, with each call, that an earlier one is issued again
_REMOVED = 0.04  # chance, with each call, that an earlier one is taken back
_LONGEST = 8  # milliseconds of a read


@dataclass(frozen=True, slots=True)
class DeclaredTurn:
    """One turn: the `words` the user says, the brain's `steps`, and the `effects` that are right.

    Effects are (tool, arguments) in the order in which they must happen.
    """

    words: str
    steps: tuple[Step, ...]
    effects: tuple[tuple[str, Mapping[str, str]], ...]


@dataclass(frozen=True, slots=True)
class _Issued:
    tool: str
    tag: str
    version: int = 1
    operand: int | None = None

    def call(self, id: int) -> Call:
        return Call(
            id, self.tool, {"x": self.label} | ({} if self.operand is None else {"of": f"${self.operand}"})
        )

    @property
    def label(self) -> str:
        return f"{self.tag} version {self.version}"


def value(label: str, of: str | None) -> str:
    """What a read labelled `label` gives back: it shows which result of its operand it was made from."""
    return label if of is None else f"{label} <{of}>"


def read_seconds(label: str) -> float:
    """How long the read labelled `label` takes: one to eight milliseconds, always the same."""
    return (1 + zlib.crc32(label.encode()) % _LONGEST) / 1000


def declare(name: str, calls: int, words: int, *, ask: bool = False) -> DeclaredTurn:
    """A turn of `calls` calls spread over `words` words, drawn from `name`, which makes it unlike any other.

    Reads, chains of `$n` and writes, patched and removed now and then; with `ask` the first call has to
    be asked for. The last call is a write, so every turn has an effect.
    """
    draw = random.Random(name)
    wanted: dict[int, _Issued] = {}
    by_word: dict[int, list[Action]] = {word: [] for word in range(1, words + 1)}
    for id in range(1, calls + 1):
        actions = by_word[1 + (id - 1) * words // calls]
        if wanted and draw.random() < _PATCHED:
            actions.append(_patch(wanted, draw.choice(list(wanted))))
        if wanted and draw.random() < _REMOVED:
            actions.append(_remove(wanted, draw.choice(list(wanted))))
        last = id == calls
        tool = CONFIRM if ask and id == 1 else WRITE if last or draw.random() < _WRITES else READ
        reads = [other for other, issued in wanted.items() if issued.tool == READ]
        chained = reads and not last and draw.random() < _CHAINED
        wanted[id] = _Issued(tool, f"{name} call {id}", operand=draw.choice(reads) if chained else None)
        actions.append(wanted[id].call(id))
    steps = [Step(word, actions) for word, actions in by_word.items()]
    steps.append(Step(None, [_patch(wanted, draw.choice(list(wanted))), Answer(f"${calls}")]))
    spoken = " ".join(f"word{word}" for word in range(1, words + 1))
    return DeclaredTurn(spoken, tuple(steps), _effects(wanted))


def _patch(wanted: dict[int, _Issued], id: int) -> Call:
    wanted[id] = replace(wanted[id], version=wanted[id].version + 1)
    return wanted[id].call(id)


def _remove(wanted: dict[int, _Issued], id: int) -> Remove:
    gone = {id}
    for other in sorted(wanted):  # an operand is always issued before what needs it
        if wanted[other].operand in gone:
            gone.add(other)
    for other in gone:
        del wanted[other]
    return Remove(id)


def _effects(wanted: Mapping[int, _Issued]) -> tuple[tuple[str, Mapping[str, str]], ...]:
    def given(id: int) -> dict[str, str]:
        issued = wanted[id]
        return {"x": issued.label} | ({} if issued.operand is None else {"of": result(issued.operand)})

    def result(id: int) -> str:
        arguments = given(id)
        return value(arguments["x"], arguments.get("of"))

    effects = [id for id in sorted(wanted) if wanted[id].tool != READ]
    effects.sort(key=lambda id: wanted[id].tool == CONFIRM)  # questions come last
    return tuple((wanted[id].tool, given(id)) for id in effects)
