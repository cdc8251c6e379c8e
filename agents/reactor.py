"""The brain's side of a session: it is given what is new, and asked, one reaction at a time.

A reaction is interrupted when something new arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import cast

from agents.actions import Action, Answer, Answering, Pause
from agents.brain import Brain, BrainError, Interaction
from agents.events import Mode, Updated
from agents.host import Host
from agents.live import ForesightedBrain, LiveBrain
from agents.port import Limits
from agents.turn import Turn
from tools.toolbox import Toolbox


class Reactor:
    """Asks `brain`, in `mode`, about the turns of a session."""

    def __init__(self, brain: Brain, mode: Mode, host: Host, toolbox: Toolbox, limits: Limits) -> None:
        self.brain = brain
        self.mode = mode
        self._host = host
        self._toolbox = toolbox
        self._limits = limits
        self._group: asyncio.TaskGroup | None = None
        self._task: asyncio.Task[None] | None = None
        self._reacting_to: Turn | None = None
        self._news: dict[int, Turn] = {}  # turns with something the brain has not seen
        self._words: dict[int, tuple[str, bool]] = {}  # by turn: the latest, not yet handed over; final?
        self._is_stale = False  # the running reaction ends with its present action
        self._breaking: asyncio.TimerHandle | None = None  # ... and then at the latest
        self._is_stopped = False

    def open(
        self,
        group: asyncio.TaskGroup,
        *,
        settle: Callable[[Turn], None],
        broken: Callable[[Turn, str], None],
    ) -> None:
        """Run reactions inside `group` from now on.

        `settle` is called after every reaction; `broken` with a sentence when the brain failed in one.
        """
        self._group = group
        self._settle = settle
        self._broken = broken

    # ---- what is new ---------------------------------------------------------------------------

    def hand_over(self, turn: Turn, text: str, *, final: bool) -> None:
        """Give the brain the words of the turn so far, as soon as it can take them."""
        self._words[turn.number] = (text, final)
        self.news(turn, words=True)

    def reopened(self, turn: Turn) -> None:
        """The end of the turn was none: what the brain has not been given yet is not final."""
        if turn.number in self._words:
            self._words[turn.number] = (self._words[turn.number][0], False)

    def foresee(self, turn: Turn, text: str) -> None:
        """Let the brain know, where it wants to, that `text` is likely to be all of the turn."""
        if isinstance(self.brain, ForesightedBrain) and self.mode is Mode.SPECULATIVE:
            likely = Updated(turn.number, self._host.now(), text, True)
            of_turn = [*self._host.of_turn[turn.number], likely]
            self.brain.foresee(Interaction(self._toolbox, turn.number, of_turn, self._host.of_turn))

    def news(self, turn: Turn, *, words: bool) -> None:
        """Something new happened in `turn`: words, or a result.

        Words may make wrong what is being written: a running reaction ends with its present action, and that
        is broken off when the brain's patience is over. A result cannot; for it a brain without patience
        ends its reaction too, but finishes the action, unless it is a live one, which may be waiting for it.
        """
        self._news[turn.number] = turn
        patience = self.brain.patience
        if self._task is None:
            self._begin()
        elif self.mode is Mode.SPECULATIVE and (words or not patience):
            self._is_stale = True
            if self._breaking is None and (words or isinstance(self.brain, LiveBrain)):
                self._breaking = self._host.after(patience, self._task.cancel)

    # ---- reactions -----------------------------------------------------------------------------

    def change(self, brain: Brain, mode: Mode) -> None:
        """Ask `brain` from now on, in `mode`. A running reaction is interrupted, and begun anew."""
        self.brain, self.mode = brain, mode
        if self._task is not None and self._reacting_to is not None:
            self._news[self._reacting_to.number] = self._reacting_to
            self._task.cancel()

    def is_wanted(self, turn: Turn) -> bool:
        """Whether the brain is at work, or has not yet seen all of `turn`."""
        return self._task is not None or turn.number in self._news

    def forget(self, turn: Turn) -> None:
        """The turn is over: no more reactions to it; a running one is interrupted."""
        self._news.pop(turn.number, None)
        self._words.pop(turn.number, None)
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
            if self.mode is Mode.SEQUENTIAL and (not turn.commit.final or turn.dispatcher.is_busy):
                continue
            del self._news[turn.number]
            self._is_stale = False
            assert self._group is not None
            self._task = self._group.create_task(self._react(turn), name=f"reaction in turn {turn.number}")
            self._task.add_done_callback(lambda _, turn=turn: self._over(turn))
            self._reacting_to = turn
            return

    def _over(self, turn: Turn) -> None:
        if self._breaking is not None:
            self._breaking.cancel()
        self._task = self._reacting_to = self._breaking = None
        self._settle(turn)
        self.poke()

    def _interaction(self, turn: Turn) -> Interaction:
        """What the brain is shown as it begins to react.

        Words count as handed over here, not when they were heard: what the brain writes while it has not
        seen them stands before them in the stream that it reads.
        """
        words = self._words.pop(turn.number, None)
        if words is not None:
            text, final = words
            self._host.emit(Updated(turn.number, self._host.now(), text, final))
        turns = self._host.of_turn
        return Interaction(self._toolbox, turn.number, turns[turn.number], turns)

    async def _react(self, turn: Turn) -> None:
        seen = turn.finals
        if turn.is_dropped:
            return  # it ended before this began
        stream = self.brain.react(self._interaction(turn))
        action: Action | None = None
        try:
            async with (
                asyncio.timeout(self._limits.reaction_seconds),
                contextlib.aclosing(cast(AsyncGenerator[Action, None], stream)) as actions,
            ):
                async for action in actions:
                    turn.act(action, seen=seen)
                    is_begun = isinstance(action, Answering)  # what it begins is the present action still
                    if isinstance(action, Pause | Answer) or (self._is_stale and not is_begun):
                        return
        except TimeoutError:
            self._broken(turn, f"The brain took longer than {self._limits.reaction_seconds:g} seconds.")
        except BrainError as error:
            self._broken(turn, str(error))
        else:
            self._broken(turn, "The brain stopped in the middle of its answer.")
