"""What surrounds the turns of a session: clock, event stream, running calls, the open question."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from agents.calls import LiveCall
from agents.events import ConfirmAnswered, ConfirmAsked, Event
from agents.executor import Executor, World
from agents.port import Limits
from agents.turn import Turn
from tools.tool import Arguments, ToolError, ToolResult


@dataclass(frozen=True, slots=True)
class Question:
    """A `confirm` call that waits for the user's yes."""

    call: LiveCall
    timer: asyncio.TimerHandle


class Host:
    """The port of every turn of a session, and the outcome of every run.

    Made inside the running loop: times count from then. `changed` is called with the turn after each
    outcome or reply.
    """

    def __init__(self, world: World, limits: Limits, changed: Callable[[Turn], None]) -> None:
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.turns: dict[int, Turn] = {}  # those that are not over
        self.question: Question | None = None
        self._world = world
        self._limits = limits
        self._changed = changed
        self._executor: Executor | None = None
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()

    def open(self, group: asyncio.TaskGroup) -> None:
        """Run calls inside `group` from now on."""
        self._executor = Executor(self._world, group, uuid.uuid4().hex, self._limits.call_seconds)

    def after(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` in `seconds`, unless the handle is cancelled."""
        return self._loop.call_later(seconds, callback)

    def reply(self, yes: bool, said: str) -> None:
        """The user's answer to the open question; nothing where none is open."""
        if self.question is None:
            return
        question, self.question = self.question, None
        question.timer.cancel()
        turn = self.turns[question.call.turn]
        self.emit(ConfirmAnswered(turn.number, self.now(), question.call.id, yes, said))
        turn.confirmed(question.call.id, yes)
        self._changed(turn)

    # ---- Port ----------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since the session was made."""
        return self._loop.time() - self._epoch

    def emit(self, event: Event) -> None:
        """Add an event to the record and hand it to every listener."""
        self.events.append(event)
        for listener in self.listeners:
            listener(event)

    def start(self, call: LiveCall, arguments: Arguments) -> None:
        """Run a call."""
        assert self._executor is not None
        self._executor.start(call, arguments, self)

    def cancel(self, call: LiveCall) -> None:
        """Stop a read, or take back a question."""
        if self.question is not None and (self.question.call.turn, self.question.call.id) == (
            call.turn,
            call.id,
        ):
            self.question.timer.cancel()
            self.question = None
        assert self._executor is not None
        self._executor.cancel(call)

    def ask(self, call: LiveCall, arguments: Arguments) -> None:
        """Put the question of a `confirm` call to the user; silence is a no."""
        ask = call.tool.question
        try:
            question = (
                ask(self._world.context, arguments) if ask else f"Shall I {call.tool.name.replace('_', ' ')}?"
            )
        except ToolError as error:
            self.turns[call.turn].refused(call.id, str(error))
            return
        self.question = Question(
            call, self.after(self._limits.confirm_seconds, lambda: self.reply(False, ""))
        )
        self.emit(ConfirmAsked(call.turn, self.now(), call.id, question))

    # ---- Outcome -------------------------------------------------------------------------------

    def finished(self, call: LiveCall, result: ToolResult, entry: int | None) -> None:
        """A run returned."""
        turn = self.turns.get(call.turn)
        if turn is not None and turn.finished(call.id, call.run, result, entry):
            self._changed(turn)

    def failed(self, call: LiveCall, message: str) -> None:
        """A run failed."""
        turn = self.turns.get(call.turn)
        if turn is not None and turn.failed(call.id, call.run, message):
            self._changed(turn)
