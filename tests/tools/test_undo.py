"""Undoing what has changed since: the right thing happens, or a sentence says why not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.tools.conftest import NOW
from tools.journal import EntryState, Journal
from tools.tool import Json, ToolContext, ToolError
from tools.toolbox import Toolbox

# A tool that inserts a row, its arguments, and the row's table.
INSERTS: list[tuple[str, dict[str, Json], str]] = [
    ("create_calendar_event", {"title": "lunch", "start": "Friday at noon"}, "events"),
    ("compose_new_email", {"to": "Ana", "body": "Hello"}, "drafts"),
    ("reply_to_email", {"body": "Yes"}, "drafts"),
    ("forward_email", {"to": "Ana"}, "drafts"),
    ("create_reminder", {"title": "buy milk"}, "reminders"),
    ("get_zoom_meeting_link", {"topic": "the budget"}, "meetings"),
    ("set_timer", {"duration": "ten minutes"}, "timers"),
    ("create_note", {"name": "party"}, "notes"),
]


@pytest.mark.parametrize(("name", "arguments", "table"), INSERTS, ids=lambda part: str(part)[:24])
async def test_what_was_deleted_by_hand_is_not_undone_and_nothing_in_its_place(
    context: ToolContext, toolbox: Toolbox, name: str, arguments: dict[str, Json], table: str
) -> None:
    journal = Journal(context.store)
    first, _ = await journal.perform("1", toolbox.get(name), context, arguments)
    context.store.write(f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")
    before = len(context.store.rows(f"SELECT * FROM {table}"))
    await journal.perform("2", toolbox.get(name), context, arguments)  # takes no deleted row's ID
    with pytest.raises(ToolError, match="no longer there|changed since"):
        await journal.undo(first, toolbox, context)
    assert len(context.store.rows(f"SELECT * FROM {table}")) == before + 1
    assert journal.entries()[0].state is EntryState.DONE


async def test_a_line_taken_off_a_note_that_was_changed_by_hand(
    context: ToolContext, toolbox: Toolbox
) -> None:
    journal = Journal(context.store)
    await journal.perform("1", toolbox.get("create_note"), context, {"name": "list", "content": "eggs"})
    arguments: dict[str, Json] = {"name": "list", "content": "milk"}
    added, _ = await journal.perform("2", toolbox.get("append_note_content"), context, arguments)
    context.store.write("UPDATE notes SET content = 'bread' || char(10) || content WHERE name = 'list'")
    await journal.undo(added, toolbox, context)
    row = context.store.row("SELECT * FROM notes WHERE name = 'list'")
    assert row is not None and row["content"] == "bread\neggs"


@pytest.mark.parametrize("change", ["UPDATE notes SET content = 'bread'", "DELETE FROM notes"])
async def test_a_line_that_is_no_longer_in_its_note(
    context: ToolContext, toolbox: Toolbox, change: str
) -> None:
    journal = Journal(context.store)
    await journal.perform("1", toolbox.get("create_note"), context, {"name": "list"})
    arguments: dict[str, Json] = {"name": "list", "content": "milk"}
    added, _ = await journal.perform("2", toolbox.get("append_note_content"), context, arguments)
    context.store.write(change)
    with pytest.raises(ToolError, match="The note has changed since"):
        await journal.undo(added, toolbox, context)


@pytest.mark.parametrize(
    ("name", "once", "again"),
    [
        ("set_light", {"room": "kitchen", "state": "on"}, {"room": "kitchen", "state": "dim"}),
        ("set_thermostat", {"degrees": "21"}, {"degrees": "22"}),
        ("play_music", {"what": "jazz"}, {"what": "blues"}),
    ],
)
async def test_a_device_that_was_set_again(
    context: ToolContext, toolbox: Toolbox, name: str, once: dict[str, Json], again: dict[str, Json]
) -> None:
    journal = Journal(context.store)
    before = context.store.rows("SELECT * FROM home ORDER BY device")
    first, _ = await journal.perform("1", toolbox.get(name), context, once)
    second, _ = await journal.perform("2", toolbox.get(name), context, again)
    with pytest.raises(ToolError, match="changed since, so I left it as it is"):
        await journal.undo(first, toolbox, context)
    await journal.undo(second, toolbox, context)
    await journal.undo(first, toolbox, context)
    assert context.store.rows("SELECT * FROM home ORDER BY device") == before


async def test_a_timer_that_has_run_out(context: ToolContext, toolbox: Toolbox) -> None:
    journal = Journal(context.store)
    timer, _ = await journal.perform("1", toolbox.get("set_timer"), context, {"duration": "ten minutes"})
    later = ToolContext(context.store, lambda: NOW + timedelta(minutes=10))
    assert (await journal.undo(timer, toolbox, later)).text == "Your timer had already run out."


async def test_the_contact_of_a_draft_is_gone(context: ToolContext, toolbox: Toolbox) -> None:
    journal = Journal(context.store)
    arguments: dict[str, Json] = {"to": "Ana", "body": "Hello"}
    draft, _ = await journal.perform("1", toolbox.get("compose_new_email"), context, arguments)
    context.store.write("DELETE FROM contacts WHERE name = 'Ana Lopez'")
    undone = await journal.undo(draft, toolbox, context)
    assert undone.text == "I deleted the draft to ana.lopez@example.com."
