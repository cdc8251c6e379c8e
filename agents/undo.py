"""Taking back what stands in the effect journal: because the user says so, or as a guess nobody bore out."""

from __future__ import annotations

import asyncio

from agents.ending import Ending
from agents.events import UndoFailed, Undone
from agents.floor import Floor
from agents.host import Host
from agents.reactor import Reactor
from agents.turn import Turn
from tools.journal import Journal
from tools.tool import ToolError


class Undo:
    """Takes effects of a session back, and of earlier ones."""

    def __init__(self, journal: Journal, host: Host, reactor: Reactor, ending: Ending, floor: Floor) -> None:
        self._journal = journal
        self._host = host
        self._reactor = reactor
        self._ending = ending
        self._floor = floor

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Undo inside `group` from now on; first the guesses that were left over from the last time."""
        self._group = group
        for entry in self._journal.guesses():
            self._host.notice(f"A guess was left over from the last time. {await self._undo(entry.id)}")
            self._journal.keep(entry.id)  # one that cannot be undone is not told again

    def begin(self, entry: int | None) -> None:
        """Take back journal entry `entry`, or the latest effect that can be taken back."""
        self._group.create_task(self._undo(entry), name="undo")

    def answer(self, turn: Turn) -> None:
        """The user said "undo that": nothing of this turn is wanted, and the latest effect is taken back."""
        self._group.create_task(self._answer(turn), name="take back")

    async def _answer(self, turn: Turn) -> None:
        turn.drop("you took it back")
        self._reactor.forget(turn)
        await self._host.rest(turn)
        self._ending.end(turn, await self._undo(None))

    async def _undo(self, entry: int | None) -> str:
        """Take an effect back, the latest where `entry` is None; what there is to say of it."""
        if entry is None:
            latest = self._journal.latest_undoable()
            if latest is None:
                self._host.notice("There is nothing to undo.")
                return "There is nothing to undo."
            entry = latest.id
        try:
            text = await self._host.take_back(entry)
        except ToolError as error:
            self._host.emit(UndoFailed(self._floor.turns, self._host.now(), entry, str(error)))
            return str(error)
        self._host.emit(Undone(self._floor.turns, self._host.now(), entry, text))
        earlier = self._floor.earlier
        for turn in [*self._host.turns.values(), *([earlier.turn] if earlier else [])]:
            turn.dispatcher.taken_back(entry)
        return text
