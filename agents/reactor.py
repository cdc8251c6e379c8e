"""Asks the brain, one reaction at a time, and interrupts it when something new arrives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import cast

from agents.actions import Action, Answer, Pause
from agents.brain import Brain, BrainError, Interaction
from agents.events import Mode
from agents.port import Limits
from agents.turn import Turn


class Reactor:
    """The brain's side of a session.

    `interact` gives the interaction of a turn; `settle` is called after every reaction; `broken` with a
    sentence when the brain failed in one.
    """

    def __init__(
        self,
        brain: Brain,
        mode: Mode,
        limits: Limits,
        *,
        interact: Callable[[Turn], Interaction],
        settle: Callable[[Turn], None],
        broken: Callable[[Turn, str], None],
    ) -> None:
        self._brain = brain
        self._mode = mode
        self._group: asyncio.TaskGroup | None = None
        self._limits = limits
        self._interact = interact
        self._settle = settle
        self._broken = broken
        self._task: asyncio.Task[None] | None = None
        self._reacting_to: Turn | None = None
        self._news: dict[int, Turn] = {}  # turns with something the brain has not seen
        self._is_stale = False
        self._is_stopped = False

    def open(self, group: asyncio.TaskGroup) -> None:
        """Run reactions inside `group` from now on."""
        self._group = group

    def news(self, turn: Turn, *, words: bool) -> None:
        """Something new happened in `turn`: words, or a result.

        A running reaction is interrupted: at once by a brain without patience, else when the action
        being written is done or the patience is over. A patient brain is not interrupted for a result.
        """
        self._news[turn.number] = turn
        if self._task is None:
            self._begin()
        elif self._is_stale:
            pass  # its interruption is on its way
        elif self._mode is Mode.SPECULATIVE and (words or not self._brain.patience):
            self._is_stale = True
            task = self._task
            asyncio.get_running_loop().call_later(self._brain.patience, self._interrupt, task)

    def change(self, brain: Brain, mode: Mode) -> None:
        """Ask `brain` from now on, in `mode`. A running reaction is interrupted, and begun anew."""
        self._brain, self._mode = brain, mode
        if self._task is not None and self._reacting_to is not None:
            self._news[self._reacting_to.number] = self._reacting_to
            self._task.cancel()

    def is_wanted(self, turn: Turn) -> bool:
        """Whether the brain is at work, or has not yet seen all of `turn`."""
        return self._task is not None or turn.number in self._news

    def forget(self, turn: Turn) -> None:
        """The turn is over: no more reactions to it; a running one is interrupted."""
        self._news.pop(turn.number, None)
        if self._task is not None and self._reacting_to is turn:
            self._task.cancel()

    def stop(self) -> None:
        """No more reactions, whatever is news still; the running one is interrupted."""
        self._is_stopped = True
        if self._task is not None:
            self._task.cancel()

    def poke(self) -> None:
        """Begin a reaction that had to wait, where nothing stands against it any more."""
        if self._task is None:
            self._begin()

    def _begin(self) -> None:
        if self._is_stopped:
            return
        for turn in list(self._news.values()):
            if self._mode is Mode.SEQUENTIAL and (not turn.commit.final or turn.dispatcher.is_busy):
                continue
            del self._news[turn.number]
            self._is_stale = False
            assert self._group is not None
            self._task = self._group.create_task(self._react(turn), name=f"reaction in turn {turn.number}")
            self._task.add_done_callback(lambda _, turn=turn: self._over(turn))
            self._reacting_to = turn
            return

    def _interrupt(self, task: asyncio.Task[None]) -> None:
        if task is self._task and self._is_stale:
            task.cancel()

    def _over(self, turn: Turn) -> None:
        self._task = self._reacting_to = None
        self._settle(turn)
        self.poke()

    async def _react(self, turn: Turn) -> None:
        seen = turn.finals
        if turn.is_dropped:
            return  # it ended before this began
        stream = self._brain.react(self._interact(turn))
        action: Action | None = None
        try:
            async with (
                asyncio.timeout(self._limits.reaction_seconds),
                contextlib.aclosing(cast(AsyncGenerator[Action, None], stream)) as actions,
            ):
                async for action in actions:
                    turn.act(action, seen=seen)
                    if isinstance(action, Pause | Answer) or self._is_stale:
                        return
        except TimeoutError:
            self._broken(turn, f"The brain took longer than {self._limits.reaction_seconds:g} seconds.")
        except BrainError as error:
            self._broken(turn, str(error))
        else:
            self._broken(turn, "The brain stopped in the middle of its answer.")
