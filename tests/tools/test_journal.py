from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tools.conftest import NOW
from tools.journal import EntryState, Journal
from tools.registry import tool
from tools.store import Store
from tools.tool import (
    Arguments,
    Effect,
    Json,
    OutcomeUnknown,
    Tool,
    ToolContext,
    ToolError,
    ToolResult,
)
from tools.toolbox import Toolbox


async def _take_off(context: ToolContext, undo: Json) -> ToolResult:
    assert isinstance(undo, int)
    context.store.write("DELETE FROM notes WHERE id = ?", undo)
    return ToolResult("It is off again.")


@tool(effect=Effect.WRITE, undo=_take_off, local=True)
async def put(context: ToolContext, name: str) -> ToolResult:
    """Put a row."""
    row = context.store.write("INSERT INTO notes (name, content, created) VALUES (?, '', '')", name)
    if name == "bad":
        raise ToolError("That is bad.")
    if name == "broken":
        raise ZeroDivisionError
    return ToolResult(f"{name} is in.", row, row)


class Outside:
    """The world beyond the store: effects here outlive any rollback, and can be counted."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.before: Callable[[str], None] = lambda name: None
        self.after: Callable[[str], None] = lambda name: None

        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            await asyncio.sleep(0)
            name = str(arguments["name"])
            self.before(name)
            self.sent.append(name)
            self.after(name)
            return ToolResult(f"{name} is out.", name, name)

        async def undo(context: ToolContext, undo: Json) -> ToolResult:
            await asyncio.sleep(0)
            self.before(str(undo))
            self.sent.remove(str(undo))
            self.after(str(undo))
            return ToolResult("It is back.")

        self.tool = Tool("send", "Send it.", Effect.WRITE, put.parameters, run, undo)


@pytest.fixture
def outside() -> Outside:
    return Outside()


def fail_with(error: BaseException) -> Callable[[str], None]:
    def fail(name: str) -> None:
        raise error

    return fail


def names(store: Store) -> list[str]:
    return [row["name"] for row in store.rows("SELECT name FROM notes WHERE created = '' ORDER BY id")]


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
    with pytest.raises(ToolError, match="cannot be undone"):
        await journal.undo(entry, Toolbox([outside.tool]), context)


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


async def test_a_key_still_at_work_is_not_started_again(context: ToolContext, outside: Outside) -> None:
    journal = Journal(context.store)
    first = asyncio.create_task(journal.perform("1", outside.tool, context, {"name": "a"}))
    await asyncio.sleep(0)
    with pytest.raises(OutcomeUnknown):
        await journal.perform("1", outside.tool, context, {"name": "a"})
    await first
    assert outside.sent == ["a"]


class Crash(BaseException):
    """Stands for the process ending: nothing after it runs, the store is opened anew."""


class JournalMachine(RuleBasedStateMachine):
    """Any sequence of effects, undos, failures, crashes and restarts: at most one effect a key."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.outside = Outside()
        self.box = Toolbox([put, self.outside.tool])
        self.performed: dict[str, int] = {}
        self.outside.after = self._count
        self.crash_before = self.crash_after = False
        self.outside.before = self._crash_before
        self._open()

    def _open(self) -> None:
        self.store = Store.open(Path(self.folder.name))
        self.context = ToolContext(self.store, lambda: NOW)
        self.journal = Journal(self.store)
        for entry in self.journal.recover():
            assert entry.state is (EntryState.FAILED if entry.local else EntryState.UNKNOWN)
        assert all(e.state not in ("intent", "undoing") for e in self.journal.entries())

    def _crash_before(self, name: str) -> None:
        if self.crash_before:
            self.store.close()
            raise Crash

    def _count(self, name: str) -> None:
        if not self.undoing:
            self.performed[name] = self.performed.get(name, 0) + 1
        if self.crash_after:
            self.store.close()
            raise Crash

    undoing = False

    def _run(self, work: object, crash: str) -> None:
        self.crash_before, self.crash_after = crash == "before", crash == "after"
        try:
            asyncio.run(work)  # type: ignore[arg-type]
        except ToolError:
            pass
        except Exception as error:  # the crash closed the store under the journal
            assert crash, error
        except Crash:
            pass
        finally:
            self.crash_before = self.crash_after = self.undoing = False
        if crash:
            self.reopen()

    @rule(
        key=st.sampled_from("abcde"), local=st.booleans(), crash=st.sampled_from(["", "", "before", "after"])
    )
    def perform(self, key: str, local: bool, crash: str) -> None:
        name = key + ("-local" if local else "-outside")
        tool = put if local else self.outside.tool
        self._run(self.journal.perform(name, tool, self.context, {"name": name}), "" if local else crash)

    @rule()
    def perform_badly(self) -> None:
        self._run(self.journal.perform("bad", put, self.context, {"name": "bad"}), "")

    @precondition(lambda self: self.journal.entries())
    @rule(data=st.data(), crash=st.sampled_from(["", "", "before", "after"]))
    def undo(self, data: st.DataObject, crash: str) -> None:
        entry = data.draw(st.sampled_from(self.journal.entries()))
        self.undoing = True
        self._run(self.journal.undo(entry.id, self.box, self.context), "" if entry.local else crash)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self._open()

    @invariant()
    def the_world_is_what_the_journal_says(self) -> None:
        entries = {entry.key: entry.state for entry in self.journal.entries()}
        assert all(count == 1 for count in self.performed.values())
        stored = names(self.store)
        assert len(stored) == len(set(stored)) and "bad" not in stored
        for key, state in entries.items():
            present = key in stored or key in self.outside.sent
            if state is EntryState.DONE:
                assert present, key
            elif state in (EntryState.FAILED, EntryState.UNDONE):
                assert not present, key
        assert set(stored) | set(self.outside.sent) <= entries.keys()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
