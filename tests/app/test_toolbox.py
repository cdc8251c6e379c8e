"""The tools of a run, from the settings a person gave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import SettingsError, load
from app.toolbox import open_toolbox
from tests.tools.mcp.parts import rogue
from tools.mcp.config import StdioServer
from tools.tool import Effect, Speculate, Tool, ToolLimits

ROOT = Path(__file__).parents[2]
HEADSTART = [sys.executable, "-c", "from app.cli import main; main()"]


async def tools(
    monkeypatch: pytest.MonkeyPatch, data: Path, **settings: dict[str, object]
) -> dict[str, Tool]:
    monkeypatch.setenv("HEADSTART_TOOLS", json.dumps(settings))
    async with open_toolbox(load(data=data)) as opened:
        return {tool.name: tool for tool in opened.toolbox}


async def test_what_is_set_for_a_tool_replaces_what_it_comes_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = await tools(
        monkeypatch,
        tmp_path,
        search={"speculate": "never", "parallel": 2, "speculative": 3},
        create_note={"speculate": "early", "seconds": 1.5},
        set_light={"effect": "confirm"},
    )
    assert found["search"].speculate is Speculate.NEVER
    assert found["search"].limits == ToolLimits(speculative=3, parallel=2)
    assert found["create_note"].speculate is Speculate.EARLY
    assert found["create_note"].limits.seconds == 1.5
    assert found["set_light"].effect is Effect.CONFIRM
    assert found["get_weather"].effect is Effect.READ


@pytest.mark.parametrize(
    ("name", "setting", "says"),
    [
        ("serch", {"effect": "read"}, "setting tools.serch: there is no such tool"),
        ("get_weather", {"speculate": "early"}, "tools.get_weather: get_weather cannot run early"),
        ("send_sms", {"speculate": "early"}, "send_sms cannot run early"),
        ("create_note", {"speculate": "early", "effect": "confirm"}, "create_note cannot run early"),
        ("create_note", {"effect": "maybe"}, "setting tools.create_note.effect: "),
        ("create_note", {"paralel": 1}, "setting tools.create_note.paralel: "),
        ("create_note", {"seconds": 0}, "setting tools.create_note.seconds: "),
    ],
)
async def test_what_cannot_be_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, setting: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        await tools(monkeypatch, tmp_path, **{name: setting})
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def written(folder: Path, *servers: StdioServer) -> Path:
    entries = {
        each.name: {"command": each.command, "args": each.args, "trust": each.trust} for each in servers
    }
    file = folder / "servers.json"
    file.write_text(json.dumps({"mcpServers": entries}))
    return file


def headstart(*arguments: str | Path, config: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "headstart").mkdir()
    (folder / "headstart" / "config.toml").write_text(config)
    return subprocess.run(
        [*HEADSTART, *map(str, arguments), "--data", str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(folder)},
    )


def test_the_command_lists_tools_of_servers_with_what_config_toml_says(tmp_path: Path) -> None:
    file = written(tmp_path, rogue(tmp_path), StdioServer("absent", rogue(tmp_path).trust, "no-such-program"))
    run = headstart(
        "tools",
        "--mcp",
        file,
        config='[tools.rogue_echo]\neffect = "confirm"\n[tools.absent_look]\neffect = "read"\n',
        folder=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    classes = {line.split()[0]: line.split()[1] for line in run.stdout.splitlines()}
    assert classes["rogue_echo"] == "confirm"
    assert classes["rogue_hang"] == "read"
    assert classes["get_weather"] == "read"
    assert "absent is left out" in run.stderr


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('[tools.rogue_ecco]\neffect = "read"\n', "setting tools.rogue_ecco: there is no such tool"),
        ('[tools.rogue_echo_write]\nspeculate = "early"\n', "rogue_echo_write cannot run early"),
    ],
)
def test_the_command_refuses_what_cannot_be(tmp_path: Path, config: str, says: str) -> None:
    run = headstart("tools", "--mcp", written(tmp_path, rogue(tmp_path)), config=config, folder=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.splitlines() == [run.stderr.strip()]
    assert says in run.stderr


async def test_settings_of_a_server_that_is_not_asked_for_wait_and_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADSTART_TOOLS", json.dumps({"git_status": {"effect": "read"}}))
    async with open_toolbox(load(data=tmp_path)) as opened:
        assert "git_status" not in opened.toolbox
        assert opened.notices == ("settings of git_status wait for --mcp: no tool here is called that",)
