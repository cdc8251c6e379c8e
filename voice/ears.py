"""The user's voice for a brain that wants to hear it."""

from __future__ import annotations

from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from voice.listener import Listener


class BrainEars(FrameProcessor):
    """Gives the session the sound that passes by, at the rate its brain wants; nothing where it wants none.

    Stands where a muted microphone is silent already.
    """

    def __init__(self, session: Listener) -> None:
        super().__init__()
        self._session = session
        self._resampler = create_stream_resampler(clear_after_secs=None)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame) and (rate := self._session.hears) is not None:
            audio = await self._resampler.resample(frame.audio, frame.sample_rate, rate)
            if audio:
                self._session.listen(audio)
        await self.push_frame(frame, direction)
