"""The only place where Pipecat frames and session events meet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from agents.events import Answered, ConfirmAsked, Event
from agents.speech import Speech
from voice.foresight import Foresight
from voice.frames import (
    HoldFrame,
    HypothesisFrame,
    SoundHeardFrame,
    SpeakSoonFrame,
    SpokenSoundFrame,
    TurnEndedFrame,
    TurnForgottenFrame,
    TurnLikelyEndedFrame,
    VoiceHintFrame,
    WordHeardFrame,
)
from voice.hand import VoiceHand

_MOMENT = 0.1  # seconds of a brain's own voice between two marks


class Listener(Protocol):
    """What the voice needs of a session. All methods return at once and run on the event loop's thread."""

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

    def subscribe(self, callback: Callable[[Event], None], /) -> Callable[[], None]:
        """Call `callback` with every event until what is returned is called."""
        ...


@dataclass(eq=False, slots=True)
class _Utterance:
    """What is said: a text for our own voice, or what a brain says in its own."""

    text: str
    speech: Speech | None = None
    words: list[str] = field(default_factory=list)  # those of the text that were audible
    seconds: float = 0.0  # of the speech that were audible
    started: bool = False
    given: asyncio.Event = field(default_factory=asyncio.Event)  # all of it is with the voice

    @property
    def heard(self) -> str:
        """What was audible of it."""
        return " ".join(self.words) if self.speech is None else self.speech.words_in(self.seconds)


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
        self._holds = False  # the output waits
        self._foresight = Foresight()
        self._speeches: dict[int, Speech] = {}  # by turn
        self._leave = (session.subscribe(self._on_event), session.on_speech(self._on_speech))

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

    async def cleanup(self) -> None:
        """Leave the session, which outlives the pipeline."""
        for leave in self._leave:
            leave()
        self._leave = ()
        await super().cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Translate; pass everything on."""
        await super().process_frame(frame, direction)
        match frame:
            case VoiceHintFrame(state=VADState.STARTING) if self._utterances:
                # Perhaps the user cuts in; until that is certain, or was a noise, we say nothing.
                self._holds = True
                await self.push_frame(HoldFrame(True))
            case VoiceHintFrame(state=VADState.QUIET) if self._holds:
                await self._go_on()
            case VADUserStartedSpeakingFrame():
                self._user_speaks = True
                await self._yield_floor()
                if self._holds:
                    await self._go_on()
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
                self._utterances[0].words.append(frame.word)
            case SoundHeardFrame() if self._utterances:
                self._utterances[0].seconds = frame.seconds
            case BotStoppedSpeakingFrame() if self._utterances and self._utterances[0].started:
                self._finished()
            case _:
                pass
        await self.push_frame(frame, direction)

    async def _go_on(self) -> None:
        self._holds = False
        await self.push_frame(HoldFrame(False))

    def _finished(self) -> None:
        """What was being said has been said, unless its sound only falters on the way to us."""
        if not self._utterances[0].given.is_set():
            self._utterances[0].started = False
            return
        utterance = self._utterances.popleft()
        if utterance.speech is not None:
            utterance.speech.stop(utterance.seconds)
        self._session.speaking_ended(utterance.heard, False)

    def _on_speech(self, turn: int, speech: Speech) -> None:
        self._speeches[turn] = speech
        utterance = _Utterance("", speech)
        self._utterances.append(utterance)
        self.create_task(self._say(utterance))

    def _on_event(self, event: Event) -> None:
        if soon := self._foresight.see(event):
            self.create_task(self.push_frame(SpeakSoonFrame(soon)))
        match event:
            case Answered(text=text):
                speech = self._speeches.pop(event.turn, None)
                if speech is not None and not speech.is_cut:
                    text = text.removeprefix(" ".join(speech.text.split()))
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
        for earlier in list(self._utterances):
            if earlier is utterance:
                break
            await earlier.given.wait()
        if self._user_speaks:
            await self._yield_floor()
        elif utterance not in self._utterances:
            pass
        elif utterance.speech is None:
            utterance.given.set()
            await self.push_frame(TTSSpeakFrame(utterance.text))
        else:
            await self._pass_on(utterance, utterance.speech)

    async def _pass_on(self, utterance: _Utterance, speech: Speech) -> None:
        """Give the output a brain's own voice as it arrives, with marks that tell how far it was heard."""
        await self.push_frame(TTSStartedFrame())
        moment = 2 * int(_MOMENT * speech.rate)
        passed = 0
        async for chunk in speech.chunks():
            for start in range(0, len(chunk), moment):
                if utterance not in self._utterances or speech.is_cut:
                    break
                part = chunk[start : start + moment]
                passed += len(part)
                await self.push_frame(TTSAudioRawFrame(part, speech.rate, 1))
                await self.push_frame(SpokenSoundFrame(passed / 2 / speech.rate))
        if speech.is_cut and utterance in self._utterances:
            await self._take_back(utterance, speech)
        utterance.given.set()
        if speech.is_cut:
            pass
        elif not passed and utterance in self._utterances:
            self._utterances.remove(utterance)  # nothing came of it
        elif utterance in self._utterances and utterance.seconds * speech.rate * 2 >= passed:
            self._finished()  # it faltered, and its last sound was audible already
        else:
            await self.push_frame(TTSStoppedFrame())

    async def _take_back(self, utterance: _Utterance, speech: Speech) -> None:
        """The brain broke off; what follows is said all the same."""
        self._utterances.remove(utterance)
        await self.broadcast_interruption()
        speech.stop(utterance.seconds)
        if utterance.started:
            self._session.speaking_ended(utterance.heard, True)

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
        heard = self._utterances[0].heard if self._utterances else ""
        for utterance in self._utterances:
            utterance.given.set()
            if utterance.speech is not None:
                utterance.speech.stop(utterance.seconds)
        self._utterances.clear()
        return heard
