"""Every event of a session so far, and what the screen showed after any of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from agents.events import Event, Level, TurnStarted
from app.shown import ScreenState
from app.state import fold

_EVERY = 50  # events between two states that are kept, so that going back folds no more than these


class History:
    """Grows by `push`. Positions count events: 0 is before the first, `len` after the latest one."""

    def __init__(self, state: ScreenState, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._kept = [state]  # the state at position 0, _EVERY, 2 * _EVERY ...
        self._steps: list[int] = []  # positions after events that show: not how loud it was
        self._turns: list[int] = []  # positions at which a turn begins
        self.state = state
        for event in events:
            self.push(event)

    def __len__(self) -> int:
        return len(self._events)

    def push(self, event: Event) -> None:
        """Take one event in."""
        state = fold(self.state, event)
        self._events.append(event)
        self.state = state
        position = len(self._events)
        if position % _EVERY == 0:
            self._kept.append(state)
        if not isinstance(event, Level):
            self._steps.append(position)
        if isinstance(event, TurnStarted):
            self._turns.append(position)

    def at(self, position: int) -> ScreenState:
        """The state after the first `position` events."""
        kept = position // _EVERY
        state = self._kept[kept]
        for event in self._events[kept * _EVERY : position]:
            state = fold(state, event)
        return state

    def step(self, position: int, by: int, *, turns: bool = False) -> int:
        """The position `by` steps on from `position` (back where negative), or by whole turns; in bounds."""
        places = [0, *(self._turns if turns else self._steps)]
        if by < 0:
            index = bisect_right(places, position - 1) + by
            return places[max(0, index)]
        index = bisect_right(places, position) + by - 1
        return places[index] if index < len(places) else len(self)
