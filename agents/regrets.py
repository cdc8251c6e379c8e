"""Effects that happened, or are happening, and are wanted no more: what is to be taken back, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agents.calls import LiveCall, Signal
from agents.events import CASCADE, CallState
from tools.tool import ToolResult


@dataclass(frozen=True, slots=True)
class Regret:
    """The version of a call that was carried out; `removed` where nothing replaces it."""

    call: LiveCall
    reason: str
    removed: bool = False
    undoing: bool = False

    @property
    def is_reset(self) -> bool:
        """Whether the same version of the call starts over."""
        return self.reason == CASCADE and not self.removed


class Regrets:
    """The regrets of a turn, at most one for each call ID.

    A guess that happened early is taken back at once. What was done on an earlier commit is taken back
    at the next one: that it was wrong is a guess itself until then.
    """

    def __init__(self) -> None:
        self._all: dict[int, Regret] = {}

    def __iter__(self) -> Iterator[Regret]:
        return iter(list(self._all.values()))

    def __bool__(self) -> bool:
        return bool(self._all)

    def get(self, id: int) -> Regret | None:
        """The regret for call `id`."""
        return self._all.get(id)

    def add(self, regret: Regret) -> None:
        """An effect is wanted no more."""
        self._all[regret.call.id] = regret

    def pop(self, id: int) -> Regret:
        """The regret for call `id`, which is settled now. Raises KeyError where there is none."""
        return self._all.pop(id)

    def finished(self, id: int, run: int, result: ToolResult, entry: int | None) -> LiveCall | None:
        """A run returned: the call as it stands, where it is one that nobody wants any more."""
        regret = self._running(id, run)
        if regret is None:
            return None
        done = replace(regret.call, result=result, entry=entry).after(Signal.FINISH)
        self._all[id] = replace(regret, call=done)
        return done

    def failed(self, id: int, run: int, message: str) -> LiveCall | None:
        """A run failed: the call as it stands, where it was one that nobody wanted any more."""
        regret = self._running(id, run)
        if regret is None:
            return None
        del self._all[id]
        return replace(regret.call, error=message).after(Signal.FAIL)

    def due(self, committed: bool) -> Regret | None:
        """The effect to take back now, newest first; None while one is being taken back, or happening."""
        if any(regret.undoing or regret.call.state is CallState.RUNNING for regret in self._all.values()):
            return None
        due = [regret for regret in self._all.values() if regret.call.early or committed]
        return max(due, key=lambda regret: regret.call.entry or 0, default=None)

    def begin(self, regret: Regret) -> None:
        """The effect is being taken back."""
        self._all[regret.call.id] = replace(regret, undoing=True)

    def is_active(self, committed: bool) -> bool:
        """Whether an effect is being taken back, or will be without anybody's doing more."""
        return any(regret.call.early or committed for regret in self._all.values())

    def forget_corrections(self) -> list[Regret]:
        """The turn ends without a commit: what an earlier commit has done stays done. Those forgotten."""
        forgotten = [
            regret
            for regret in self
            if not (regret.call.early or regret.undoing or regret.call.state is CallState.RUNNING)
        ]
        for regret in forgotten:
            del self._all[regret.call.id]
        return forgotten

    def _running(self, id: int, run: int) -> Regret | None:
        regret = self._all.get(id)
        running = regret is not None and (regret.call.run, regret.call.state) == (run, CallState.RUNNING)
        return regret if running else None
