"""The recorded request over the Gemini double: what its models make of it, and how fast each way is.

    python -m tests.doubles.gemini_demo

prints, for each delay of the network, how long the user waits for the first audible word, speculative and
sequential. The models of the double think as long as it says: these are no measurements of a cloud service.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from agents.brains.gemini_client import client, connector
from agents.brains.gemini_live import GeminiLive
from agents.brains.gemini_speculator import GeminiSpeculator
from agents.cost import Meter
from agents.events import Mode
from tests.doubles.gemini import GeminiDouble
from tests.doubles.gemini_mind import Ask, plan
from tests.doubles.gemini_models import KEY
from tests.doubles.gemini_play import MODEL
from tests.doubles.gemini_session import Pace
from tests.doubles.line import Network
from tests.doubles.spoken import Spoken, speak
from tests.doubles.tls import loopback
from tools.toolbox import Toolbox
from voice.models import Models, load

LUNCH = {"title": "lunch with Anna", "start": "Saturday at 1"}
THINKS = 0.4  # seconds until a model's first word, the speaking one and the guessing one
CHUNK = 0.02  # seconds for 0.1 s of speech: about five times faster than it is spoken


def guess(told: str) -> list[Ask]:
    """What the text model calls: it knows nothing but the words so far and the open calls it is told of."""
    words, *open_calls = told.casefold().split("\nopen call ")
    wanted: list[Ask] = []
    if "day" in words:
        wanted.append(Ask("find_events", {"day": "Saturday" if "saturday" in words else "Friday"}))
    if "lunch" in words:
        is_complete = words.split()[-1].strip(".") in ("1", "one")
        wanted.append(Ask("create_calendar_event", LUNCH if is_complete else {**LUNCH, "start": "Saturday"}))
    asks: list[Ask] = []
    for ask in wanted:
        same = [call for call in open_calls if f" {ask.name}(" in call]
        if not same:
            asks.append(ask)
        elif json.dumps(dict(ask.args)).casefold() not in same[-1]:
            asks.append(Ask("revise_call", {"id": int(same[-1].split()[0]), "arguments": dict(ask.args)}))
    return asks


def double(delay: float) -> GeminiDouble:
    """A service whose models understand the recorded request, `delay` seconds away."""
    return GeminiDouble(
        plan(Ask("find_events", {"day": "Saturday"}), Ask("create_calendar_event", LUNCH)),
        pace=Pace(THINKS, CHUNK),
        network=Network(delay, delay / 5),
        guess=guess,
        think_of_guess=THINKS,
    )


async def demo(
    service: GeminiDouble, models: Models, folder: Path, *, mode: Mode, tool_delay: str = "0.5-1"
) -> Spoken:
    """The recorded request, once, with the user's sound given to the model."""

    def make(toolbox: Toolbox, meter: Meter) -> GeminiLive:
        sdk = client(KEY, service.url, ssl=loopback().client)

        def now() -> str:
            return "It is today."

        guesses = GeminiSpeculator(sdk, "gemini-3.8-flash", toolbox, meter, now=now)
        connect = connector(sdk, MODEL, toolbox, now, "Kore")
        return GeminiLive(connect, guesses, toolbox, meter, model=MODEL, sound=True)

    async with service:
        return await speak(make, models, folder, mode=mode, tool_delay=tool_delay)


async def compare(delays: list[float], runs: int) -> None:
    """Print the table."""
    models = load()
    print(f"models think {THINKS:g} s, tools take 0.5 to 1 s; seconds to the first audible word")
    print("network   speculative          sequential           speed-up")
    for delay in delays:
        waits: dict[Mode, list[float]] = {Mode.SPECULATIVE: [], Mode.SEQUENTIAL: []}
        for _ in range(runs):
            for mode, waited in waits.items():
                with tempfile.TemporaryDirectory() as folder:
                    spoken = await demo(double(delay), models, Path(folder), mode=mode)
                assert len(spoken.calendar) == 1, spoken.calendar
                waited.append(spoken.waited)
        quick, slow = (sum(each) / len(each) for each in waits.values())
        told = ["  ".join(f"{one:.2f}" for one in each) for each in waits.values()]
        print(f"{delay * 1000:4.0f} ms   {told[0]:<20} {told[1]:<20} {slow / quick:.2f}x", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delays", default="30,80,200", help="milliseconds, one way")
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    asyncio.run(compare([float(one) / 1000 for one in options.delays.split(",")], options.runs))
