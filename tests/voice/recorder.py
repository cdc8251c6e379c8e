"""A session that writes down what it is told and answers with what it was given to say."""

import time
from collections.abc import Callable

from agents.events import Answered, ConfirmAsked, Event, TurnEnded, TurnStarted
from agents.speech import Speech


class Recorder:
    """A `voice.bridge.Listener`. `answer` maps the words of a turn to what is said, "" for nothing."""

    def __init__(self, answer: Callable[[str], str] = lambda _: "") -> None:
        self.calls: list[tuple[object, ...]] = []
        self._answer = answer
        self._begun = time.monotonic()
        self._callbacks: list[Callable[[Event], None]] = []
        self._voices: list[Callable[[int, Speech], None]] = []
        self.hearing: int | None = None
        self.due: list[str] = []
        self._turn = 0
        self.is_idle = True

    @property
    def listeners(self) -> int:
        """Of events and of speech, those that have not left."""
        return len(self._callbacks) + len(self._voices)

    def names(self) -> list[object]:
        return [
            call[0]
            for call in self.calls
            if call[0] not in ("guess_end", "hear", "level", "listen", "notice")
        ]

    def of(self, name: str) -> list[tuple[object, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def publish(self, event: Event) -> None:
        for callback in self._callbacks:
            callback(event)

    def ask(self, question: str) -> None:
        self.publish(ConfirmAsked(self._turn, self.now(), 1, question))

    def now(self) -> float:
        return time.monotonic() - self._begun

    def speech_started(self) -> None:
        self.calls.append(("speech_started",))
        if self.is_idle:
            self._turn += 1
            self.is_idle = False
            self.publish(TurnStarted(self._turn, self.now()))

    def hear(self, stable: str, unstable: str) -> None:
        self.calls.append(("hear", stable, unstable))

    def speech_ended(self, at: float) -> None:
        self.calls.append(("speech_ended", at))

    def guess_end(self) -> None:
        self.calls.append(("guess_end",))

    def end_turn(self, text: str) -> None:
        self.calls.append(("end_turn", text))
        answer = self._answer(text)
        if answer:
            self.publish(Answered(self._turn, self.now(), answer))
        else:
            self._end()

    def audio_lost(self, seconds: float) -> None:
        self.calls.append(("audio_lost", seconds))

    def interrupt(self) -> None:
        self.calls.append(("interrupt",))

    def speaking_started(self) -> None:
        self.calls.append(("speaking_started",))

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        self.calls.append(("speaking_ended", heard, interrupted))
        self._end()

    @property
    def is_ringing(self) -> bool:
        return bool(self.due) and self.is_idle

    def take_alert(self) -> str:
        return " ".join(self.due)

    def alert_told(self, heard: str, interrupted: bool) -> None:
        self.calls.append(("alert_told", heard, interrupted))
        self.due.clear()

    def muted(self, on: bool) -> None:
        self.calls.append(("muted", on))

    def level(self, level: float) -> None:
        self.calls.append(("level", level))

    def notice(self, text: str, error: bool = False) -> None:
        self.calls.append(("notice", text, error))

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    @property
    def hears(self) -> int | None:
        return self.hearing

    def listen(self, audio: bytes) -> None:
        self.calls.append(("listen", audio))

    def on_speech(self, voice: Callable[[int, Speech], None]) -> Callable[[], None]:
        self._voices.append(voice)
        return lambda: self._voices.remove(voice)

    def say(self, speech: Speech) -> None:
        for voice in self._voices:
            voice(self._turn, speech)

    def _end(self) -> None:
        self.is_idle = True
        self.publish(TurnEnded(self._turn, self.now(), 0.0, None, 0.0, 0, 0, 0))
