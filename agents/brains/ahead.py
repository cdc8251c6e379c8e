"""Asking ahead: the guess for words that are likely to be all is under way before they are handed over.

A guess takes a round trip, and while it is under way the words go on. So a speculator is asked about the
words that seem to be the last as soon as the user is silent, beside whatever it is asked already. What it
says is used only if the words then are these and the calls still stand as it was told; else nobody sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import cast

from agents import history
from agents.actions import Action
from agents.brain import BrainError, Interaction
from agents.speculator import Speculator
from agents.words import new_words, same_words


@dataclass(frozen=True, slots=True)
class Premise:
    """What a guess depends on: the words so far, and the calls that stand (ID, version)."""

    turn: int
    words: str
    standing: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, interaction: Interaction) -> Premise:
        """That of an interaction."""
        calls = history.calls(interaction.of_turn)
        standing = tuple((call.id, call.version) for call in calls if call.is_wanted)
        return cls(interaction.turn, history.words(interaction.of_turn)[0], standing)

    def is_same(self, other: Premise) -> bool:
        """Whether a guess for one is a guess for the other."""
        return (
            self.turn == other.turn
            and self.standing == other.standing
            and same_words(self.words, other.words)
        )


@dataclass(eq=False, slots=True)
class _Asked:
    """A guess under way. `said` is what has come of it so far, of which the first `read` were used.

    `premise` is the one it is right for: what it says is told by itself as it is used.
    """

    premise: Premise
    said: list[Action] = field(default_factory=list[Action])
    read: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    error: BrainError | None = None
    is_over: bool = False
    has_reader: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_over and self.read == len(self.said)


class Ahead:
    """The guesses of `speculator`, of which one may have been asked for ahead."""

    def __init__(self, speculator: Speculator) -> None:
        self._speculator = speculator
        self._asked: _Asked | None = None
        self._dropped: set[asyncio.Task[None]] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether something was asked ahead that nobody reads yet."""
        return self._asked is not None and not (self._asked.has_reader or self._asked.is_used_up)

    def ask(self, interaction: Interaction) -> None:
        """Guess about these words, which are likely to be all. A guess about others is given up."""
        if not self.covers(interaction):
            self.drop()
            self._asked = asked = _Asked(Premise.of(interaction))
            asked.task = asyncio.create_task(self._run(asked, interaction), name="guess ahead")

    def covers(self, interaction: Interaction) -> bool:
        """Whether what was asked ahead is what would be asked now."""
        return self._asked is not None and self._asked.premise.is_same(Premise.of(interaction))

    def goes_beyond(self, interaction: Interaction) -> bool:
        """Whether what was asked ahead is about these words and more."""
        if self._asked is None or self._asked.premise.turn != interaction.turn:
            return False
        return bool(new_words(history.words(interaction.of_turn)[0], self._asked.premise.words))

    async def guess(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        """What the speculator says to this. Raises BrainError where it cannot be reached."""
        if self._asked is not None and self.covers(interaction):
            guess = self._read(self._asked, interaction)
        else:
            self.drop()
            guess = cast("AsyncGenerator[Action, None]", self._speculator.guess(interaction))
        async with contextlib.aclosing(guess) as actions:
            async for action in actions:
                yield action

    def drop(self) -> None:
        """Give up what was asked ahead. Who reads it may still read it to its end."""
        asked, self._asked = self._asked, None
        if asked is not None and not asked.has_reader:
            self._cancel(asked)

    async def close(self) -> None:
        """Give everything up. Returns once nothing runs any more."""
        self.drop()
        await asyncio.gather(*self._dropped, return_exceptions=True)

    async def _read(self, asked: _Asked, interaction: Interaction) -> AsyncGenerator[Action, None]:
        """What has not been used of it. Who is interrupted may go on from there."""
        asked.has_reader = True
        try:
            while not asked.is_used_up:
                if asked.read == len(asked.said):
                    asked.news.clear()
                    await asked.news.wait()
                else:
                    asked.read += 1
                    yield asked.said[asked.read - 1]
            if asked.error is not None:
                raise asked.error
        finally:
            asked.has_reader = False
            asked.premise = Premise.of(interaction)
            if self._asked is not asked:
                self._cancel(asked)
            elif asked.error is not None:
                self._asked = None

    def _cancel(self, asked: _Asked) -> None:
        if asked.task is not None and not asked.task.done():
            asked.task.cancel()
            self._dropped.add(asked.task)
            asked.task.add_done_callback(self._dropped.discard)

    async def _run(self, asked: _Asked, interaction: Interaction) -> None:
        guess = cast("AsyncGenerator[Action, None]", self._speculator.guess(interaction))
        try:
            async with contextlib.aclosing(guess) as actions:
                async for action in actions:
                    asked.said.append(action)
                    asked.news.set()
        except BrainError as error:
            asked.error = error
            if self._asked is asked and not asked.has_reader:
                self._asked = None  # it is asked again when its time has come
        finally:
            asked.is_over = True
            asked.news.set()
