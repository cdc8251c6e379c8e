"""Conversations with the `gemini` brain over the double, on a virtual clock: sockets and TLS are real."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2

from agents.actions import Action, Pause
from agents.brain import Interaction
from agents.brains.gemini_client import client, connector
from agents.brains.gemini_live import GeminiLive
from agents.brains.gemini_speculator import GeminiSpeculator
from agents.brains.scripted import ScriptedBrain, Step
from agents.cost import Meter, Price
from agents.events import Event, Mode
from agents.session import Session
from agents.speech import Speech
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually
from tests.doubles.gemini import GeminiDouble
from tests.doubles.gemini_models import KEY
from tests.doubles.tls import loopback
from tools.toolbox import Toolbox

MODEL = "gemini-3.8-live"


class ScriptedGuesses:
    """A speculator that follows a script, as a text model that is always right, or always wrong, would."""

    def __init__(self, script: Sequence[Step]) -> None:
        self._brain = ScriptedBrain(lambda turn: script if turn == 1 else [])
        self.closed = False

    async def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        async for action in self._brain.react(interaction):
            if not isinstance(action, Pause):
                yield action

    async def warm_up(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


def gemini(
    double: GeminiDouble,
    toolbox: Toolbox,
    guesses: Sequence[Step] | None = None,
    *,
    sound: bool = False,
    own_voice: bool = False,
    meter: Meter | None = None,
    key: str = KEY,
    model: str = MODEL,
) -> GeminiLive:
    """The brain, connected to the double. Its text model guesses, or a script where there are `guesses`."""
    # The SDK's other HTTP library asks a thread about proxies, which a virtual clock does not wait for.
    trusted = loopback().client
    transport = httpx2.AsyncHTTPTransport(verify=trusted)
    sdk = client(key, double.url, ssl=trusted, verify=trusted, transport=transport)
    meter = meter or Meter({})

    def now() -> str:
        return "It is Monday."

    return GeminiLive(
        connector(sdk, model, toolbox, now, "Kore"),
        GeminiSpeculator(sdk, "gemini-3.8-flash", toolbox, meter, now=now)
        if guesses is None
        else ScriptedGuesses(guesses),
        toolbox,
        meter,
        model=model,
        sound=sound,
        own_voice=own_voice,
    )


@dataclass(slots=True)
class Played:
    """What came of it."""

    events: list[Event] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)
    speeches: list[Speech] = field(default_factory=list)


Script = Callable[[Session], Awaitable[None]]


def converse(
    double: GeminiDouble,
    script: Script,
    guesses: Sequence[Step] | None = None,
    *,
    mode: Mode = Mode.SPECULATIVE,
    sound: bool = False,
    own_voice: bool = False,
    prices: dict[str, Price] | None = None,
    budget: float | None = None,
    model: str = MODEL,
) -> Played:
    """Run a session over the double while `script` plays the user."""
    played = Played()

    async def main() -> None:
        toolbox, world = build(played.recorder)
        meter = Meter(prices or {}, budget)
        async with double:
            brain = gemini(
                double, toolbox, guesses, sound=sound, own_voice=own_voice, meter=meter, model=model
            )
            await brain.warm_up()
            session = Session(brain, toolbox, world, mode=mode, meter=meter)
            session.subscribe(played.events.append)
            session.on_speech(lambda turn, speech: played.speeches.append(speech))
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(session.run())
                    await asyncio.sleep(0)
                    await script(session)
                    session.close()
            finally:
                await brain.close()

    run_virtually(main())
    gc.collect()
    return played


def saying(*texts: str, sound: bool = False, seconds_a_word: float = 0.3) -> Script:
    """The user says these, each once the turn before is over. With `sound` the microphone hears them."""

    async def script(session: Session) -> None:
        for text in texts:
            await say(session, text, sound=sound, seconds_a_word=seconds_a_word)
            while not session.is_idle:
                await asyncio.sleep(0.05)

    return script


async def say(
    session: Session, text: str, *, sound: bool = False, seconds_a_word: float = 0.3, ending: float = 0.5
) -> None:
    """Say `text` at an even pace, each word stable at once; the end is likely at half of `ending`."""

    async def pass_time(seconds: float) -> None:
        steps = max(1, round(seconds / 0.02))
        for _ in range(steps):
            await asyncio.sleep(seconds / steps)
            if sound:
                session.listen(bytes(int(seconds / steps * 16000) * 2))

    session.speech_started()
    said = text.split()
    for count in range(1, len(said) + 1):
        await pass_time(seconds_a_word)
        session.hear(" ".join(said[:count]), "")
    session.speech_ended(session.now())
    await pass_time(ending / 2)
    session.guess_end()
    await pass_time(ending / 2)
    session.end_turn(text)
