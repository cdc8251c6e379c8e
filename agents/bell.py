"""What is due without a turn: timers and reminders."""

from __future__ import annotations

import asyncio

from agents.events import AlertDue, AlertTold
from agents.port import Port
from tools.assistant.alerts import Alert, due_alerts, tell
from tools.tool import ToolContext, ToolError

_PERIOD = 1.0  # seconds between two looks


class Bell:
    """Publishes each timer or reminder whose time has come, and keeps it until it was told.

    It looks again and again rather than waiting for the next one: a computer that slept, a clock that was
    set and a timer that was taken back need nothing more. What was not told is due again the next time
    Headstart runs.
    """

    def __init__(self, context: ToolContext, port: Port) -> None:
        self._context = context
        self._port = port
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

    def told(self, heard: str, interrupted: bool) -> None:
        """What was taken has been said, or the user cut it short: `heard` was audible of it."""
        try:
            for alert in self._taken:
                tell(self._context.store, alert)
        except ToolError as error:
            self._port.notice(str(error), error=True)
        self._waiting = [alert for alert in self._waiting if alert not in self._taken]
        text = " ".join(alert.text for alert in self._taken)
        self._port.emit(AlertTold(self._port.now(), text, heard, interrupted))

    async def run(self) -> None:
        """Look until cancelled, or until the store cannot be read, which the user is told."""
        while True:
            try:
                found = {(alert.source, alert.id): alert for alert in due_alerts(self._context)}
            except ToolError as error:
                self._port.notice(f"Timers and reminders are not heard any more: {error}", error=True)
                return
            known = [alert for alert in self._waiting if found.pop((alert.source, alert.id), None)]
            self._waiting = [*known, *found.values()]
            for alert in found.values():
                self._port.emit(AlertDue(self._port.now(), alert.text))
            await asyncio.sleep(_PERIOD)
