"""Effects performed before their turn was committed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.tools.outside import Outside, fail_with, names, put
from tools.journal import EntryState, Journal
from tools.tool import ToolContext, ToolError
from tools.toolbox import Toolbox


@pytest.mark.parametrize("local", [True, False])
async def test_a_guess_stands_apart_until_it_is_kept(
    context: ToolContext, outside: Outside, local: bool
) -> None:
    journal = Journal(context.store)
    tool = put if local else outside.tool
    meant, _ = await journal.perform("1", tool, context, {"name": "a"})
    guess, _ = await journal.perform("2", tool, context, {"name": "b"}, early=True)
    other, _ = await journal.perform("3", tool, context, {"name": "c"}, early=True)
    assert [entry.id for entry in journal.guesses()] == [other, guess]  # the order in which to undo them
    latest = journal.latest_undoable()
    assert latest is not None and latest.id == meant
    journal.keep(guess, other)
    assert journal.guesses() == []
    latest = journal.latest_undoable()
    assert latest is not None and latest.id == other and not latest.early


async def test_a_wrong_guess_is_undone_and_the_journal_shows_both(context: ToolContext) -> None:
    journal = Journal(context.store)
    guess, _ = await journal.perform("1", put, context, {"name": "a"}, early=True)
    await journal.undo(guess, Toolbox([put]), context)
    (entry,) = journal.entries()
    assert (entry.state, entry.early, entry.text) == (EntryState.UNDONE, True, "a is in.")
    assert names(context.store) == [] and journal.guesses() == []
    with pytest.raises(ToolError, match="has been undone"):
        await journal.perform("1", put, context, {"name": "a"}, early=True)


async def test_a_guess_under_way_can_be_kept(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    task = asyncio.create_task(journal.perform("1", outside.tool, context, {"name": "a"}, early=True))
    await asyncio.sleep(0)
    (entry,) = journal.entries()
    assert (entry.state, entry.early) == (EntryState.INTENT, True)
    assert journal.guesses() == []  # nothing stands yet that could be undone
    journal.keep(entry.id)
    await task
    assert journal.guesses() == [] and journal.latest_undoable() is not None


async def test_keeping_nothing_or_what_is_no_guess_does_nothing(context: ToolContext) -> None:
    journal = Journal(context.store)
    entry, _ = await journal.perform("1", put, context, {"name": "a"})
    before = journal.entries()
    journal.keep()
    journal.keep(entry, 99)
    assert journal.entries() == before


async def test_a_failed_guess_is_none(context: ToolContext) -> None:
    journal = Journal(context.store)
    with pytest.raises(ToolError):
        await journal.perform("1", put, context, {"name": "bad"}, early=True)
    assert journal.guesses() == [] and names(context.store) == []


async def test_only_what_can_be_undone_may_be_a_guess(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    with pytest.raises(ValueError, match="cannot run early"):
        await journal.perform("1", replace(outside.tool, undo=None), context, {"name": "a"}, early=True)
    assert journal.entries() == [] and outside.sent == []


async def test_a_guess_whose_undo_fails_stands_and_is_still_a_guess(
    context: ToolContext, outside: Outside
) -> None:
    journal = Journal(context.store)
    guess, _ = await journal.perform("1", outside.tool, context, {"name": "a"}, early=True)
    outside.before = fail_with(ToolError("The line is dead."))
    with pytest.raises(ToolError, match="The line is dead."):
        await journal.undo(guess, Toolbox([outside.tool]), context)
    assert [entry.id for entry in journal.guesses()] == [guess] and outside.sent == ["a"]
