"""Any sequence of what can happen to a journal."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tools.conftest import NOW
from tests.tools.outside import Outside, names, put
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import ToolContext, ToolError
from tools.toolbox import Toolbox


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
        self.guessed: set[str] = set()
        self.outside.after = self._count
        self.crash_before = self.crash_after = False
        self.outside.before = self._crash_before
        self._open()

    def _open(self) -> None:
        self.store = Store.open(Path(self.folder.name))
        self.context = ToolContext(self.store, lambda: NOW)
        self.journal = Journal(self.store)
        for entry in self.journal.recover():
            self.guessed.discard(entry.key)
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
        key=st.sampled_from("abcde"),
        local=st.booleans(),
        early=st.booleans(),
        crash=st.sampled_from(["", "", "before", "after"]),
    )
    def perform(self, key: str, local: bool, early: bool, crash: str) -> None:
        name = key + ("-local" if local else "-outside")
        tool = put if local else self.outside.tool
        if early and all(entry.key != name for entry in self.journal.entries()):
            self.guessed.add(name)
        work = self.journal.perform(name, tool, self.context, {"name": name}, early=early)
        self._run(work, "" if local else crash)

    @precondition(lambda self: self.journal.guesses())
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        kept = data.draw(st.lists(st.sampled_from(self.journal.guesses()), min_size=1))
        self.journal.keep(*(entry.id for entry in kept))
        self.guessed -= {entry.key for entry in kept}

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
        standing = {key for key in self.guessed if entries[key] is EntryState.DONE}
        assert {entry.key for entry in self.journal.guesses()} == standing
        latest = self.journal.latest_undoable()
        assert latest is None or latest.key not in self.guessed

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
