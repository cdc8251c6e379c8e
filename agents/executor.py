"""Runs calls: reads straight away, effects through the journal, each bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agents.calls import LiveCall
from tools.journal import Journal
from tools.tool import Arguments, OutcomeUnknown, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class World:
    """What calls run on.

    `delay` gives the seconds by which a call (name, arguments) is slowed down, to stand in for a slow
    service in demonstrations and benchmarks; it must depend on nothing else, so that every mode meets
    the same delays.
    """

    journal: Journal
    context: ToolContext
    delay: Callable[[str, Arguments], float] | None = None


class Outcome(Protocol):
    """Where the outcome of a run goes: one of the four is called once, unless the run was cancelled."""

    def finished(self, call: LiveCall, result: ToolResult, entry: int | None) -> None:
        """The run returned; an effect stands in the journal as `entry`."""
        ...

    def failed(self, call: LiveCall, message: str, *, unknown: bool = False) -> None:
        """The run failed; the message is a sentence fit to be spoken.

        `unknown`: whether its effect happened cannot be said.
        """
        ...

    def undone(self, call: LiveCall, text: str) -> None:
        """The effect of the call was taken back."""
        ...

    def not_undone(self, call: LiveCall, message: str) -> None:
        """It could not be taken back; the message is a sentence fit to be spoken."""
        ...


class Executor:
    """Runs the calls of a session inside its task group."""

    def __init__(
        self, world: World, toolbox: Toolbox, group: asyncio.TaskGroup, session: str, seconds: float
    ) -> None:
        """`session` makes the journal's keys unique; `seconds` bounds each run."""
        self._world = world
        self._toolbox = toolbox
        self._group = group
        self._session = session
        self._seconds = seconds
        self._tasks: dict[tuple[int, int, int], asyncio.Task[None]] = {}

    def start(self, call: LiveCall, arguments: Arguments, outcome: Outcome) -> None:
        """Run `call` with `arguments`, which hold no references any more."""
        key = (call.turn, call.id, call.run)
        task = self._group.create_task(self._run(call, arguments, outcome), name=f"call {key}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def cancel(self, call: LiveCall) -> None:
        """Stop the run of a read. An effect that has begun is never stopped half way."""
        task = self._tasks.get((call.turn, call.id, call.run))
        if task is not None and not call.is_effect:
            task.cancel()

    def undo(self, call: LiveCall, outcome: Outcome) -> None:
        """Take the effect of `call` back."""
        self._group.create_task(self._undo(call, outcome), name=f"undo of {call.tool.name}")

    async def take_back(self, entry: int) -> ToolResult:
        """Take the effect of a journal entry back. Raises ToolError where that fails."""
        world = self._world
        try:
            async with asyncio.timeout(self._seconds):
                return await world.journal.undo(entry, self._toolbox, world.context)
        except ToolError as error:
            raise ToolError(f"I could not take that back: {error}") from error
        except TimeoutError:
            raise ToolError(
                f"Taking that back took over {self._seconds:g} seconds; whether it worked is not known."
            ) from None
        except Exception as error:  # a tool is somebody's code: its fault costs its call, not the session
            raise ToolError(f"I could not take that back: it failed with {type(error).__name__}.") from error

    async def _undo(self, call: LiveCall, outcome: Outcome) -> None:
        assert call.entry is not None
        try:
            result = await self.take_back(call.entry)
        except ToolError as error:
            outcome.not_undone(call, str(error))
        else:
            outcome.undone(call, result.text)

    async def _run(self, call: LiveCall, arguments: Arguments, outcome: Outcome) -> None:
        name = call.tool.name.replace("_", " ").capitalize()
        seconds = call.tool.limits.seconds or self._seconds
        entry = None
        try:
            async with asyncio.timeout(seconds):
                if self._world.delay is not None:
                    await asyncio.sleep(self._world.delay(call.tool.name, arguments))
                if call.is_effect:
                    key = f"{self._session}/{call.turn}/{call.id}/{call.run}"
                    entry, result = await self._world.journal.perform(
                        key, call.tool, self._world.context, arguments, early=call.early
                    )
                else:
                    result = await call.tool.run(self._world.context, arguments)
        except OutcomeUnknown as error:
            outcome.failed(call, str(error), unknown=True)
        except ToolError as error:
            outcome.failed(call, str(error))
        except TimeoutError:
            unsure = "; whether it happened is not known" if call.is_effect else ""
            outcome.failed(
                call, f"{name} did not answer within {seconds:g} seconds{unsure}.", unknown=call.is_effect
            )
        except Exception as error:  # a tool is somebody's code: its fault costs its call, not the session
            outcome.failed(call, f"{name} failed with {type(error).__name__}.", unknown=call.is_effect)
        else:
            outcome.finished(call, result, entry)
