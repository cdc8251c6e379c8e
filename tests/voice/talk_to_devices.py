"""One turn over the default microphone and speaker; prints what the session was told, as JSON."""

import asyncio
import contextlib
import json

from tests.voice.recorder import Recorder
from voice.devices import Direction, devices, pick
from voice.models import load
from voice.pipeline import Microphone, Speaker, VoiceOptions, run_voice


class Once(Recorder):
    def __init__(self) -> None:
        super().__init__(lambda _: "It is noon.")
        self.done = asyncio.Event()

    def notice(self, text: str, error: bool = False) -> None:
        super().notice(text, error)
        print(text, flush=True)

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        super().speaking_ended(heard, interrupted)
        self.done.set()


async def main() -> None:
    session = Once()
    options = VoiceOptions(models=load())
    task = asyncio.create_task(run_voice(session, Microphone(), Speaker(), options=options))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(session.done.wait(), 30)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    names = {direction: [device.name for device in devices(direction)] for direction in Direction}
    print(json.dumps({"calls": session.calls, "devices": names, "default": pick(Direction.INPUT).name}))


asyncio.run(main())
