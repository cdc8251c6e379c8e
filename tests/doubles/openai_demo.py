"""The recorded request, assets/demo.wav, spoken to the command itself with the OpenAI double behind it.

`make bench-cloud` prints how long the answer takes in both modes. The network is a round trip
of so many ms, every call is slowed down by 0.5 to 1 s, and the model takes 0.35 s until its first token: a
chosen figure, so what counts here is the difference between the modes, not either of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from agents.events import Mode
from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace
from tests.doubles.openai_mind import Call, wishing
from tests.doubles.openai_realtime import KEY, OpenAIDouble
from tests.loopback import only_loopback

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo.wav"
ROUND_TRIPS = (30, 80, 200)  # ms
RUNS = 2
PACE = Pace(first=0.35, piece=0.02, sound=5.0)
_DAYS = r"(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"


def wishes(words: str) -> dict[str, Call]:
    """What the words of the recording ask for so far: the last day that was named for each of the two."""
    said = re.sub(r"[.,?!]", "", words.casefold())
    asked, _, lunch = said.partition("lunch")
    found: dict[str, Call] = {}
    days = re.findall(_DAYS, asked)
    if "calendar" in asked and days:
        found["look"] = Call("find_events", {"day": days[-1].capitalize()})
    start = re.search(rf"{_DAYS}(?: at (\w+))?", lunch)
    if start is not None:
        when = start.group(1).capitalize() + (f" at {start.group(2)}" if start.group(2) else "")
        found["put"] = Call("create_calendar_event", {"title": "lunch with Anna", "start": when})
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """One run: seconds from the end of speech to the first sound of the answer, and all that happened."""

    seconds: float
    events: list[dict[str, Any]]


async def talk(mode: Mode, round_trip: float, *, delay: str = "0.5-1", seed: int = 1) -> Heard:
    """Play the recording once; `round_trip` in seconds."""
    network = Network(round_trip / 2, round_trip / 10)
    with TemporaryDirectory() as folder:
        async with OpenAIDouble(wishing(wishes), pace=PACE, network=network, seed=seed) as double:
            environment = {
                **os.environ,
                "OPENAI_API_KEY": KEY,
                "HEADSTART_OPENAI": json.dumps({"url": double.url}),
            }
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from app.cli import main; main()"),
                *("talk", "--brain", "openai", "--input", str(DEMO), "--output", "none", "--json"),
                *("--demo-data", "--data", folder, "--tool-delay", delay, "--mode", mode),
                env=environment,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await process.communicate()
            if process.returncode != 0:
                raise RuntimeError(err.decode())
            refused = [one for one in double.refused if not one.startswith("response_cancel_not_active")]
            if refused:
                raise RuntimeError(f"the service refused: {refused}")
    events = [json.loads(line) for line in out.decode().splitlines()]
    ended = max(event["at"] for event in events if event["event"] == "SpeechEnded")
    spoken = min(event["at"] for event in events if event["event"] == "SpeakingStarted")
    return Heard(spoken - ended, events)


async def main() -> None:
    """Print the table."""
    print("seconds from the end of speech to the first sound of the answer, median of", RUNS)
    print(f"{'round trip':>12} {'speculative':>12} {'sequential':>12} {'speed-up':>9}", flush=True)
    for round_trip in ROUND_TRIPS:
        times: dict[Mode, list[float]] = {mode: [] for mode in Mode}
        for seed in range(RUNS):
            for mode in Mode:
                heard = await talk(mode, round_trip / 1000, seed=seed)
                times[mode].append(heard.seconds)
        quick, slow = median(times[Mode.SPECULATIVE]), median(times[Mode.SEQUENTIAL])
        print(f"{round_trip:>9} ms {quick:>12.2f} {slow:>12.2f} {slow / quick:>8.2f}x", flush=True)


if __name__ == "__main__":
    with only_loopback():
        asyncio.run(main())
