"""The only place where Pipecat frames and session events meet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from agents.events import Answered, ConfirmAsked, Event
from voice.frames import (
    HypothesisFrame,
    TurnEndedFrame,
    TurnForgottenFrame,
    TurnLikelyEndedFrame,
    WordHeardFrame,
)
from voice.hand import VoiceHand


class Listener(Protocol):
    """What the voice needs of a session. All methods return at once and run on the event loop's thread."""

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

    def interrupt(self) -> None:
        """Take note that the user cut in on the assistant."""
        ...

    def speaking_started(self) -> None:
        """Take note that the first audio of an utterance left for the speaker."""
        ...

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        """Take note that the assistant fell silent, and which words were audible."""
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

    def subscribe(self, callback: Callable[[Event], None], /) -> None:
        """Call `callback` with every event from now on."""
        ...


@dataclass(eq=False, slots=True)
class _Utterance:
    text: str
    heard: list[str] = field(default_factory=list)
    started: bool = False


class Bridge(FrameProcessor):
    """Tells the session what the ears report, and gives its answers and questions to the voice.

    An utterance that cannot be spoken because the user has the floor, or that the user cuts short,
    leads to one `interrupt` and one `speaking_ended` with the words that were audible until then. What
    a key silences leads to that `speaking_ended` alone.
    """

    def __init__(self, session: Listener, hand: VoiceHand | None = None) -> None:
        super().__init__()
        self._session = session
        self._hand = hand
        self._utterances: deque[_Utterance] = deque()
        self._in_turn = False
        self._user_speaks = False
        session.subscribe(self._on_event)

    @property
    def idle(self) -> bool:
        """Whether no turn is open and nothing is left to say."""
        return not self._in_turn and self._session.is_idle and not self._utterances

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        return bool(self._utterances)

    def hush(self) -> None:
        """Say no more of what is being said, nor of what was to follow."""
        if self._utterances:
            self.create_task(self._hush())

    def forget_turn(self) -> None:
        """Whatever the user says until they fall silent is nobody's."""
        if self._in_turn:
            self._in_turn = self._user_speaks = False
            self.create_task(self.push_frame(TurnForgottenFrame(), FrameDirection.UPSTREAM))

    def break_off(self) -> None:
        """The pipeline is about to go: nothing more of this turn will be heard, nothing more said."""
        if self._in_turn:
            self._in_turn = False
            self._session.speech_ended(self._session.now())
            self._session.end_turn("")
        if self._utterances:
            self._session.speaking_ended(self._drop_utterances(), True)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Translate; pass everything on."""
        await super().process_frame(frame, direction)
        match frame:
            case VADUserStartedSpeakingFrame():
                self._user_speaks = True
                await self._yield_floor()
                self._in_turn = True
                self._session.speech_started()
            case HypothesisFrame() if self._in_turn:
                self._session.hear(frame.stable, frame.unstable)
            case VADUserStoppedSpeakingFrame() if self._in_turn:
                self._user_speaks = False
                self._session.speech_ended(self._session.now() - frame.stop_secs)
            case TurnLikelyEndedFrame() if self._in_turn:
                self._session.guess_end()
            case TurnEndedFrame() if self._in_turn:
                self._in_turn = False
                self._session.end_turn(frame.text)
                if self._hand is not None:
                    self._hand.turn_ended()
            case BotStartedSpeakingFrame() if self._utterances:
                self._utterances[0].started = True
                self._session.speaking_started()
            case WordHeardFrame() if self._utterances and self._utterances[0].started:
                self._utterances[0].heard.append(frame.word)
            case BotStoppedSpeakingFrame() if self._utterances and self._utterances[0].started:
                self._session.speaking_ended(" ".join(self._utterances.popleft().heard), False)
            case _:
                pass
        await self.push_frame(frame, direction)

    def _on_event(self, event: Event) -> None:
        match event:
            case Answered():
                text = event.text
            case ConfirmAsked():
                text = event.question
            case _:
                return
        if any(letter.isalnum() for letter in text):
            utterance = _Utterance(text)
            self._utterances.append(utterance)
            # The session may be in the middle of a call from us; speaking waits for the next step.
            self.create_task(self._say(utterance))

    async def _say(self, utterance: _Utterance) -> None:
        if self._user_speaks:
            await self._yield_floor()
        elif utterance in self._utterances:
            await self.push_frame(TTSSpeakFrame(utterance.text))

    async def _yield_floor(self) -> None:
        """The user cut in."""
        if self._utterances:
            await self._silence(self._session.interrupt)

    async def _hush(self) -> None:
        if self._utterances:  # the user may have cut in meanwhile
            await self._silence()

    async def _silence(self, tell: Callable[[], None] | None = None) -> None:
        heard = self._drop_utterances()
        await self.broadcast_interruption()
        if tell is not None:
            tell()
        self._session.speaking_ended(heard, True)

    def _drop_utterances(self) -> str:
        """Forget what was to be said; the words that were audible of it."""
        heard = " ".join(self._utterances[0].heard) if self._utterances else ""
        self._utterances.clear()
        return heard
