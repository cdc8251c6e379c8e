"""Journals with one mistake each. A crash test that lets one of them pass tests nothing."""

from __future__ import annotations

from tools.journal import Entry, EntryState, Journal, _at_once
from tools.tool import Arguments, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


class EffectBeforeIntent(Journal):
    """Writes down what it did only afterwards."""

    async def perform(
        self, key: str, tool: Tool, context: ToolContext, arguments: Arguments, *, early: bool = False
    ) -> tuple[int, ToolResult]:
        if tool.local or self._find("key = ?", key):
            return await super().perform(key, tool, context, arguments, early=early)
        outcome: ToolResult | ToolError
        try:
            outcome = await tool.run(context, arguments)
        except ToolError as error:
            outcome = error

        async def done(context: ToolContext, arguments: Arguments) -> ToolResult:
            if isinstance(outcome, ToolError):
                raise outcome
            return outcome

        after = Tool(tool.name, "", tool.effect, tool.parameters, done, tool.undo)
        return await super().perform(key, after, context, arguments, early=early)


class Repeats(Journal):
    """Takes an effect whose outcome is not known for one that did not happen, and tries again."""

    def recover(self) -> list[Entry]:
        self._store.write("DELETE FROM journal WHERE state = ?", EntryState.INTENT)
        return super().recover()


class UndoesTwice(Journal):
    """Takes an undo whose outcome is not known for one that did not happen."""

    def recover(self) -> list[Entry]:
        self._store.write("UPDATE journal SET state = ? WHERE state = ?", EntryState.DONE, EntryState.UNDOING)
        return super().recover()


class EffectBesideMark(Journal):
    """Commits a local effect and its mark one after the other."""

    def _perform_here(self, entry: int, tool: Tool, context: ToolContext, arguments: Arguments) -> ToolResult:
        try:
            with self._store.transaction():
                result = _at_once(tool.run(context, arguments), tool.name)
        except ToolError as error:
            self._mark(entry, EntryState.FAILED, str(error))
            raise
        self._finish(entry, result)
        return result


class UndoBesideMark(Journal):
    """Takes a local effect back, and marks that afterwards."""

    async def undo(self, entry_id: int, toolbox: Toolbox, context: ToolContext) -> ToolResult:
        entry = self._standing(entry_id)
        undo = toolbox.get(entry.tool).undo
        assert undo is not None
        if not entry.local:
            return await super().undo(entry_id, toolbox, context)
        result = await undo(context, entry.undo)
        self._mark(entry_id, EntryState.UNDONE, entry.text)
        return result


class ForgetsGuesses(Journal):
    """Marks a guess as one only once it has happened."""

    async def perform(
        self, key: str, tool: Tool, context: ToolContext, arguments: Arguments, *, early: bool = False
    ) -> tuple[int, ToolResult]:
        entry, result = await super().perform(key, tool, context, arguments)
        self._store.write("UPDATE journal SET early = ? WHERE id = ?", int(early), entry)
        return entry, result


class DropsUnknown(Journal):
    """Clears away what it cannot settle, and says nothing."""

    def recover(self) -> list[Entry]:
        self._store.write("DELETE FROM journal WHERE state = ?", EntryState.UNDOING)
        return super().recover()


class GuessesItWorked(Journal):
    """Takes an effect whose outcome is not known for one that happened."""

    def recover(self) -> list[Entry]:
        for entry in self._entries("state = ?", EntryState.INTENT):
            self._finish(entry.id, ToolResult("It is out.", None, entry.arguments["name"]))
        return super().recover()


class UndoesWhatWasKept(Journal):
    """Takes every effect that can be undone for a guess."""

    def guesses(self) -> list[Entry]:
        return self._entries("state = ? AND undo IS NOT NULL", EntryState.DONE)[::-1]


# With the phase of a life in which a kill brings the mistake to light.
MUTANTS: dict[type[Journal], str] = {
    EffectBeforeIntent: "perform outside",
    Repeats: "perform outside",
    GuessesItWorked: "perform outside",
    UndoesTwice: "undo outside",
    DropsUnknown: "undo outside",
    EffectBesideMark: "perform local",
    UndoBesideMark: "undo local",
    ForgetsGuesses: "perform outside, early",
    UndoesWhatWasKept: "perform two at once",
}
