"""`headstart effects` and `headstart undo`, as typed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from tools.assistant import assistant_tools
from tools.errors import HeadstartError
from tools.journal import EntryState, Journal
from tools.store import Store
from tools.tool import Arguments, Effect, Json, Tool, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox

NOW = datetime(2026, 11, 23, 9, 0)
BOX = Toolbox(assistant_tools())
HOSTILE = "\x1b[2Jgone\x07\r\x9b31m\nnew \u202eline"


def headstart(*arguments: str, data: Path) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(data)])


def refused(result: Result) -> str:
    """The message that the command's `main` prints as its one line, with exit code 2."""
    assert isinstance(result.exception, HeadstartError), result.exception
    assert result.stdout == ""
    message = str(result.exception)
    assert not any(unicodedata.category(char)[0] == "C" for char in message), repr(message)
    return message


def perform(data: Path, name: str, /, *, early: bool = False, **arguments: Json) -> int:
    return perform_with(data, BOX.get(name), early=early, **arguments)


def perform_with(data: Path, tool: Tool, /, *, early: bool = False, **arguments: Json) -> int:
    """Perform one effect in a life of its own; its entry."""
    with Store.open(data) as store:
        journal = Journal(store)
        key = str(len(journal.entries()))
        context = ToolContext(store, lambda: NOW)
        try:
            asyncio.run(journal.perform(key, tool, context, arguments, early=early))
        except ToolError:
            pass
        return journal.entries()[-1].id


def outside(text: str, error: BaseException | None = None) -> Tool:
    """A tool whose effect is beyond the store, and which says `text` of it."""

    async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
        if error is not None:
            raise error
        return ToolResult(text)

    return Tool("send", "Send it.", Effect.WRITE, {"type": "object"}, run)


def crash(data: Path, state: EntryState, entry: int) -> None:
    """Leave an entry as a crash would."""
    with Store.open(data) as store:
        store.write("UPDATE journal SET state = ?, text = '' WHERE id = ?", state, entry)


def test_nothing_yet(tmp_path: Path) -> None:
    listed = headstart("effects", data=tmp_path)
    assert (listed.exit_code, listed.stdout, listed.stderr) == (0, "Nothing has been done yet.\n", "")
    assert headstart("effects", "--json", data=tmp_path).stdout == ""
    assert refused(headstart("undo", data=tmp_path)) == "there is nothing to undo; see `headstart effects`"


def test_the_list_is_oldest_first_and_says_what_can_be_undone(tmp_path: Path) -> None:
    perform(tmp_path, "set_timer", duration="ten minutes")
    perform(tmp_path, "create_note", name="party")
    perform(tmp_path, "create_note", name="party")
    headstart("undo", "1", data=tmp_path)
    assert headstart("effects", data=tmp_path).stdout.splitlines() == [
        "  1  2026-11-23 09:00:00  undone   Your timer is set for ten minutes.",
        "  2  2026-11-23 09:00:00  done     I made your note party.  (can be undone)",
        '  3  2026-11-23 09:00:00  failed   create_note(name="party"): There is already a note called party.',
    ]


def test_only_the_newest(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        perform(tmp_path, "create_note", name=name)
    lines = headstart("effects", "--last", "2", data=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3"]
    assert headstart("effects", "--last", "0", data=tmp_path).exit_code == 2


def test_as_json(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="party")
    perform(tmp_path, "set_light", early=True, room="kitchen", state="on")
    first, second = map(json.loads, headstart("effects", "--json", data=tmp_path).stdout.splitlines())
    assert first == {
        "entry": 1,
        "created": "2026-11-23T09:00:00",
        "state": "done",
        "guess": False,
        "tool": "create_note",
        "arguments": {"name": "party"},
        "text": "I made your note party.",
        "undoable": True,
    }
    assert (second["entry"], second["guess"]) == (2, True)


def test_undo_takes_back_the_latest_and_then_the_one_before(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="one")
    perform(tmp_path, "create_note", name="two")
    for said in ("I removed your note two.\n", "I removed your note one.\n"):
        assert headstart("undo", data=tmp_path).stdout == said
    assert "nothing to undo" in refused(headstart("undo", data=tmp_path))
    with Store.open(tmp_path) as store:
        assert store.rows("SELECT * FROM notes") == []


def test_undo_of_one_by_its_number(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="one")
    perform(tmp_path, "create_note", name="two")
    assert headstart("undo", "1", data=tmp_path).stdout == "I removed your note one.\n"
    assert refused(headstart("undo", "1", data=tmp_path)) == "entry 1: That has already been undone."
    assert refused(headstart("undo", "9", data=tmp_path)) == "entry 9: There is nothing like that to undo."
    with Store.open(tmp_path) as store:
        assert [row["name"] for row in store.rows("SELECT * FROM notes")] == ["two"]


def test_what_cannot_be_undone_says_why(tmp_path: Path) -> None:
    perform_with(tmp_path, outside("It is out."))
    perform_with(tmp_path, outside("", ToolError("The line is dead.")))
    perform(tmp_path, "create_note", name="list")
    perform(tmp_path, "append_note_content", name="list", content="milk")
    for number, why in (
        ("1", "That cannot be undone."),
        ("2", "That did not happen, so there is nothing to undo."),
        ("3", "The note has changed since, so I left it as it is."),
    ):
        assert refused(headstart("undo", number, data=tmp_path)) == f"entry {number}: {why}"


def test_an_outcome_that_a_crash_hid_stands_out_and_is_not_undone(tmp_path: Path) -> None:
    send = perform_with(tmp_path, outside("It is out."), to="Ana")
    crash(tmp_path, EntryState.INTENT, send)
    listed = headstart("effects", data=tmp_path)
    said = 'send(to="Ana"): Headstart stopped during "send"; it is not known whether it happened.'
    assert listed.stderr == f"headstart: entry 1: {said}\n"
    assert listed.stdout.splitlines() == [
        f"! 1  2026-11-23 09:00:00  unknown  {said}",
        " " * 35 + "please look for yourself; it is not repeated, and cannot be undone from here",
    ]
    assert headstart("effects", data=tmp_path).stderr == ""  # it is settled once
    assert refused(headstart("undo", "1", data=tmp_path)).startswith(
        'entry 1: Headstart stopped during "send"'
    )
    assert "nothing to undo" in refused(headstart("undo", data=tmp_path))


def test_undo_settles_what_a_crash_left_first(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="one")
    crash(tmp_path, EntryState.INTENT, perform_with(tmp_path, outside("It is out.")))
    undone = headstart("undo", data=tmp_path)
    assert undone.stdout == "I removed your note one.\n"
    assert undone.stderr.startswith("headstart: entry 2: send(): Headstart stopped during")


def test_a_guess_that_was_left_over_stands_out(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="one")
    perform(tmp_path, "create_note", early=True, name="two")
    assert headstart("effects", "--last", "1", data=tmp_path).stdout.splitlines() == [
        "! 2  2026-11-23 09:00:00  guess    I made your note two.  (can be undone)",
        " " * 35 + "done before you had finished, and never confirmed; the next session takes it back",
    ]
    assert headstart("undo", data=tmp_path).stdout == "I removed your note one.\n"
    assert headstart("undo", "2", data=tmp_path).stdout == "I removed your note two.\n"


@pytest.mark.parametrize("flags", [(), ("--json",)])
@pytest.mark.parametrize("state", list(EntryState))
def test_no_text_of_a_tool_steers_the_terminal(
    tmp_path: Path, state: EntryState, flags: tuple[str, ...]
) -> None:
    perform_with(tmp_path, outside(HOSTILE), to=HOSTILE)
    with Store.open(tmp_path) as store:
        store.write("UPDATE journal SET state = ?", state)
    listed = headstart("effects", *flags, data=tmp_path)
    lines = (listed.stdout + listed.stderr).splitlines()
    assert not any(unicodedata.category(char)[0] == "C" for line in lines for char in line), lines
    assert len(lines) <= 3  # entry, what to do, and what was settled
    assert refused(headstart("undo", "1", data=tmp_path))


def test_the_store_of_another_headstart(tmp_path: Path) -> None:
    with Store.open(tmp_path):
        for command in ("effects", "undo"):
            assert "another Headstart is using" in refused(headstart(command, data=tmp_path))


def test_a_refusal_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from app.cli import main; main()", "undo", "7", "--data", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "headstart: entry 7: There is nothing like that to undo.\n"


def test_a_terminal_that_lacks_a_sign(tmp_path: Path) -> None:
    perform(tmp_path, "create_note", name="Zoë")
    listed = CliRunner(charset="ascii").invoke(app, ["effects", "--data", str(tmp_path)])
    assert listed.exit_code == 0
    assert "Zo?" in listed.stdout
