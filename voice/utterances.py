"""What is said, one utterance after the other, and what was audible of it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSStartedFrame, TTSStoppedFrame
from pipecat.processors.frame_processor import FrameProcessor

from agents.speech import Speech
from voice.frames import SpokenSoundFrame
from voice.listener import Listener
from voice.tones import chime
from voice.tts import SAMPLE_RATE

_MOMENT = 0.1  # seconds of a brain's own voice between two marks


@dataclass(eq=False, slots=True)
class _Utterance:
    """What is said: a text for our own voice, or what a brain says in its own."""

    text: str
    speech: Speech | None = None
    alert: bool = False  # it belongs to no turn
    words: list[str] = field(default_factory=list)  # those of the text that were audible
    seconds: float = 0.0  # of the speech that were audible
    started: bool = False
    given: asyncio.Event = field(default_factory=asyncio.Event)  # all of it is with the voice

    @property
    def heard(self) -> str:
        """What was audible of it."""
        return " ".join(self.words) if self.speech is None else self.speech.words_in(self.seconds)


class Utterances:
    """The utterances of a conversation, pushed as frames by `processor`; the session is told of each.

    While the user has the `floor`, nothing is said. False where there is nothing to say.
    """

    def __init__(self, processor: FrameProcessor, session: Listener) -> None:
        self.floor = False
        self._processor = processor
        self._session = session
        self._waiting: deque[_Utterance] = deque()  # the first one is being said

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def say(self, text: str) -> None:
        """Say it in our own voice, after what is being said."""
        self._add(_Utterance(text))

    def pass_on(self, speech: Speech) -> None:
        """Let it be heard, after what is being said."""
        self._add(_Utterance("", speech))

    def ring(self) -> None:
        """Say what is due, after a tone."""
        self._add(_Utterance(self._session.take_alert(), alert=True))

    # ---- what the output tells -----------------------------------------------------------------

    def started(self) -> None:
        """The first sound left for the speaker."""
        if self._waiting:
            self._waiting[0].started = True
            if not self._waiting[0].alert:
                self._session.speaking_started()

    def word_heard(self, word: str) -> None:
        """The word was played."""
        if self._waiting and self._waiting[0].started:
            self._waiting[0].words.append(word)

    def sound_heard(self, seconds: float) -> None:
        """So much of a brain's own voice was played."""
        if self._waiting:
            self._waiting[0].seconds = seconds

    def stopped(self) -> None:
        """What was being said has been said, unless its sound only falters on the way to us."""
        if not self._waiting or not self._waiting[0].started:
            return
        if not self._waiting[0].given.is_set():
            self._waiting[0].started = False
            return
        utterance = self._waiting.popleft()
        if utterance.speech is not None:
            utterance.speech.stop(utterance.seconds)
        self._ended(utterance, interrupted=False)

    # ---- silence -------------------------------------------------------------------------------

    async def yield_floor(self) -> None:
        """The user cut in."""
        await self._silence(cut_in=True)

    def hush(self) -> None:
        """Say no more of what is being said, nor of what was to follow."""
        if self._waiting:
            self._processor.create_task(self._silence(cut_in=False))  # the user may have cut in until then

    def break_off(self) -> None:
        """Nothing more will be heard."""
        if self._waiting:
            self._ended(self._drop(), interrupted=True)

    async def _silence(self, *, cut_in: bool) -> None:
        if not self._waiting:
            return
        utterance = self._drop()
        await self._processor.broadcast_interruption()
        if cut_in:
            self._session.interrupt()
        self._ended(utterance, interrupted=True, unwanted=not cut_in)

    def _drop(self) -> _Utterance:
        """Forget what was to be said; the first of it."""
        first = self._waiting[0]
        for utterance in self._waiting:
            utterance.given.set()
            if utterance.speech is not None:
                utterance.speech.stop(utterance.seconds)
        self._waiting.clear()
        return first

    def _ended(self, utterance: _Utterance, *, interrupted: bool, unwanted: bool = False) -> None:
        if not utterance.alert:
            self._session.speaking_ended(utterance.heard, interrupted)
        elif utterance.words or unwanted:  # else nobody knows what rang, and it is still due
            self._session.alert_told(utterance.heard, interrupted)

    # ---- giving it to the voice ----------------------------------------------------------------

    def _add(self, utterance: _Utterance) -> None:
        self._waiting.append(utterance)
        # The session may be in the middle of a call from us; speaking waits for the next step.
        self._processor.create_task(self._give(utterance))

    async def _give(self, utterance: _Utterance) -> None:
        for earlier in list(self._waiting):
            if earlier is utterance:
                break
            await earlier.given.wait()
        if self.floor:
            await self.yield_floor()
        elif utterance not in self._waiting:
            pass
        elif utterance.speech is None:
            utterance.given.set()
            if utterance.alert:
                await self._processor.push_frame(TTSAudioRawFrame(chime(SAMPLE_RATE), SAMPLE_RATE, 1))
            await self._processor.push_frame(TTSSpeakFrame(utterance.text))
        else:
            await self._play(utterance, utterance.speech)

    async def _play(self, utterance: _Utterance, speech: Speech) -> None:
        """Give the output a brain's own voice as it arrives, with marks that tell how far it was heard."""
        push = self._processor.push_frame
        await push(TTSStartedFrame())
        moment = 2 * int(_MOMENT * speech.rate)
        passed = 0
        async for chunk in speech.chunks():
            for start in range(0, len(chunk), moment):
                if utterance not in self._waiting or speech.is_cut:
                    break
                part = chunk[start : start + moment]
                passed += len(part)
                await push(TTSAudioRawFrame(part, speech.rate, 1))
                await push(SpokenSoundFrame(passed / 2 / speech.rate))
        if speech.is_cut and utterance in self._waiting:
            await self._take_back(utterance, speech)
        utterance.given.set()
        if speech.is_cut:
            pass
        elif not passed and utterance in self._waiting:
            self._waiting.remove(utterance)  # nothing came of it
        elif utterance in self._waiting and utterance.seconds * speech.rate * 2 >= passed:
            self.stopped()  # it faltered, and its last sound was audible already
        else:
            await push(TTSStoppedFrame())

    async def _take_back(self, utterance: _Utterance, speech: Speech) -> None:
        """The brain broke off; what follows is said all the same."""
        self._waiting.remove(utterance)
        await self._processor.broadcast_interruption()
        speech.stop(utterance.seconds)
        if utterance.started:
            self._session.speaking_ended(utterance.heard, True)
