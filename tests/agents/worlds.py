"""A small world for the core's tests: tools whose effects are rows one can count, on a real store."""

from __future__ import annotations

import asyncio
from datetime import datetime

from agents.executor import World
from tools.journal import Journal
from tools.store import Store
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox

NOW = datetime(2026, 11, 23, 9, 0)


def schema(*names: str) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


class Recorder:
    """What really ran, in order: (tool, arguments)."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, dict[str, object]]] = []
        self.values: dict[object, str] = {}  # what a read gives back for an x, where not <x>

    def tool(self, name: str, effect: Effect, seconds: float = 0.0) -> Tool:
        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            await asyncio.sleep(seconds)
            if arguments.get("x") == "bad":
                raise ToolError("That went wrong.")
            self.runs.append((name, dict(arguments)))
            return ToolResult(
                f"{name} of {arguments['x']}.", value=self.values.get(arguments["x"], f"<{arguments['x']}>")
            )

        return Tool(
            name,
            f"{name} something",
            effect,
            schema("x"),
            run,
            question=lambda context, arguments: f"{name} {arguments['x']}?",
        )

    def effects(self) -> list[tuple[str, dict[str, object]]]:
        return [run for run in self.runs if not run[0].startswith("read")]


def build(recorder: Recorder) -> tuple[Toolbox, World]:
    toolbox = Toolbox(
        [
            recorder.tool("read", Effect.READ, 0.5),
            recorder.tool("read_slow", Effect.READ, 2.0),
            recorder.tool("write", Effect.WRITE, 0.3),
            recorder.tool("confirm", Effect.CONFIRM, 0.2),
        ]
    )
    store = Store.memory()
    return toolbox, World(Journal(store), ToolContext(store, lambda: NOW))
