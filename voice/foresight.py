"""What will probably be said, before the turn is committed."""

from __future__ import annotations

from agents import references
from agents.events import CallChanged, CallState, Drafted, Event, TurnStarted

_UNKNOWN = "\0"


class Foresight:
    """Follows a session and tells the beginning of the answer that is in the making."""

    def __init__(self) -> None:
        self._draft = ""
        self._results: dict[int, str] = {}  # by call

    def see(self, event: Event) -> str:
        """Take note of an event; the words that the answer begins with where that is new, else ""."""
        match event:
            case TurnStarted():
                self._draft, self._results = "", {}
            case Drafted(text=text):
                self._draft = text
                return self._beginning()
            case CallChanged(state=CallState.READY, call=call, text=text):
                self._results[call] = text
                return self._beginning() if self._draft else ""
            case CallChanged(call=call):
                self._results.pop(call, None)
            case _:
                pass
        return ""

    def _beginning(self) -> str:
        """The draft with its results, as far as they are known."""
        said = references.spoken(self._draft, lambda call: self._results.get(call, _UNKNOWN))
        return said.partition(_UNKNOWN)[0].strip()
