"""A turn over the default microphone and speaker, and one over others chosen in between.

Prints each notice as a line, and in the end what the session was told, as JSON.
"""

import asyncio
import contextlib
import json

from tests.voice.recorder import Recorder
from voice.devices import Direction, devices, pick
from voice.hand import VoiceHand
from voice.models import load
from voice.pipeline import Microphone, Speaker, VoiceOptions, run_voice


class Twice(Recorder):
    def __init__(self, hand: VoiceHand) -> None:
        super().__init__(lambda _: "It is noon.")
        self.hand = hand
        self.done = asyncio.Event()

    def notice(self, text: str, error: bool = False) -> None:
        super().notice(text, error)
        print(text, flush=True)

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        super().speaking_ended(heard, interrupted)
        if len(self.of("speaking_ended")) == 2:
            self.done.set()
        else:
            self.hand.use(source=Microphone("pulse"), sink=Speaker("pulse"))


async def main() -> None:
    hand = VoiceHand()
    session = Twice(hand)
    options = VoiceOptions(models=load())
    task = asyncio.create_task(run_voice(session, Microphone(), Speaker(), options=options, hand=hand))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(session.done.wait(), 30)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    names = {direction: [device.name for device in devices(direction)] for direction in Direction}
    report = {
        "calls": [call for call in session.calls if call[0] != "level"],
        "devices": names,
        "default": pick(Direction.INPUT).name,
        "used": hand.devices,
        "loudest": max(level for (level,) in session.of("level")),
    }
    print(json.dumps(report))


asyncio.run(main())
