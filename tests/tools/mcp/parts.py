"""Servers to test with, and what is asked of them again and again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tools.mcp.config import HttpServer, ServerConfig, StdioServer, Trust
from tools.mcp.servers import McpTools, open_servers
from tools.tool import Effect, Tool

HERE = Path(__file__).parent


def git(*arguments: str, folder: Path) -> str:
    name = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    return subprocess.run(
        ["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def stdio_git(repository: Path, trust: Trust = Trust.ANNOTATIONS) -> StdioServer:
    return StdioServer("git", trust, sys.executable, ("-m", "mcp_server_git", "-r", str(repository)))


def http_git(port: int, word: str = "sesame") -> HttpServer:
    headers = {"Authorization": f"Bearer {word}"}
    return HttpServer("git", Trust.ANNOTATIONS, f"http://127.0.0.1:{port}/mcp", headers)


def rogue(folder: Path, start: str = "well", trust: Trust = Trust.ANNOTATIONS) -> StdioServer:
    program = (str(HERE / "rogue.py"), start, str(folder / "got.jsonl"))
    return StdioServer("rogue", trust, sys.executable, ("-I", *program))


def got(folder: Path, method: str) -> list[Any]:
    """Params of the messages of `method` the rogue server got."""
    lines = [json.loads(line) for line in (folder / "got.jsonl").read_text().splitlines()]
    return [line.get("params") for line in lines if line["method"] == method]


class Wire:
    """A wire to a local port, on a port of its own, that breaks once `cut_at` has gone through it."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.cut_at: bytes | None = None
        self._ends: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._server.close()
        for end in self._ends:
            end.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends += [writer, far_writer]

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                if self.cut_at is not None and self.cut_at in data:
                    await sink.drain()
                    break
            writer.close()
            far_writer.close()

        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer), return_exceptions=True)


def lives(process: int) -> bool:
    return Path("/proc", str(process)).exists()


@asynccontextmanager
async def served(
    folder: Path, *servers: ServerConfig, seconds: float = 20, effects: dict[str, Effect] | None = None
) -> AsyncIterator[McpTools]:
    async with open_servers(servers, log=folder / "mcp.log", seconds=seconds, effects=effects) as found:
        yield found


def named(found: McpTools, name: str) -> Tool:
    return next(tool for tool in found.tools if tool.name == name)


def names(tools: Sequence[Tool]) -> set[str]:
    return {tool.name for tool in tools}
