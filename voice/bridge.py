"""The only place where Pipecat frames and session events meet."""

from __future__ import annotations

from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from agents.events import Answered, ConfirmAsked, Event
from agents.speech import Speech
from voice.foresight import Foresight
from voice.frames import (
    AudioLostFrame,
    HoldFrame,
    HypothesisFrame,
    SoundHeardFrame,
    SpeakSoonFrame,
    TurnEndedFrame,
    TurnForgottenFrame,
    TurnLikelyEndedFrame,
    VoiceHintFrame,
    WordHeardFrame,
)
from voice.hand import VoiceHand
from voice.listener import Listener
from voice.utterances import Utterances


class Bridge(FrameProcessor):
    """Tells the session what the ears report, and gives its answers and questions to the voice.

    An utterance that cannot be spoken because the user has the floor, or that the user cuts short,
    leads to one `interrupt` and one `speaking_ended` with the words that were audible until then. What
    a key silences leads to that `speaking_ended` alone. What is due outside of any turn is said when
    everybody is silent.
    """

    def __init__(self, session: Listener, hand: VoiceHand | None = None) -> None:
        super().__init__()
        self._session = session
        self._hand = hand
        self._utterances = Utterances(self, session)
        self._in_turn = False
        self._state = VADState.QUIET
        self._holds = False  # the output waits
        self._foresight = Foresight()
        self._speeches: dict[int, Speech] = {}  # by turn
        self._leave = (session.subscribe(self._on_event), session.on_speech(self._on_speech))

    @property
    def idle(self) -> bool:
        """Whether no turn is open and nothing is left to say."""
        return (
            not self._in_turn
            and self._session.is_idle
            and not self._utterances
            and not self._session.is_ringing
        )

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        return bool(self._utterances)

    def hush(self) -> None:
        """Say no more of what is being said, nor of what was to follow."""
        self._utterances.hush()

    def forget_turn(self) -> None:
        """Whatever the user says until they fall silent is nobody's."""
        if self._in_turn:
            self._in_turn = self._utterances.floor = False
            if self._hand is not None:
                self._hand.turn_ended()
            self.create_task(self.push_frame(TurnForgottenFrame(), FrameDirection.UPSTREAM))

    def break_off(self) -> None:
        """The pipeline is about to go: nothing more of this turn will be heard, nothing more said."""
        if self._in_turn:
            self._in_turn = False
            self._session.speech_ended(self._session.now())
            self._session.end_turn("")
        self._utterances.break_off()

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
            case InputAudioRawFrame() if self._session.is_ringing and self._is_quiet:
                self._utterances.ring()
            case VoiceHintFrame():
                await self._voice(frame.state)
            case VADUserStartedSpeakingFrame():
                self._utterances.floor = True
                await self._utterances.yield_floor()
                if self._holds:
                    await self._go_on()
                self._in_turn = True
                self._session.speech_started()
            case AudioLostFrame():
                self._session.audio_lost(frame.seconds)
                self.forget_turn()
            case HypothesisFrame() if self._in_turn:
                self._session.hear(frame.stable, frame.unstable)
            case VADUserStoppedSpeakingFrame() if self._in_turn:
                self._utterances.floor = False
                self._session.speech_ended(self._session.now() - frame.stop_secs)
            case TurnLikelyEndedFrame() if self._in_turn:
                self._session.guess_end()
            case TurnEndedFrame() if self._in_turn:
                self._in_turn = False
                self._session.end_turn(frame.text)
                if self._hand is not None:
                    self._hand.turn_ended()
            case BotStartedSpeakingFrame():
                self._utterances.started()
            case WordHeardFrame():
                self._utterances.word_heard(frame.word)
            case SoundHeardFrame():
                self._utterances.sound_heard(frame.seconds)
            case BotStoppedSpeakingFrame():
                self._utterances.stopped()
            case _:
                pass
        await self.push_frame(frame, direction)

    @property
    def _is_quiet(self) -> bool:
        return not self._in_turn and not self._utterances and self._state is VADState.QUIET

    async def _voice(self, state: VADState) -> None:
        self._state = state
        if state is VADState.STARTING and self._utterances:
            # Perhaps the user cuts in; until that is certain, or was a noise, we say nothing.
            self._holds = True
            await self.push_frame(HoldFrame(True))
        elif state is VADState.QUIET and self._holds:
            await self._go_on()

    async def _go_on(self) -> None:
        self._holds = False
        await self.push_frame(HoldFrame(False))

    def _on_speech(self, turn: int, speech: Speech) -> None:
        self._speeches[turn] = speech
        self._utterances.pass_on(speech)

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
            self._utterances.say(text)
