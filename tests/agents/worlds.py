"""A small world for the core's tests: tools whose effects are rows one can count, on a real store."""

from __future__ import annotations

import asyncio
from datetime import datetime

from agents.executor import World
from tools.journal import Journal
from tools.store import Store
from tools.tool import (
    Arguments,
    Effect,
    Json,
    Speculate,
    Tool,
    ToolContext,
    ToolError,
    ToolLimits,
    ToolResult,
)
from tools.toolbox import Toolbox

NOW = datetime(2026, 11, 23, 9, 0)
NO_LIMITS = ToolLimits()


def schema(*names: str) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


class Recorder:
    """What really ran, in order: (tool, arguments); and which of it was taken back."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, dict[str, object]]] = []
        self.undone: list[int] = []  # places in `runs`
        self.values: dict[object, str] = {}  # what a read gives back for an x, where not <x>

    def tool(
        self,
        name: str,
        effect: Effect,
        seconds: float = 0.0,
        *,
        undo: bool = False,
        speculate: Speculate = Speculate.AUTO,
        limits: ToolLimits = NO_LIMITS,
    ) -> Tool:
        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            await asyncio.sleep(seconds)
            if arguments.get("x") == "bad":
                raise ToolError("That went wrong.")
            self.runs.append((name, dict(arguments)))
            return ToolResult(
                f"{name} of {arguments['x']}.",
                value=self.values.get(arguments["x"], f"<{arguments['x']}>"),
                undo=len(self.runs) - 1 if undo else None,
            )

        async def take_back(context: ToolContext, place: Json) -> ToolResult:
            await asyncio.sleep(seconds)
            assert isinstance(place, int) and place not in self.undone
            _, arguments = self.runs[place]
            if arguments["x"] == "stuck":
                raise ToolError("It is stuck.")
            self.undone.append(place)
            return ToolResult(f"{name} of {arguments['x']} is gone.")

        return Tool(
            name,
            f"{name} something",
            effect,
            schema("x"),
            run,
            take_back if undo else None,
            question=lambda context, arguments: f"{name} {arguments['x']}?",
            speculate=speculate,
            limits=limits,
        )

    def effects(self) -> list[tuple[str, dict[str, object]]]:
        """Every effect that happened, also those that were taken back."""
        return [run for run in self.runs if not run[0].startswith("read")]

    def standing(self) -> list[tuple[str, dict[str, object]]]:
        """The effects that were not taken back."""
        return [
            run
            for place, run in enumerate(self.runs)
            if not run[0].startswith("read") and place not in self.undone
        ]


def build(recorder: Recorder) -> tuple[Toolbox, World]:
    toolbox = Toolbox(
        [
            recorder.tool("read", Effect.READ, 0.5),
            recorder.tool("read_slow", Effect.READ, 2.0),
            recorder.tool("write", Effect.WRITE, 0.3),
            recorder.tool("confirm", Effect.CONFIRM, 0.2),
            recorder.tool("put", Effect.WRITE, 0.3, undo=True),
            recorder.tool("put_early", Effect.WRITE, 0.3, undo=True, speculate=Speculate.EARLY),
            recorder.tool("read_late", Effect.READ, 0.2, speculate=Speculate.NEVER),
            recorder.tool("read_twice", Effect.READ, 0.5, limits=ToolLimits(speculative=2, parallel=1)),
        ]
    )
    store = Store.memory()
    return toolbox, World(Journal(store), ToolContext(store, lambda: NOW))
