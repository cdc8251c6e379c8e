"""LiveKit Agents beside this project: starts the bot, speaks to it and lends it the tools.

uv makes the environment in which the bot runs, from what the bot's file asks for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from agents.tasks import Task
from app.bench.endpoint import GoldEndpoint
from app.bench.peers import Peer
from app.bench.peers.hands import PATIENCE, Hands
from app.bench.runner import Conditions, Stage
from app.bench.score import Run
from app.bench.speaking import certain, utterance
from app.settings import SettingsError

BOT = Path(__file__).with_name("livekit_bot.py")
_LINE = 2**20  # bytes


@dataclass(slots=True)
class _Ear:
    """The answer, when it began, and whether it is over."""

    text: str = ""
    began: float | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class LiveKit:
    """The bot in its process; `version` of LiveKit Agents."""

    version = ""

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls) -> AsyncGenerator[LiveKit]:
        """Start it; the first time uv fetches what it needs. Raises SettingsError."""
        if (uv := shutil.which("uv")) is None:
            raise SettingsError(
                "LiveKit Agents runs in an environment of its own, which uv makes: install uv"
            )
        with tempfile.TemporaryFile() as errors:
            process = await asyncio.create_subprocess_exec(
                uv,
                "run",
                "--no-project",
                "--script",
                BOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=_LINE,
            )
            bot = cls(process, errors)
            try:
                bot.version = (await bot._await("ready"))["version"]
                yield bot
            finally:
                assert process.stdin is not None
                process.stdin.close()  # it ends when there is no more to read
                await process.wait()

    async def attempt(
        self, task: Task, stage: Stage, peer: Peer, conditions: Conditions, endpoint: GoldEndpoint, url: str
    ) -> Run:
        """Say `task` once to a fresh bot. Raises SettingsError where it has stopped."""
        endpoint.task = task
        pace, said = conditions.pace, utterance(task, conditions.pace, conditions.seed)
        with stage.store(task) as store:
            hands = Hands(stage.tools(), store, task, conditions)
            tools = [
                {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
                for tool in hands.tools
            ]
            self._tell("open", url=url, preemptive=peer is Peer.LIVEKIT_PREEMPTIVE, tools=tools)
            await self._await("open")
            ear = _Ear()
            loop = asyncio.get_running_loop()
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(ear, hands))
                began = loop.time()
                silent = began + said.times[-1]
                self._tell("start")
                for at, count in certain(said, pace):
                    await _until(began + at)
                    self._tell("partly", text=" ".join(said.words[:count]))
                await _until(silent + pace.likely_end)
                self._tell("likely end", text=said.text)
                await _until(silent + pace.end)
                ended = loop.time()
                self._tell("end", text=said.text)
                with contextlib.suppress(TimeoutError):  # one that does not answer is wrong, counts as slow
                    async with asyncio.timeout(PATIENCE):
                        await ear.done.wait()
                self._tell("close")
                is_alive = await listening
        if not is_alive:
            raise self._stopped()
        return hands.judged(peer, ear.text, silent=silent, ended=ended, answered=ear.began)

    async def _listen(self, ear: _Ear, hands: Hands) -> bool:
        """Hear it out and run its calls until it has closed; whether it has not stopped before."""

        async def run(line: dict[str, Any]) -> None:
            result = await hands.run(line["id"], line["name"], line["arguments"])
            self._tell("return", id=line["id"], result=json.dumps(result))

        async with asyncio.TaskGroup() as group:
            while (line := await self._read()) is not None:
                match line["is"]:
                    case "call":
                        group.create_task(run(line))
                    case "text":
                        ear.began = ear.began or asyncio.get_running_loop().time()
                        ear.text += line["text"]
                    case "flush" if ear.text:
                        ear.done.set()
                    case "closed":
                        return True
        ear.done.set()
        return False

    def _tell(self, what: str, **more: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what} | more).encode() + b"\n")

    async def _read(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        return json.loads(line) if line else None

    async def _await(self, what: str) -> dict[str, Any]:
        while (line := await self._read()) is not None:
            if line["is"] == what:
                return line
        raise self._stopped()

    def _stopped(self) -> SettingsError:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines() or ["it gave no reason"]
        return SettingsError(f"LiveKit Agents has stopped: {said[-1]}")


async def _until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
