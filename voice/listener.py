"""What the voice needs of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from agents.events import Event
from agents.speech import Speech


class Listener(Protocol):
    """A session, as the voice sees it. All methods return at once and run on the event loop's thread."""

    @property
    def hears(self) -> int | None:
        """The rate in Hz at which the user's voice is wanted; None: it is not."""
        ...

    def listen(self, audio: bytes) -> None:
        """Take what the microphone hears, 16-bit mono PCM at that rate."""
        ...

    def on_speech(self, voice: Callable[[int, Speech], None], /) -> Callable[[], None]:
        """Call `voice` with the turn and what a brain says in its own voice, until the returned is called."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether no turn is open."""
        ...

    def now(self) -> float:
        """Seconds on the session clock."""
        ...

    def speech_started(self) -> None:
        """Take note that the user began to speak: a turn opens, or goes on after a pause."""
        ...

    def hear(self, stable: str, unstable: str) -> None:
        """Take the current hypothesis: all words of the turn so far."""
        ...

    def speech_ended(self, at: float) -> None:
        """Take note that the user fell silent at `at`. In one turn the last one counts."""
        ...

    def guess_end(self) -> None:
        """Take note that the user has probably finished."""
        ...

    def end_turn(self, text: str) -> None:
        """Take the final words of the turn, "" when nothing was understood."""
        ...

    def audio_lost(self, seconds: float) -> None:
        """Take note that so much of what the user may have said was not heard."""
        ...

    def interrupt(self) -> None:
        """Take note that the user cut in on the assistant."""
        ...

    def speaking_started(self) -> None:
        """Take note that the first audio of an utterance left for the speaker."""
        ...

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        """Take note that the assistant fell silent, and which words were audible."""
        ...

    @property
    def is_ringing(self) -> bool:
        """Whether something is due that belongs to no turn, and none is open."""
        ...

    def take_alert(self) -> str:
        """What is due, in words, which are about to be said."""
        ...

    def alert_told(self, heard: str, interrupted: bool) -> None:
        """Take note that it was said, or cut short after the words `heard`."""
        ...

    def muted(self, on: bool) -> None:
        """Take note that the microphone was closed, or opened again."""
        ...

    def level(self, level: float) -> None:
        """Take note how loud the microphone is: RMS from 0 to 1."""
        ...

    def notice(self, text: str, error: bool = False) -> None:
        """Show one line to people."""
        ...

    def subscribe(self, callback: Callable[[Event], None], /) -> Callable[[], None]:
        """Call `callback` with every event until what is returned is called."""
        ...
