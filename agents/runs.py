"""What runs now in a turn, which calls share a run, and the results that can be had again."""

from __future__ import annotations

from dataclasses import dataclass

from agents.calls import LiveCall
from tools.tool import ToolResult

Mark = tuple[int, int]  # a call's ID and its run


@dataclass(slots=True)
class _Run:
    call: LiveCall  # the one it was started for
    key: str  # the canonical call
    sharers: set[Mark]
    is_fresh: bool = True  # no effect happened since it started


class Runs:
    """Runs of a turn by the call they were started for. Reads that mean the same share one."""

    def __init__(self) -> None:
        self._running: dict[Mark, _Run] = {}
        self._results: dict[str, ToolResult] = {}
        self._guesses: dict[str, int] = {}  # by tool: runs started before the turn was committed

    def started(self, call: LiveCall, key: str, *, guess: bool) -> None:
        """Take note of a run; `guess` where the turn is not committed yet."""
        mark = (call.id, call.run)
        self._running[mark] = _Run(call, key, {mark})
        if guess:
            self._guesses[call.tool.name] = self._guesses.get(call.tool.name, 0) + 1

    def shared(self, key: str) -> LiveCall | None:
        """The read that runs under `key`, whose result will do for others."""
        for run in self._running.values():
            if run.key == key and run.is_fresh and not run.call.is_effect:
                return run.call
        return None

    def join(self, owner: LiveCall, call: LiveCall) -> None:
        """Let `call` have the outcome of the run started for `owner` too."""
        self._running[owner.id, owner.run].sharers.add((call.id, call.run))

    def leave(self, call: LiveCall) -> LiveCall | None:
        """`call` wants its outcome no more. The call whose run nobody wants any more, if that is so."""
        mark = (call.id, call.run)
        for started, run in self._running.items():
            if mark in run.sharers:
                run.sharers.remove(mark)
                if run.sharers:
                    return None
                del self._running[started]
                return run.call
        return None

    def over(self, id: int, run: int, result: ToolResult | None) -> set[Mark] | None:
        """The calls that get the outcome of a run; None where it was given up before. None is a failure."""
        found = self._running.pop((id, run), None)
        if found is None:
            return None
        if result is not None and found.is_fresh and not found.call.is_effect:
            self._results[found.key] = result
        return found.sharers

    def result(self, key: str) -> ToolResult | None:
        """The result an equal read has had, if nothing has changed since."""
        return self._results.get(key)

    def world_changed(self) -> None:
        """An effect happened: what was read before it need not be true any more."""
        self._results.clear()
        for run in self._running.values():
            run.is_fresh = False

    @property
    def has_effect(self) -> bool:
        """Whether an effect is happening, wanted or not."""
        return any(run.call.is_effect for run in self._running.values())

    def parallel(self, tool: str | None = None) -> int:
        """Reads that run now: all of them, or those of one tool."""
        return sum(
            not run.call.is_effect and tool in (None, run.call.tool.name) for run in self._running.values()
        )

    def guesses(self, tool: str | None = None) -> int:
        """Runs started before the commit point: all of them, or those of one tool."""
        return sum(self._guesses.values()) if tool is None else self._guesses.get(tool, 0)
