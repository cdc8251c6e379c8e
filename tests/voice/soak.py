"""`make soak`: somebody talks to `headstart talk` for long, over devices that come and go.

They ask, hesitate, cut in, fall silent; it is noisy at times; a device is pulled out, or the sound server
crashes. Prints what went wrong, and counts. Wrong is:

- a stuck turn: not over `PATIENCE` seconds after it began, or after the last thing that happened in it;
- a missed end: something was said, whole and with all devices there, and `PATIENCE` seconds later neither
  a turn nor the reply to a question has ended since;
- memory that grew by 2 % or more from the first fifth of the time, after a warm-up, to the last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from hibari import SAMPLE_RATE, Hibari

from agents.events import (
    ConfirmAnswered,
    EndOfTurn,
    Event,
    Level,
    Notice,
    SpeakingEnded,
    SpeakingStarted,
    TurnEnded,
    TurnStarted,
)
from agents.records import from_json
from tests.voice.sound_server import SoundServer

PATIENCE = 60.0  # seconds: on a busy machine sound may be late, which is counted by itself
_WARM_UP = 0.15  # of the time: models and allocators take what they need
_TAIL = 1.5  # seconds of silence after each recording: the player's own delay falls into it
_SAID = (
    "What is on my calendar on Friday?",
    "Set a timer for ten minutes.",
    "Who is Anna?",
    "Remind me to call Ben tomorrow at noon.",
    "What is the weather in Paris tomorrow?",
    "Make a note. Buy milk, bread and apples.",
    "Turn the light in the kitchen on.",
    "Send Ben a message that I am late.",
    "Yes, please.",
    "No.",
    "Undo that.",
    "Stop, never mind.",
)


@dataclass(slots=True)
class Watched:
    """What the running program told. Times are seconds since it was started."""

    begun: float = field(default_factory=time.monotonic)
    events: Counter[str] = field(default_factory=Counter)
    open: dict[int, float] = field(default_factory=dict)  # turns, with the time of the latest event
    stuck: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    ends: list[float] = field(default_factory=list)
    turn_ends: list[float] = field(default_factory=list)  # the user was thought to have finished
    speaking: bool = False
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    memory: list[tuple[float, float]] = field(default_factory=list)  # MB

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.begun

    def take(self, event: Event) -> None:
        """One event, as it comes."""
        self.events[type(event).__name__] += 1
        match event:
            case TurnStarted(turn=turn):
                self.open[turn] = self.now()
            case TurnEnded(turn=turn):
                self.open.pop(turn, None)
                if turn not in self.ended:  # it was taken back, or stopped
                    self.ends.append(self.now())
            case EndOfTurn(turn=turn):
                self.ended.add(turn)
                self.ends.append(self.now())
                self.turn_ends.append(self.now())
            case ConfirmAnswered():
                self.ends.append(self.now())
            case SpeakingStarted():
                self.speaking = True
            case SpeakingEnded():
                self.speaking = False
            case Level():
                self.listening.set()
            case Notice(text=text, error=error):
                self.listening.clear()
                if error:
                    print(f"{self.now():7.1f} s  told: {text}", flush=True)
            case _:
                pass
        turn: Any = getattr(event, "turn", None)
        if turn in self.open:
            self.open[turn] = self.now()

    def look(self, pid: int) -> None:
        """Once in a while: turns that are stuck, and the memory in use."""
        for turn, at in self.open.items():
            if self.now() - at > PATIENCE and turn not in self.stuck:
                self.stuck.add(turn)
                print(f"{self.now():7.1f} s  turn {turn} is stuck", flush=True)
        # What is its own: pages of files, as those of the models, come and go as the machine has room.
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        self.memory.append((self.now(), int(status["RssAnon"].split()[0]) * 1024 / 1e6))


class Soak:
    """One run of `seconds`, drawn from `seed`."""

    def __init__(self, seconds: float, seed: int, folder: Path, record: Path | None) -> None:
        self._seconds = seconds
        self._random = random.Random(seed)
        self._folder = folder
        self._record = record
        self._server = SoundServer(folder)
        self._told = Watched()
        self._done = Counter[str]()
        self._missed = 0
        self._cut_off = 0
        self._delays: list[float] = []  # seconds from the end of what was said to the end that was noticed
        self._voice = Hibari(threads=1)

    async def run(self) -> bool:
        """Whether all went well."""
        await self._server.start()
        options = ("--json", "--input", "mic", "--output", "speaker", "--demo-data", "--data")
        headstart = Path(sys.executable).with_name("headstart")
        command = [headstart, "talk", *options, self._folder / "data"]
        if self._record is not None:
            command += ["--record", self._record, "--record-audio"]
        program = await asyncio.create_subprocess_exec(
            *command, env=self._server.env, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        reading = asyncio.create_task(self._read(program.stdout))
        looking = asyncio.create_task(self._look(program.pid))
        try:
            await asyncio.wait_for(self._told.listening.wait(), 120)
            self._told.begun = time.monotonic()
            while self._told.now() < self._seconds and program.returncode is None:
                await self._act()
            alive = program.returncode is None
            await asyncio.sleep(PATIENCE)
        finally:
            looking.cancel()
            if program.returncode is None:
                program.terminate()
            await program.wait()
            await reading
            await self._server.stop()
        return self._report(alive)

    async def _read(self, stdout: Any) -> None:
        async for line in stdout:
            self._told.take(from_json(json.loads(line)))

    async def _look(self, pid: int) -> None:
        while True:
            await asyncio.sleep(5)
            self._told.look(pid)

    async def _act(self) -> None:
        doing = {self._ask: 60, self._cut_in: 12, self._noise: 10, self._rest: 12, self._lose: 6}
        (act,) = self._random.choices(list(doing), list(doing.values()))
        self._done[act.__name__.strip("_")] += 1
        await act()

    async def _ask(self) -> None:
        await self._say()
        await asyncio.sleep(self._random.uniform(0.5, 8))

    async def _cut_in(self) -> None:
        for _ in range(80):
            if self._told.speaking:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(self._random.uniform(0, 1))
        await self._say()

    async def _noise(self) -> None:
        seconds = self._random.uniform(0.2, 4)
        noise = np.random.default_rng(self._random.getrandbits(32))
        sound = noise.standard_normal(int(seconds * SAMPLE_RATE)).astype(np.float32)
        await self._play(sound * 10 ** self._random.uniform(-3, -1))

    async def _rest(self) -> None:
        await asyncio.sleep(self._random.uniform(3, 15))

    async def _lose(self) -> None:
        what = self._random.choice(("mic", "speaker", "both", "server"))
        names = ("mic", "speaker") if what == "both" else (what,)
        print(f"{self._told.now():7.1f} s  lost: {what}", flush=True)
        if what == "server":
            await self._server.stop()
        else:
            for name in names:
                await self._server.pull_out(name)
        await asyncio.sleep(self._random.uniform(1, 8))
        if what == "server":
            await self._server.start()
        else:
            for name in names:
                await self._server.plug_in(name)
        # It goes on when the loss was noticed and sound comes again; what was never noticed goes on at once.
        await asyncio.sleep(5)
        await asyncio.wait_for(self._told.listening.wait(), 60)

    async def _say(self) -> None:
        """Something, with a hesitation at times; then see to it that its end is noticed."""
        text = self._random.choice(_SAID)
        words = text.split()
        sound = self._voice(text, seed=self._random.getrandbits(16))
        goes_on = 0.0  # seconds into the second half, which is there if they hesitate
        if len(words) > 4 and self._random.random() < 0.3:
            self._done["hesitation"] += 1
            cut = _between_words(sound)
            pause = np.zeros(int(self._random.uniform(0.2, 1.0) * SAMPLE_RATE), np.float32)
            goes_on = (cut + len(pause) + (len(sound) - cut) / 2) / SAMPLE_RATE
            sound = np.concatenate([sound[:cut], pause, sound[cut:]])
        begun = self._told.now()
        await self._play(sound * 10 ** self._random.uniform(-0.5, 0))
        ended = self._told.now() - _TAIL
        if any(begun + 0.3 < at < begun + goes_on for at in self._told.turn_ends):
            self._cut_off += 1
            print(f"{begun:7.1f} s  cut off: {text}", flush=True)
        deadline = ended + PATIENCE
        # The player holds some of it; nothing that ends before is the end of this.
        while not any(at > ended - 1.0 for at in self._told.ends):
            if self._told.now() > deadline:
                self._missed += 1
                print(f"{begun:7.1f} s  no end of: {text}", flush=True)
                return
            await asyncio.sleep(0.1)
        self._delays.append(self._told.ends[-1] - ended)

    async def _play(self, sound: Any) -> None:
        path = self._folder / "said.wav"
        quiet = np.zeros(int(_TAIL * SAMPLE_RATE), np.float32)
        soundfile.write(path, np.concatenate([sound.clip(-1, 1), quiet]), SAMPLE_RATE)
        await self._server.say(path)

    def _report(self, alive: bool) -> bool:
        told = self._told
        total = told.now()
        part = total * (1 - _WARM_UP) / 5
        begins = [total * _WARM_UP + number * part for number in range(5)]
        memory = [
            statistics.median(mb for at, mb in told.memory if 0 <= at - begin < part) for begin in begins
        ]
        growth = 100 * (memory[-1] / memory[0] - 1)
        print(f"{total:.0f} s: " + ", ".join(f"{count} {name}" for name, count in self._done.most_common()))
        print(f"{told.events['TurnStarted']} turns, {len(told.stuck)} stuck, {self._missed} ends missed")
        print(f"{self._cut_off} of {self._done['hesitation']} hesitations were taken for the end")
        median, most = statistics.median(self._delays), max(self._delays)
        print(f"an end is noticed after {median:.1f} s (median), {most:.1f} s at most, player included")
        print(f"memory in fifths {', '.join(f'{mb:.0f}' for mb in memory)} MB: {growth:+.1f} %")
        if not alive:
            print("the program ended by itself")
        return alive and not told.stuck and not self._missed and growth < 2


def _between_words(sound: Any) -> int:
    """The sample in the middle third of what is said at which it is most silent."""
    third, step = len(sound) // 3, SAMPLE_RATE // 50
    loud = [np.square(sound[at : at + step]).sum() for at in range(third, 2 * third, step)]
    return third + step * int(np.argmin(loud)) + step // 2


def main() -> int:
    """Run it; 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, help="keep what happened, and the sound, to look into it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return (
            0 if asyncio.run(Soak(options.seconds, options.seed, Path(folder), options.record).run()) else 1
        )


if __name__ == "__main__":
    sys.exit(main())
