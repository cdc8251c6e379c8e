"""A turn with a published server's tools: its reads run ahead, its effects wait, and the journal has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from agents.actions import Answer, Call
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import (
    Answered,
    CallChanged,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    Event,
    Updated,
)
from agents.executor import World
from agents.port import Limits
from agents.session import Session
from tests.tools.mcp.parts import git, got, rogue, served
from tools.journal import Entry, EntryState, Journal
from tools.mcp.config import ServerConfig, Trust
from tools.tool import ToolContext
from tools.toolbox import Toolbox

SECONDS_A_WORD = 0.05
LIMITS = Limits(confirm_seconds=0.3, call_seconds=2)


async def converse(
    server: ServerConfig,
    script: Sequence[Step],
    context: ToolContext,
    folder: Path,
    *,
    watch: Callable[[Session, Event], None] = lambda session, event: None,
    words: str = "one two three four",
) -> tuple[list[Event], list[Entry]]:
    """One spoken turn on the real clock: its events, and the journal after it."""
    events: list[Event] = []
    journal = Journal(context.store)
    async with served(folder, server) as found:
        session = Session(ScriptedBrain(script), Toolbox(found.tools), World(journal, context), limits=LIMITS)
        session.subscribe(events.append)
        session.subscribe(lambda event: watch(session, event))
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            said = words.split()
            for count in range(1, len(said) + 1):
                await asyncio.sleep(SECONDS_A_WORD)
                session.hear(" ".join(said[:count]), "")
            session.speech_ended(session.now())
            await asyncio.sleep(SECONDS_A_WORD)
            session.end_turn(words)
            while not session.is_idle:
                await asyncio.sleep(0.01)
            session.close()
    return events, journal.entries()


def place(events: Sequence[Event], call: int, state: CallState) -> int:
    return next(
        at
        for at, event in enumerate(events)
        if isinstance(event, CallChanged) and (event.call, event.state) == (call, state)
    )


def first(events: Sequence[Event], of: Callable[[Event], bool]) -> int:
    return next(at for at, event in enumerate(events) if of(event))


def is_final(event: Event) -> bool:
    return isinstance(event, Updated) and event.final


def is_commit(event: Event) -> bool:
    return isinstance(event, Committed)


async def test_a_read_runs_ahead_and_a_write_waits_for_commit(
    real: ServerConfig, repository: Path, tmp_path: Path, context: ToolContext
) -> None:
    where = {"repo_path": str(repository)}
    branch = f"spoken-to-{type(real).__name__}"
    at_commit: list[str] = []

    def watch(session: Session, event: Event) -> None:
        if is_commit(event):
            at_commit.append(git("branch", folder=repository))

    events, journal = await converse(
        real,
        [
            Step(1, [Call(1, "git_log", where)]),
            Step(2, [Call(2, "git_create_branch", {**where, "branch_name": branch})]),
            Step(None, [Answer("$2")]),
        ],
        context,
        tmp_path,
        watch=watch,
    )
    final, commit = first(events, is_final), first(events, is_commit)
    assert place(events, 1, CallState.RUNNING) < final
    assert place(events, 2, CallState.HELD) < final < commit < place(events, 2, CallState.RUNNING)
    assert branch not in at_commit[0]
    assert branch in git("branch", folder=repository)
    (entry,) = journal
    assert (entry.tool, entry.state, entry.local) == ("git_create_branch", EntryState.DONE, False)
    assert entry.arguments == {**where, "branch_name": branch}
    assert [event.entry for event in events if isinstance(event, Effected)] == [entry.id]
    assert branch in [event.text for event in events if isinstance(event, Answered)][0]


async def test_what_may_destroy_waits_for_a_yes(
    real: ServerConfig, repository: Path, tmp_path: Path, context: ToolContext
) -> None:
    script = [Step(1, [Call(1, "git_reset", {"repo_path": str(repository)})]), Step(None, [Answer("$1")])]
    (repository / "staged.txt").write_text("something")
    git("add", "staged.txt", folder=repository)

    _, journal = await converse(real, script, context, tmp_path)
    assert not journal  # nobody said yes
    assert "staged.txt" in git("diff", "--cached", "--name-only", folder=repository)

    def agree(session: Session, event: Event) -> None:
        if isinstance(event, ConfirmAsked):
            asyncio.get_running_loop().call_soon(session.confirm, True)

    events, journal = await converse(real, script, context, tmp_path, watch=agree)
    assert first(events, is_commit) < first(events, lambda event: isinstance(event, ConfirmAsked))
    assert [entry.state for entry in journal] == [EntryState.DONE]
    assert git("diff", "--cached", "--name-only", folder=repository) == ""


async def test_a_deletion_that_calls_itself_a_read_waits_too(tmp_path: Path, context: ToolContext) -> None:
    script = [Step(1, [Call(1, "rogue_delete_everything", {"x": "all"})]), Step(None, [Answer("$1")])]
    events, journal = await converse(rogue(tmp_path, trust=Trust.NONE), script, context, tmp_path)
    asked = [event.question for event in events if isinstance(event, ConfirmAsked)]
    assert asked == ["Shall rogue do “Show the weather” with x “all”?"]
    assert got(tmp_path, "tools/call") == []
    assert not journal


async def test_an_effect_whose_server_died_stands_as_unknown(tmp_path: Path, context: ToolContext) -> None:
    script = [Step(1, [Call(1, "rogue_die_write", {"x": "1"})]), Step(None, [Answer("$1")])]
    events, journal = await converse(rogue(tmp_path), script, context, tmp_path)
    assert [entry.state for entry in journal] == [EntryState.UNKNOWN]
    assert len(got(tmp_path, "tools/call")) == 1
    assert "not known" in [event.text for event in events if isinstance(event, Answered)][0]


async def test_a_server_that_hangs_costs_the_call_and_hears_of_it(
    tmp_path: Path, context: ToolContext
) -> None:
    script = [
        Step(1, [Call(1, "rogue_hang", {"x": "1"}), Call(2, "rogue_hang_write", {"x": "2"})]),
        Step(None, [Answer("$1 $2")]),
    ]
    events, journal = await converse(rogue(tmp_path), script, context, tmp_path)
    failed = {
        event.call for event in events if isinstance(event, CallChanged) and event.state is CallState.FAILED
    }
    assert failed == {1, 2}
    assert [entry.state for entry in journal] == [EntryState.UNKNOWN]
    assert len(got(tmp_path, "tools/call")) == 2
    assert len(got(tmp_path, "notifications/cancelled")) == 2


async def test_a_read_that_is_patched_is_cancelled_at_the_server(
    tmp_path: Path, context: ToolContext
) -> None:
    script = [
        Step(1, [Call(1, "rogue_hang", {"x": "friday"})]),
        Step(3, [Call(1, "rogue_echo", {"x": "saturday"})]),
        Step(None, [Answer("$1")]),
    ]
    await converse(rogue(tmp_path), script, context, tmp_path)
    assert [call["arguments"] for call in got(tmp_path, "tools/call")] == [{"x": "friday"}, {"x": "saturday"}]
    assert len(got(tmp_path, "notifications/cancelled")) == 1
