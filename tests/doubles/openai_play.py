"""Conversations with the `openai` brain over the double, on a virtual clock: the sockets are real."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from dataclasses import dataclass, field

from openai import AsyncOpenAI

from agents.brains.chat_speculator import ChatSpeculator
from agents.brains.openai_realtime import OpenAIRealtime
from agents.brains.realtime_service import ROTATE, RealtimeOptions
from agents.cost import Meter, Price
from agents.events import Event, Mode
from agents.executor import World
from agents.session import Session
from agents.speculator import Speculator
from agents.speech import Speech
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually
from tests.doubles.gemini_play import Script
from tests.doubles.openai_chat import KEY as KEY_OF_GUESSER
from tests.doubles.openai_chat import MODEL as GUESSER
from tests.doubles.openai_chat import ChatDouble
from tests.doubles.openai_mind import Call, Mind, wishing
from tests.doubles.openai_realtime import KEY, OpenAIDouble
from tools.toolbox import Toolbox

MODEL = "gpt-realtime-2.1"


def wishes(words: str) -> dict[str, Call]:
    """What the tests' sentences ask for: "read two no three and write four" reads three and writes four."""
    said = words.lower().replace(",", " ").split()
    found: dict[str, Call] = {}
    for at, word in enumerate(said):
        if word in ("read", "write", "confirm", "put") and at + 1 < len(said):
            found[word] = Call(word, {"x": said[at + 1]})
        elif word == "no" and found and at + 1 < len(said):
            last = next(reversed(found))
            found[last] = Call(last, {"x": said[at + 1]})
        elif word == "forget" and at + 1 < len(said):
            found.pop(said[at + 1], None)
    return found


MIND: Mind = wishing(wishes)


@dataclass(slots=True)
class Played:
    """What came of it."""

    events: list[Event] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)
    speeches: list[Speech] = field(default_factory=list)


def brain(
    double: OpenAIDouble,
    toolbox: Toolbox,
    meter: Meter,
    *,
    sound: bool = False,
    own_voice: bool = False,
    model: str = MODEL,
    key: str = KEY,
    rotate: float = ROTATE,
    speculator: Speculator | None = None,
) -> OpenAIRealtime:
    """The brain, connected to the double."""
    client = AsyncOpenAI(api_key=key, base_url=double.url, max_retries=0)
    options = RealtimeOptions(model, sound=sound, own_voice=own_voice, rotate=rotate)
    return OpenAIRealtime(
        client, options, toolbox, meter, clock=lambda: "Monday 2026-11-23 09:00", speculator=speculator
    )


def speculator(
    double: ChatDouble, toolbox: Toolbox, meter: Meter, *, key: str = KEY_OF_GUESSER, model: str = GUESSER
) -> ChatSpeculator:
    """Another model that guesses, at the double of a chat endpoint."""
    client = AsyncOpenAI(api_key=key, base_url=double.url, max_retries=0, timeout=15.0)
    return ChatSpeculator(
        client, model, toolbox, meter, place="127.0.0.1", clock=lambda: "Monday 2026-11-23 09:00"
    )


def converse(
    double: OpenAIDouble,
    script: Script,
    *,
    mode: Mode = Mode.SPECULATIVE,
    sound: bool = False,
    own_voice: bool = False,
    prices: dict[str, Price] | None = None,
    budget: float | None = None,
    model: str = MODEL,
    rotate: float = ROTATE,
    guesser: ChatDouble | None = None,
    world: Callable[[Played], tuple[Toolbox, World]] = lambda played: build(played.recorder),
    voice: Callable[[int, Speech], None] | None = None,
) -> Played:
    """Run a session over the double while `script` plays the user; `guesser` guesses where there is one."""
    played = Played()

    async def main() -> None:
        toolbox, where = world(played)
        meter = Meter(prices or {}, budget)
        async with contextlib.AsyncExitStack() as servers:
            await servers.enter_async_context(double)
            guesses = None
            if guesser is not None:
                await servers.enter_async_context(guesser)
                guesses = speculator(guesser, toolbox, meter)
            thinker = brain(
                double,
                toolbox,
                meter,
                sound=sound,
                own_voice=own_voice,
                model=model,
                rotate=rotate,
                speculator=guesses,
            )
            try:
                await thinker.warm_up()
                session = Session(thinker, toolbox, where, mode=mode, meter=meter)
                session.subscribe(played.events.append)
                session.on_speech(voice or (lambda turn, speech: played.speeches.append(speech)))
                async with asyncio.TaskGroup() as group:
                    group.create_task(session.run())
                    await asyncio.sleep(0)
                    await script(session)
                    session.close()
            finally:
                await thinker.close()

    run_virtually(main())
    gc.collect()
    return played


class Player:
    """A voice that plays what a brain says as fast as it is spoken, until it is hushed."""

    def __init__(self) -> None:
        self.heard = 0.0  # seconds of the latest speech
        self.speech: Speech | None = None
        self._task: asyncio.Task[None] | None = None

    def __call__(self, turn: int, speech: Speech) -> None:
        self.heard, self.speech = 0.0, speech
        self._task = asyncio.get_running_loop().create_task(self._play(speech))

    async def _play(self, speech: Speech) -> None:
        async for chunk in speech.chunks():
            seconds = len(chunk) / 2 / speech.rate
            await asyncio.sleep(seconds)
            self.heard += seconds
        speech.stop(self.heard)

    def hush(self) -> None:
        """The user cut in."""
        if self._task is not None and self.speech is not None:
            self._task.cancel()
            self.speech.stop(self.heard)
