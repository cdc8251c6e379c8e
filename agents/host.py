"""What surrounds the turns of a session: clock, event stream, running calls, the open question."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.calls import LiveCall
from agents.events import ConfirmAnswered, ConfirmAsked, Event, LateResult, Notice, Saying
from agents.executor import Executor, World
from agents.port import Limits
from agents.speech import Speech
from agents.turn import Turn
from tools.tool import Arguments, ToolError, ToolResult
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Question:
    """A `confirm` call that waits for the user's yes."""

    call: LiveCall
    timer: asyncio.TimerHandle


class Host:
    """The port of every turn of a session, and the outcome of every run.

    Made inside the running loop: times count from then.
    """

    def __init__(self, world: World, toolbox: Toolbox, limits: Limits) -> None:
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.voices: list[Callable[[int, Speech], None]] = []
        self.of_turn: dict[int, list[Event]] = {}
        self.turns: dict[int, Turn] = {}  # those that are not over
        self._leaving: dict[int, Turn] = {}  # over, but for an effect that was under way
        self.question: Question | None = None
        self._world = world
        self._toolbox = toolbox
        self._limits = limits
        self._executor: Executor | None = None
        self._moved = asyncio.Event()  # set whenever an effect has its outcome
        self._session = uuid.uuid4().hex
        self._loop = asyncio.get_running_loop()
        self._epoch = self._loop.time()

    def open(self, group: asyncio.TaskGroup, changed: Callable[[Turn], None]) -> None:
        """Run calls inside `group` from now on.

        `changed` is called with the turn after each outcome or reply.
        """
        self._changed = changed
        self._executor = Executor(self._world, self._toolbox, group, self._session, self._limits.call_seconds)

    def after(self, seconds: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call `callback` in `seconds`, unless the handle is cancelled."""
        return self._loop.call_later(seconds, callback)

    def reply(self, yes: bool, said: str) -> None:
        """The user's answer to the open question; nothing where none is open."""
        question = self._close(yes, said)
        if question is not None:
            turn = self.turns[question.call.turn]
            turn.dispatcher.confirmed(question.call.id, yes)
            self._changed(turn)

    def correct(self, said: str) -> Turn:
        """The user answered the open question with something else; the turn it belongs to."""
        question = self._close(False, said)
        assert question is not None
        turn = self.turns[question.call.turn]
        turn.dispatcher.corrected(question.call.id)
        return turn

    def wait_for_reply(self) -> None:
        """What sounded like a reply was none: the question stays open as long as when it was asked."""
        if self.question is not None:
            self.question = replace(self.question, timer=self._silence_is_a_no())

    async def rest(self, turn: Turn) -> None:
        """Wait until no effect of the turn is under way."""
        while turn.dispatcher.has_effect_under_way:
            self._moved.clear()
            await self._moved.wait()

    def leave(self, turn: Turn) -> None:
        """The turn is over; an effect under way is still followed to its end."""
        turn.drop("the turn is over")
        del self.turns[turn.number]
        if turn.dispatcher.has_effect_under_way:
            self._leaving[turn.number] = turn

    async def take_back(self, entry: int) -> str:
        """Take a journal entry's effect back; what to say of it. Raises ToolError."""
        assert self._executor is not None
        return (await self._executor.take_back(entry)).text

    # ---- Port ----------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since the session was made."""
        return self._loop.time() - self._epoch

    def emit(self, event: Event) -> None:
        """Add an event to the record and hand it to every listener."""
        self.events.append(event)
        turn: int | None = getattr(event, "turn", None)
        if turn is not None:
            self.of_turn.setdefault(turn, []).append(event)
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Hand an event to every listener and forget it."""
        for listener in tuple(self.listeners):
            listener(event)

    def notice(self, text: str, *, error: bool = False) -> None:
        """Tell the user something in one line."""
        self.emit(Notice(self.now(), text, error))

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

    def speak(self, turn: int, speech: Speech) -> None:
        """Let every voice say it."""
        self.emit(Saying(turn, self.now()))
        for voice in tuple(self.voices):
            voice(turn, speech)

    def undo(self, call: LiveCall) -> None:
        """Take the effect of a call back."""
        assert self._executor is not None
        self._executor.undo(call, self)

    def keep(self, entries: Sequence[int]) -> None:
        """These effects are guesses no more."""
        self._world.journal.keep(*entries)

    def ask(self, call: LiveCall, arguments: Arguments) -> None:
        """Put the question of a `confirm` call to the user; silence is a no."""
        ask = call.tool.question
        try:
            question = (
                ask(self._world.context, arguments) if ask else f"Shall I {call.tool.name.replace('_', ' ')}?"
            )
        except ToolError as error:
            self.turns[call.turn].dispatcher.refused(call.id, str(error))
            return
        self.question = Question(call, self._silence_is_a_no())
        self.emit(ConfirmAsked(call.turn, self.now(), call.id, question))

    def _silence_is_a_no(self) -> asyncio.TimerHandle:
        return self.after(self._limits.confirm_seconds, lambda: self.reply(False, ""))

    def _close(self, yes: bool, said: str) -> Question | None:
        question, self.question = self.question, None
        if question is not None:
            question.timer.cancel()
            self.emit(ConfirmAnswered(question.call.turn, self.now(), question.call.id, yes, said))
        return question

    # ---- Outcome -------------------------------------------------------------------------------

    def finished(self, call: LiveCall, result: ToolResult, entry: int | None) -> None:
        """A run returned."""
        turn = self._turn(call)
        if entry is not None:
            self._world_changed(call.turn)
        if turn is None:
            self.emit(LateResult(call.turn, self.now(), call.id, result.text))
        elif turn.dispatcher.finished(call.id, call.run, result, entry):
            self._follow(turn, result.text)

    def failed(self, call: LiveCall, message: str, *, unknown: bool = False) -> None:
        """A run failed."""
        turn = self._turn(call)
        if turn is not None and turn.dispatcher.failed(call.id, call.run, message, unknown=unknown):
            self._follow(turn, message)

    def undone(self, call: LiveCall, text: str) -> None:
        """The effect of a call was taken back."""
        self._world_changed(call.turn)
        if (turn := self._turn(call)) is not None:
            turn.dispatcher.undone(call.id, text)
            self._follow(turn, "")

    def not_undone(self, call: LiveCall, message: str) -> None:
        """The effect of a call could not be taken back."""
        if (turn := self._turn(call)) is not None:
            turn.dispatcher.not_undone(call.id, message)
            self._follow(turn, message)

    def _world_changed(self, by: int) -> None:
        """An effect of turn `by` happened or is gone: that turn knows, the others must be told."""
        for turn in self.turns.values():
            if turn.number != by:
                turn.dispatcher.world_changed()

    def _turn(self, call: LiveCall) -> Turn | None:
        """The turn of a call, unless it left nothing to wait for."""
        return self.turns.get(call.turn) or self._leaving.get(call.turn)

    def _follow(self, turn: Turn, text: str) -> None:
        """Tell the session, or the user where the turn is over and nobody else will."""
        self._moved.set()
        if turn.number in self.turns:
            self._changed(turn)
            return
        if text:
            self.notice(text)
        if not turn.dispatcher.has_effect_under_way:
            self._leaving.pop(turn.number, None)
