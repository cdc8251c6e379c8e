"""What a set of calls comes to: an evaluator of its own, on nothing but the arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.agents.fuzz.world import BAD, CRASH, HANG, VALUES, Delays
from tools.tool import Arguments, Effect, Json, ToolError
from tools.toolbox import Toolbox

_NUMBER = re.compile(r"\$(\d+)\b")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that the brain wants as it issued it last. `refused`: the user did not say yes to it.

    `literal`: numbers in its text that named no call when it was carried out, and stay what they are.
    """

    turn: int
    id: int
    version: int
    tool: str
    arguments: Arguments
    refused: bool = False
    literal: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Done:
    """What a call comes to: the arguments it runs with, and its value."""

    tool: str
    arguments: Arguments
    value: Json


class Plan:
    """The calls of a turn by ID, each as it stands."""

    def __init__(self, calls: Mapping[int, Wanted], toolbox: Toolbox, delays: Delays) -> None:
        self.calls = calls
        self._toolbox = toolbox
        self._delays = delays

    def is_effect(self, id: int) -> bool:
        """Whether the call changes the world."""
        return self._toolbox.get(self.calls[id].tool).effect is not Effect.READ

    def needs(self, id: int) -> set[int]:
        """The IDs whose results the call needs, directly."""
        return {
            number
            for text in _strings(self.calls[id].arguments.values())
            for number in map(int, _NUMBER.findall(text))
            if text == f"${number}" or (number in self.calls and number not in self.calls[id].literal)
        }

    def needs_in_all(self, id: int) -> set[int]:
        """The IDs whose results the call needs, directly or not."""
        found: set[int] = set()
        todo = [id]
        while todo:
            at = todo.pop()
            new = self.needs(at) - found if at in self.calls else set[int]()
            found |= new
            todo += new
        return found

    def dependants(self, id: int) -> set[int]:
        """The IDs that need the result of call `id`, directly or not."""
        return {other for other in self.calls if other != id and id in self.needs_in_all(other)}

    def come_to(self, id: int) -> Done | None:
        """What the call comes to; None where it fails."""
        call = self.calls.get(id)
        if call is None or call.refused or id in self.needs_in_all(id):
            return None
        results = {need: self.come_to(need) for need in self.needs(id)}
        values = {need: done.value for need, done in results.items() if done is not None}
        if len(values) < len(results):
            return None
        try:
            arguments = self._toolbox.check(
                call.tool, {k: _fill(v, values) for k, v in call.arguments.items()}
            )
        except ToolError:
            return None
        x = arguments["x"]
        assert isinstance(x, str)
        local = self._toolbox.get(call.tool).local
        if x in (BAD, CRASH) or (x == HANG and not local) or self._delays.is_too_long(call.tool, arguments):
            return None
        if x == "which" and call.tool.startswith("confirm"):
            return None
        return Done(call.tool, arguments, VALUES.get(x, f"<{x}>"))

    def effects(self) -> list[Done]:
        """The effects that must stand in the end, by ID."""
        done = [self.come_to(id) for id in sorted(self.calls) if self.is_effect(id)]
        return [effect for effect in done if effect is not None]


def _strings(values: Iterable[Json]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _strings(value)
        elif isinstance(value, dict):
            yield from _strings(value.values())


def _fill(value: Json, values: Mapping[int, Json]) -> Json:
    if isinstance(value, str):
        whole = _NUMBER.fullmatch(value)
        if whole:
            return values[int(whole[1])]
        return _NUMBER.sub(lambda found: str(values.get(int(found[1]), found[0])), value)
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    return value
