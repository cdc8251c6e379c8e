"""A record again: played on the screen or told as a story, or checked."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import fields
from pathlib import Path

from agents.events import Event
from agents.records import from_json, to_json
from app.record import read_record
from app.shown import ScreenState
from app.state import fold


class Playback:
    """Plays events at `speed` times their pace. `now` is the session clock of the played session.

    It begins at `start` seconds on that clock; what was told until then is shown at once.
    `clock` (seconds, monotonic) and `sleep` are those of the event loop's world, open to be replaced.
    """

    def __init__(
        self,
        events: list[Event],
        speed: float = 1.0,
        *,
        start: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not speed > 0:
            raise ValueError("the speed must be above 0; 1 is as it was, 2 twice as fast")
        self._events = events
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._began: float | None = None
        self._end = max((event.at for event in events), default=0.0)
        self._start = min(start, self._end)

    def now(self) -> float:
        """Seconds on the session clock; stands still before the start and at the end."""
        if self._began is None:
            return self._start
        return min(self._end, self._start + (self._clock() - self._began) * self._speed)

    async def run(self, show: Callable[[Event], None]) -> None:
        """Show each event when its time has come.

        Events keep the order of the record: one that tells of an earlier time comes when it was told.
        """
        self._began = self._clock()
        for event in self._events:
            wait = (event.at - self.now()) / self._speed
            if wait > 0:
                await self._sleep(wait)
            show(event)


async def replay(path: Path, speed: float, show: Callable[[Event], None], *, start: float = 0.0) -> None:
    """Give the events of a record to `show` at `speed` times their pace, those until `start` at once.

    Raises RecordError for a record that cannot be read, before anything is shown, and ValueError for a
    speed that is not above 0.
    """
    await Playback(list(read_record(path)), speed, start=start).run(show)


async def replay_on_screen(path: Path, speed: float, *, start: float = 0.0, theme: str | None = None) -> int:
    """Play a record on the screen, which stays until the user quits or SIGTERM; its exit code.

    Raises as `replay`, and RecordError for an unknown theme.
    """
    from app.export import themed  # a story needs nothing of what the screen is made of
    from app.screen import HeadstartScreen

    playback = Playback(list(read_record(path)), speed, start=start)
    screen = themed(HeadstartScreen(playback.now), theme)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, screen.exit)  # gives the terminal back
    player = asyncio.create_task(playback.run(screen.push))
    try:
        await screen.run_async()
    finally:
        player.cancel()
    await asyncio.gather(player, return_exceptions=True)
    return screen.return_code or 0


def check(path: Path) -> list[str]:
    """Where the states of a record differ from those of its events written and read again.

    One line for each field that differs, at the first event where any does; empty where the record
    replays to the identical sequence of states. Raises RecordError for a record that cannot be read.
    """
    live = again = ScreenState()
    for number, event in enumerate(read_record(path), start=2):
        copy = from_json(to_json(event))
        live, again = fold(live, event), fold(again, copy)
        if live != again:
            return [f"line {number}, {type(event).__name__}: {what}" for what in _differences(live, again)]
    return []


def _differences(live: ScreenState, again: ScreenState) -> list[str]:
    names = [field.name for field in fields(ScreenState)]
    return [
        f"{name} was {getattr(live, name)!r}, is {getattr(again, name)!r}"
        for name in names
        if getattr(live, name) != getattr(again, name)
    ]
