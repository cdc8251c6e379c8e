"""A child process that serves: started, waited for, ended with everything it has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path

import httpx

_REMEMBERED = 2000  # lines of the log, in which it will say why it ended
_POLL = 0.5  # seconds between two looks whether it answers
PATIENCE = 20.0  # seconds it has to end by itself
_WORD = 30.0  # seconds after which waiting is told again


class Server:
    """A running server. What it prints goes to its log, and line by line to `heard`."""

    def __init__(self, process: Process, log: Path, heard: Callable[[str], None]) -> None:
        self.lines = deque[str](maxlen=_REMEMBERED)
        self._process = process
        self._log = log
        self._heard = heard

    async def read(self, printed: asyncio.StreamReader) -> None:
        """Take down what it prints, until nothing of it is left."""
        rest = ""
        with self._log.open("wb", buffering=0) as log:
            while chunk := await printed.read(1 << 16):
                log.write(chunk)
                # Bars of progress write over themselves: each state is a line.
                *lines, rest = (rest + chunk.decode(errors="replace")).replace("\r", "\n").split("\n")
                for line in lines:
                    self.lines.append(line)
                    self._heard(line)
        self.lines.append(rest)

    async def ended(self) -> int:
        """Its status, once it has ended."""
        return await self._process.wait()

    async def ready(self, url: str, say: Callable[[str], None]) -> None:
        """Return once `url` is answered with 200; `say` now and then that it is still waited for."""
        loop = asyncio.get_running_loop()
        began = told = loop.time()
        async with httpx.AsyncClient(timeout=_POLL, trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == 200:
                        return
                if (now := loop.time()) - told >= _WORD:
                    told = now
                    say(f"still starting after {now - began:.0f} s")
                await asyncio.sleep(_POLL)

    async def end(self, patience: float) -> None:
        """End it, and whatever it has started: with a word first, after `patience` seconds by force."""
        if self._process.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@contextlib.asynccontextmanager
async def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    heard: Callable[[str], None],
    *,
    patience: float = PATIENCE,
) -> AsyncGenerator[Server]:
    """Run `command` with `environment` besides our own; when left, it has ended.

    It leads a process group: a ctrl-c in the terminal is ours alone to pass on. Raises OSError where it
    cannot be run.
    """
    # A pipe of our own: with asyncio's, Python 3.11 takes a process for alive as long as a child of it is.
    ours, theirs = os.pipe()
    printed = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(printed), os.fdopen(ours, "rb", buffering=0)
    )
    with contextlib.closing(pipe):
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=DEVNULL,
                stdout=theirs,
                stderr=STDOUT,
                env=os.environ | environment,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        server = Server(process, log, heard)
        reading = asyncio.create_task(server.read(printed))
        try:
            yield server
        finally:
            await server.end(patience)
            await reading
