from __future__ import annotations

import asyncio
import sqlite3

import pytest

from tests.tools.conftest import NOW
from tests.tools.outside import Outside, fail_with, names, put
from tools.journal import EntryState, Journal
from tools.registry import tool
from tools.tool import Effect, OutcomeUnknown, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


async def test_one_key_is_one_effect(context: ToolContext) -> None:
    journal = Journal(context.store)
    first = await journal.perform("1", put, context, {"name": "a"})
    again = await Journal(context.store).perform("1", put, context, {"name": "a"})
    assert first == again and names(context.store) == ["a"]
    await journal.perform("2", put, context, {"name": "a"})
    assert names(context.store) == ["a", "a"]


async def test_a_key_stands_for_one_call(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    await journal.perform("1", put, context, {"name": "a"})
    for other, name in ((put, "b"), (outside.tool, "a")):
        with pytest.raises(ValueError, match="already stands for another"):
            await journal.perform("1", other, context, {"name": name})


async def test_what_is_recorded(context: ToolContext) -> None:
    journal = Journal(context.store)
    number, result = await journal.perform("1", put, context, {"name": "a"})
    (entry,) = journal.entries()
    assert (entry.id, entry.key, entry.tool, entry.arguments) == (number, "1", "put", {"name": "a"})
    assert (entry.state, entry.text, entry.value, entry.undo) == (
        "done",
        "a is in.",
        result.value,
        result.undo,
    )
    assert entry.created == NOW and entry.local


@pytest.mark.parametrize(("name", "error"), [("bad", ToolError), ("broken", ZeroDivisionError)])
async def test_a_failed_effect_leaves_nothing(
    context: ToolContext, name: str, error: type[Exception]
) -> None:
    journal = Journal(context.store)
    with pytest.raises(error):
        await journal.perform("1", put, context, {"name": name})
    assert names(context.store) == []
    (entry,) = journal.entries()
    assert entry.state is EntryState.FAILED
    with pytest.raises(ToolError) as caught:  # and is not tried again
        await journal.perform("1", put, context, {"name": name})
    assert str(caught.value) == entry.text


async def test_a_local_tool_must_not_wait(context: ToolContext) -> None:
    @tool(effect=Effect.WRITE, local=True)
    async def slow(context: ToolContext) -> ToolResult:
        """Wait halfway."""
        context.store.write("INSERT INTO notes (name, content, created) VALUES ('x', '', '')")
        await asyncio.sleep(0)
        return ToolResult("")

    with pytest.raises(RuntimeError, match="marked as local but waits"):
        await Journal(context.store).perform("1", slow, context, {})
    assert names(context.store) == []


async def test_undo(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    box = Toolbox([put, outside.tool])
    for key, each in (("1", put), ("2", outside.tool)):
        await journal.perform(key, each, context, {"name": "a"})
    for name in ("send", "put"):
        latest = journal.latest_undoable()
        assert latest is not None and latest.tool == name
        await journal.undo(latest.id, box, context)
        with pytest.raises(ToolError, match="already been undone"):
            await journal.undo(latest.id, box, context)
        with pytest.raises(ToolError, match="has been undone"):
            await journal.perform(latest.key, box.get(name), context, {"name": "a"})
    assert journal.latest_undoable() is None
    assert names(context.store) == [] and outside.sent == []
    with pytest.raises(ToolError, match="nothing like that"):
        await journal.undo(99, box, context)


async def test_an_undo_that_fails_leaves_the_effect_standing(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    entry, _ = await journal.perform("1", outside.tool, context, {"name": "a"})
    outside.before = fail_with(ToolError("No."))
    with pytest.raises(ToolError, match="No."):
        await journal.undo(entry, Toolbox([outside.tool]), context)
    assert [entry.state for entry in journal.entries()] == ["done"]
    outside.before = fail_with(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await journal.undo(entry, Toolbox([outside.tool]), context)
    assert [entry.state for entry in journal.entries()] == ["unknown"]
    with pytest.raises(
        OutcomeUnknown, match="^It is not known whether .* was undone. So it cannot be undone;"
    ):
        await journal.undo(entry, Toolbox([outside.tool]), context)


async def test_what_is_under_way_or_never_was_is_not_undone(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    box = Toolbox([put, outside.tool])
    task = asyncio.create_task(journal.perform("1", outside.tool, context, {"name": "a"}))
    await asyncio.sleep(0)
    with pytest.raises(OutcomeUnknown, match="still under way"):
        await journal.undo(1, box, context)
    await task
    undoing = asyncio.create_task(journal.undo(1, box, context))
    await asyncio.sleep(0)
    with pytest.raises(OutcomeUnknown, match="still under way"):
        await journal.undo(1, box, context)
    await undoing
    with pytest.raises(ToolError):
        await journal.perform("2", put, context, {"name": "bad"})
    with pytest.raises(ToolError, match="did not happen, so there is nothing to undo"):
        await journal.undo(2, box, context)
    assert outside.sent == []


async def test_recovery_settles_everything_or_nothing(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    for key, each in (("1", put), ("2", outside.tool)):
        await journal.perform(key, each, context, {"name": key})
    context.store.write("UPDATE journal SET state = 'intent'")
    context.store.write(
        "CREATE TEMP TRIGGER stop BEFORE UPDATE ON journal WHEN old.id = 2"
        " BEGIN SELECT RAISE(ABORT, 'x'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        journal.recover()
    assert [entry.state for entry in journal.entries()] == ["intent", "intent"]
    context.store.write("DROP TRIGGER stop")
    settled = journal.recover()
    assert [entry.state for entry in settled] == ["failed", "unknown"]
    assert settled == journal.entries() and journal.recover() == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ToolError("No."), "failed"),
        (OutcomeUnknown("Who knows."), "unknown"),
        (ZeroDivisionError(), "unknown"),
        (asyncio.CancelledError(), "unknown"),
    ],
)
async def test_an_outside_effect_that_ends_badly(
    context: ToolContext, outside: Outside, error: BaseException, state: str
) -> None:
    journal = Journal(context.store)
    outside.after = fail_with(error)
    with pytest.raises(type(error)):
        await journal.perform("1", outside.tool, context, {"name": "a"})
    assert [entry.state for entry in journal.entries()] == [state]
    with pytest.raises(ToolError):
        await journal.perform("1", outside.tool, context, {"name": "a"})
    assert outside.sent == ["a"]


@pytest.mark.parametrize("undoing", [False, True])
async def test_what_happened_but_could_not_be_written_down_is_unknown_and_not_failed(
    context: ToolContext, outside: Outside, undoing: bool
) -> None:
    journal = Journal(context.store)
    box = Toolbox([outside.tool])
    if undoing:
        await journal.perform("1", outside.tool, context, {"name": "a"})

    def fill_the_disk(name: str) -> None:
        context.store.write("PRAGMA query_only = ON")

    outside.after = fill_the_disk
    with pytest.raises(OutcomeUnknown, match="but I could not write that down"):
        if undoing:
            await journal.undo(1, box, context)
        else:
            await journal.perform("1", outside.tool, context, {"name": "a"})
    context.store.write("PRAGMA query_only = OFF")
    assert [entry.state for entry in journal.recover()] == [EntryState.UNKNOWN]
    assert outside.sent == ([] if undoing else ["a"])


async def test_a_key_still_at_work_is_not_started_again(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    first = asyncio.create_task(journal.perform("1", outside.tool, context, {"name": "a"}))
    await asyncio.sleep(0)
    with pytest.raises(OutcomeUnknown):
        await journal.perform("1", outside.tool, context, {"name": "a"})
    await first
    assert outside.sent == ["a"]
