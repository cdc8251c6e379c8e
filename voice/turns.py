"""When the user's turn is over: prosody and words together, and silence in the end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.metrics.metrics import TurnMetricsData
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from voice.agreement import normal
from voice.decoder import SAMPLE_RATE
from voice.frames import (
    HypothesisFrame,
    TurnClosedFrame,
    TurnEndedFrame,
    TurnForgottenFrame,
    TurnLikelyEndedFrame,
    VoiceHintFrame,
)
from voice.vad import STOP_SECS

_TEXT_SECS = 10.0  # longest silence in which the settled words are awaited after that
_MEMORY_SECS = 8  # what Smart Turn looks at

_UNFINISHED = frozenset(
    # articles and possessives
    "a an the my your our its their every "
    # prepositions
    "about after against at before behind below beside between by during for from in inside into near of on "
    "onto over since through to toward towards under until via with within without "
    # conjunctions
    "and or but nor because if although unless than whether plus as "
    # what stands before a noun or a clause
    "some another nearest closest cheapest is are was will be says saying called named that how when "
    "what which who "
    # fillers and openings
    "um uh uhm umm er erm hmm mm let's i'm i'll what's".split()
)
_LASTING = frozenset(("timer", "alarm", "reminder"))  # "set a timer": for how long?
_PARTICLES = frozenset(("on", "in"))  # after such a verb they end a request: "turn the light on"
_PARTICLE_VERBS = frozenset(("turn", "switch", "put", "come", "go", "leave", "keep", "fill", "log", "sign"))
_CORRECTIONS = frozenset(("no", "nope", "not", "sorry"))


def unfinished(text: str) -> bool:
    """Whether the words call for more: they end in "with", "the", "um", a comma, a correction's "no".

    "No" alone is an answer, not a correction, and "what?" a question. A false yes
    costs a moment's silence, a false no cuts the user off.
    """
    words = [word for word in map(normal, text.split()) if word]
    if not words:
        return False
    if text.rstrip().endswith((",", "...", "…", "-", "—", ":")):
        return True
    last = words[-1]
    if last in _CORRECTIONS:
        return any(word not in _CORRECTIONS for word in words)
    if last in _PARTICLES and _PARTICLE_VERBS.intersection(words):
        return False
    if len(words) > 1 and (
        words[-2:-1] == ["for"] and last.isdigit() or words[0] == "set" and last in _LASTING
    ):
        return True  # "set a timer for ten": ten what?
    return last in _UNFINISHED and len(words) > 1


async def completeness(prosody: LocalSmartTurnAnalyzerV3, sound: bytes) -> float:
    """The probability, from 0 to 1, that whoever speaks has finished, by the last 8 s of 16 kHz PCM."""
    prosody.clear()
    prosody.append_audio(sound, is_speech=True)
    _, judged = await prosody.analyze_end_of_turn()
    return judged.probability if isinstance(judged, TurnMetricsData) else 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How much silence ends a turn, in seconds, by how sure it is that the user has finished.

    `likely` and `sure` are probabilities that the sound is complete, from Smart Turn, and hold where the
    words do not call for more: from `likely` on the end is prepared for, from `sure` on `short` is silence
    enough. Otherwise it takes `long`, which is longer than most pauses within a sentence.
    """

    likely: float = 0.5
    sure: float = 0.975
    short: float = 0.5
    long: float = 1.2

    def is_likely(self, complete: float, text: str) -> bool:
        """Whether the user has probably finished."""
        return complete >= self.likely and not unfinished(text)

    def silence(self, complete: float, text: str) -> float:
        """The silence that ends the turn."""
        return self.short if complete >= self.sure and not unfinished(text) else self.long


class TurnDetector(FrameProcessor):
    """Decides the end of the turn and pushes `TurnEndedFrame` down, `TurnClosedFrame` up.

    At the voice detector's stop Smart Turn judges the sound, once; then the settled words are awaited.
    Both together say how much silence ends the turn, see `Patience`. Speech before that continues the turn.
    A turn that is forgotten ends without a `TurnEndedFrame`.

    Silence is measured in the audio that arrived, never by the clock: a machine that is late hears late,
    and what the user says after a pause may be on its way when a clock has run out.
    """

    def __init__(self, prosody: LocalSmartTurnAnalyzerV3, patience: Patience) -> None:
        super().__init__()
        self._patience = patience
        self._prosody = prosody
        self._sound: deque[bytes] = deque()
        self._sound_bytes = 0
        self._heard = 0.0  # seconds of audio since the beginning
        self._open = False
        self._state = VADState.QUIET
        self._silence = 0
        self._text = ""
        self._settled = 0
        self._news = asyncio.Event()
        self._judge: asyncio.Task[None] | None = None

    async def cleanup(self) -> None:
        """Stop judging and let go of Smart Turn's thread; the model stays usable."""
        await self._drop_judge()
        await self._prosody.cleanup()
        await super().cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Watch voice, words and audio; pass everything on."""
        await super().process_frame(frame, direction)
        match frame:
            case InputAudioRawFrame():
                self._remember(frame.audio)
            case VoiceHintFrame():
                self._state, self._silence = frame.state, frame.silence
            case HypothesisFrame() if self._open:
                self._text = frame.text
                self._settled = frame.settled
            case VADUserStartedSpeakingFrame():
                await self._drop_judge()
                self._open = True
            case TurnForgottenFrame():
                await self._drop_judge()
                self._forget()
                await self.push_frame(TurnClosedFrame(), FrameDirection.UPSTREAM)
            case _:
                pass
        if isinstance(frame, (InputAudioRawFrame, VoiceHintFrame, HypothesisFrame)):
            self._news.set()
        await self.push_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame) and self._open:
            begun = self._heard - STOP_SECS
            self._judge = self.create_task(self._decide(self._silence, begun, b"".join(self._sound)))

    def _remember(self, audio: bytes) -> None:
        self._heard += len(audio) / (2 * SAMPLE_RATE)
        self._sound.append(audio)
        self._sound_bytes += len(audio)
        while self._sound_bytes > _MEMORY_SECS * 2 * SAMPLE_RATE:
            self._sound_bytes -= len(self._sound.popleft())

    async def _drop_judge(self) -> None:
        if self._judge is not None:
            judge, self._judge = self._judge, None
            await self.cancel_task(judge)

    async def _decide(self, silence: int, begun: float, sound: bytes) -> None:
        """Judge silence number `silence`, which began at `begun` seconds of audio."""
        complete = await completeness(self._prosody, sound)
        if self._patience.is_likely(complete, self._text):
            await self.push_frame(TurnLikelyEndedFrame())
        await self._until(lambda: self._settled == silence, begun + self._patience.long + _TEXT_SECS)
        await self._until(lambda: False, begun + self._patience.silence(complete, self._text))
        # Speech that is just starting either proves itself, which cancels this task, or was noise.
        await self._until(lambda: self._state == VADState.QUIET, self._heard + _TEXT_SECS)
        await self._end(silence)

    async def _until(self, condition: Callable[[], bool], heard: float) -> None:
        """Wait for the condition, at the longest until so many seconds of audio have arrived."""
        while not condition() and self._heard < heard:
            self._news.clear()
            await self._news.wait()

    async def _end(self, silence: int) -> None:
        self._judge = None
        text = self._text
        self._forget()
        # Down first: speech that starts now must not overtake the end of the turn before it.
        await self.push_frame(TurnEndedFrame(text))
        await self.push_frame(TurnClosedFrame(silence), FrameDirection.UPSTREAM)

    def _forget(self) -> None:
        """Nothing more belongs to this turn."""
        self._text = ""
        self._open = False
        self._sound.clear()
        self._sound_bytes = 0
