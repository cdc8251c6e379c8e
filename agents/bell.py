"""What is due without a turn: timers and reminders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tools.assistant.alerts import Alert, due_alerts, tell
from tools.tool import ToolContext, ToolError

_PERIOD = 1.0  # seconds between two looks


class Bell:
    """Calls `due` with the words for each timer or reminder whose time has come, and keeps it until told.

    It looks again and again rather than waiting for the next one: a computer that slept, a clock that was
    set and a timer that was taken back need nothing more. What was not told is due again the next time
    Headstart runs.
    """

    def __init__(
        self, context: ToolContext, due: Callable[[str], None], broken: Callable[[str], None]
    ) -> None:
        self._context = context
        self._due = due
        self._broken = broken
        self._waiting: list[Alert] = []
        self._taken: list[Alert] = []

    @property
    def is_ringing(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._waiting)

    def take(self) -> str:
        """What is to be told now, in words."""
        self._taken = list(self._waiting)
        return " ".join(alert.text for alert in self._taken)

    def told(self) -> str:
        """The user knows what was taken; the words."""
        try:
            for alert in self._taken:
                tell(self._context.store, alert)
        except ToolError as error:
            self._broken(str(error))
        self._waiting = [alert for alert in self._waiting if alert not in self._taken]
        return " ".join(alert.text for alert in self._taken)

    async def run(self) -> None:
        """Look until cancelled, or until the store cannot be read, which `broken` is told."""
        while True:
            try:
                found = {(alert.source, alert.id): alert for alert in due_alerts(self._context)}
            except ToolError as error:
                self._broken(f"Timers and reminders are not heard any more: {error}")
                return
            known = [alert for alert in self._waiting if found.pop((alert.source, alert.id), None)]
            self._waiting = [*known, *found.values()]
            for alert in found.values():
                self._due(alert.text)
            await asyncio.sleep(_PERIOD)
