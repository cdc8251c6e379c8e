"""`headstart tools classify` and `headstart bench classify`: lists, tables, and what they write and leave."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.bench.classify import failures, held_reads, judge, report
from app.classify import Found, counted, listed, proposals, run, table, write
from app.settings import Settings, SettingsError
from app.tool_lists import ListedTool, read_list
from tools.classify import propose
from tools.tool import Effect

ROOT = Path(__file__).parents[2]
TOOLS: list[dict[str, Any]] = [
    {"name": "list_files", "description": "List files", "inputSchema": {"properties": {"path": {}}}},
    {"name": "set_alarm", "description": "Set an alarm", "inputSchema": {}},
    {"name": "delete_file", "description": "Delete a file"},
    {"name": "get_time", "annotations": {"readOnlyHint": True}},
    {"name": "get_title", "description": "Get a title", "annotations": {"title": "Title"}},
]


def headstart(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        cwd=ROOT,
        env=os.environ | {"XDG_CONFIG_HOME": str(home), "HEADSTART_DATA": str(home / "data")},
    )


def file_of(folder: Path, content: object) -> Path:
    file = folder / "tools.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "content",
    [
        TOOLS,
        {"tools": TOOLS},
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": TOOLS}},
        "\n".join(map(json.dumps, TOOLS)),
        [{"type": "function", "function": tool} for tool in TOOLS],
    ],
    ids=["list", "tools/list", "answer", "lines", "functions"],
)
def test_forms_of_a_list(tmp_path: Path, content: object) -> None:
    found = listed(file_of(tmp_path, content))
    assert [tool.name for tool in found.tools] == ["list_files", "set_alarm", "delete_file", "get_title"]
    assert found.tools[0].parameters == {"properties": {"path": {}}}
    assert found.classified == 1


def test_slots_are_parameters(tmp_path: Path) -> None:
    row = {"name": "GetItem", "required_slots": ["item"], "optional_slots": ["message_body"]}
    [tool] = read_list(file_of(tmp_path, row))
    assert list(tool.parameters["properties"]) == ["item", "message_body"]
    [(_, proposal)] = proposals(Found([tool]))
    assert proposal.effect is Effect.CONFIRM


@pytest.mark.parametrize("content", ["no json", "[1]", '{"description": "no name"}', "", "[" * 10_000])
def test_what_is_no_list(tmp_path: Path, content: str) -> None:
    file = file_of(tmp_path, content)
    if content:
        with pytest.raises(SettingsError, match=r"tools\.json"):
            read_list(file)
    else:
        assert read_list(file) == []


def test_a_hostile_name_stays_on_its_line(tmp_path: Path) -> None:
    tool = ListedTool("list\n\x1b[31mfiles", "List files", {}, {})
    rows = table(proposals(Found([tool])))
    assert len(rows.splitlines()) == 1
    assert "\x1b" not in rows


def test_nothing_is_written_unless_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, TOOLS)
    asyncio.run(run(Settings(data=tmp_path), file, None))
    out = capsys.readouterr().out
    assert "4 tools: 2 read, 1 write, 1 confirm; 1 have one already." in out
    assert '"delete" in the name' in out
    assert "Nothing was written" in out
    assert list(tmp_path.iterdir()) == [file]


def test_writing_keeps_what_stands_in_the_file(tmp_path: Path) -> None:
    text = """\
# mine
mode = "sequential"  # for now

[tools.set_alarm]
effect = "confirm"  # I asked

[tools.list_files]
speculate = "never"

[tools.other]
seconds = 3
"""
    target = tmp_path / "config.toml"
    target.write_text(text, encoding="utf-8")
    target.chmod(0o640)
    found = listed(file_of(tmp_path, TOOLS))
    assert write(target, proposals(found)) == ["list_files", "delete_file", "get_title"]
    now = target.read_text(encoding="utf-8")
    assert all(line in now.splitlines() for line in text.splitlines())
    assert tomllib.loads(now) == {
        "mode": "sequential",
        "tools": {
            "set_alarm": {"effect": "confirm"},
            "list_files": {"speculate": "never", "effect": "read"},
            "other": {"seconds": 3},
            "delete_file": {"effect": "confirm"},
            "get_title": {"effect": "read"},
        },
    }
    assert target.stat().st_mode & 0o777 == 0o640
    assert write(target, proposals(found)) == []
    assert target.read_text(encoding="utf-8") == now


def test_writing_through_a_link_and_into_a_new_folder(tmp_path: Path) -> None:
    target = tmp_path / "new" / "config.toml"
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    odd = "files.list"
    assert write(link, [(odd, propose(odd, "List files"))]) == [odd]
    assert link.is_symlink()
    assert tomllib.loads(target.read_text(encoding="utf-8")) == {"tools": {odd: {"effect": "read"}}}


def test_of_two_tools_of_one_name_the_graver_counts(tmp_path: Path) -> None:
    target = tmp_path / "config.toml"
    twice = [
        ("get_x", propose("get_x")),
        ("get_x", propose("get_x", "Deletes x")),
        ("get_x", propose("get_x")),
    ]
    assert write(target, twice) == ["get_x"]
    assert tomllib.loads(target.read_text(encoding="utf-8"))["tools"]["get_x"]["effect"] == "confirm"


@pytest.mark.parametrize("text", ["mode = ", "tools = 3", "[tools]\nlist_files = 3", "\udcff"])
def test_a_file_that_cannot_take_it_stays_as_it_was(tmp_path: Path, text: str) -> None:
    target = tmp_path / "config.toml"
    target.write_bytes(before := text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match="config.toml"):
        write(target, proposals(listed(file_of(tmp_path, TOOLS))))
    assert target.read_bytes() == before


def test_the_command_writes_into_the_config_of_the_user(tmp_path: Path) -> None:
    file = file_of(tmp_path, TOOLS)
    first = headstart("tools", "classify", "--file", file, "--write", home=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    config = tmp_path / "headstart" / "config.toml"
    assert f"{config}: 4 written, 0 left as they were." in first.stdout
    assert Settings(**tomllib.loads(config.read_text())).tools["delete_file"].effect is Effect.CONFIRM


def test_the_command_without_anything_to_classify(tmp_path: Path) -> None:
    run = headstart("tools", "classify", home=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("headstart: there is nothing to classify; give --mcp FILE")
    assert len(run.stderr.splitlines()) == 1


def test_the_tools_of_a_server(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "mcp-server-git"
    servers = tmp_path / "servers.json"
    servers.write_text(json.dumps({"mcpServers": {"git": {"command": str(program)}}}))
    config = tmp_path / "headstart" / "config.toml"
    config.parent.mkdir()
    config.write_text('[tools.git_show]\neffect = "confirm"\n')
    run = headstart("tools", "classify", "--mcp", servers, home=tmp_path)
    assert run.returncode == 0, run.stderr
    rows = {row.split()[0]: row.split()[1] for row in run.stdout.partition("\n\n")[0].splitlines()}
    assert (rows["git_status"], rows["git_commit"]) == ("read", "confirm")
    assert not {"git_show", "send_sms"} & rows.keys()
    assert "; 1 have one already." in run.stdout
    assert run.stdout.endswith("Nothing was written; --write puts the classes into config.toml.\n")

    trusted = {"command": str(program), "trust": "annotations"}
    servers.write_text(json.dumps({"mcpServers": {"git": trusted}}))
    run = headstart("tools", "classify", "--mcp", servers, home=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "git_status" not in run.stdout
    assert "git_reset" in run.stdout


LABELLED = [
    {"name": "GetRide", "description": "Call a taxi", "is_transactional": True},
    {"name": "SetAlarm", "description": "Set an alarm", "is_transactional": True},
    {"name": "FindBus", "description": "Find a bus", "is_transactional": False},
    {"name": "FindBus", "description": "Board a bus", "is_transactional": False},
]


def test_the_bench_counts_by_label(tmp_path: Path) -> None:
    judged = judge(file_of(tmp_path, LABELLED))
    assert failures(judged) == []
    assert [each.name for each in held_reads(judged)] == ["FindBus"]
    lines = [" ".join(line.split()) for line in report(judged).splitlines()]
    assert "transactional 0 1 1" in lines
    assert "not 1 0 1" in lines
    assert "precision of read 1.00 (1 of 1)" in lines
    assert "recall of read 0.50 (1 of 2)" in lines
    assert "transactional tools proposed as read: 0" in lines


def test_the_bench_fails_where_a_change_would_read_ahead(tmp_path: Path) -> None:
    lie = {"name": "get_news", "description": "Get the news", "is_transactional": True}
    run = headstart("bench", "classify", "--hints", file_of(tmp_path, [*LABELLED, lie]), home=tmp_path)
    assert (run.returncode, run.stderr) == (1, "")
    assert "transactional tools proposed as read: 1\n  get_news" in run.stdout
    assert "recall of read     0.50  (1 of 2)" in run.stdout


def test_the_label_is_not_shown_to_what_proposes(tmp_path: Path) -> None:
    flipped = [row | {"is_transactional": not row["is_transactional"]} for row in LABELLED]
    straight = [each.proposal for each in judge(file_of(tmp_path, LABELLED))]
    assert [each.proposal for each in judge(file_of(tmp_path, flipped))] == straight


def test_a_list_without_labels(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="tool 1 has no"):
        judge(file_of(tmp_path, TOOLS))


def test_counting_nothing() -> None:
    assert counted([]) == "0 tools: 0 read, 0 write, 0 confirm"
    assert table([]) == ""
