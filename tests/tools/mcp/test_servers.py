"""Servers as they are: a published one over both transports, and one that does all that a server must not."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from tests.tools.mcp.parts import Wire, git, got, http_git, lives, named, names, rogue, served, stdio_git
from tools.mcp.config import HttpServer, McpConfigError, ServerConfig, StdioServer, Trust
from tools.mcp.servers import TOOL_LIMIT
from tools.tool import Effect, OutcomeUnknown, ToolContext, ToolError


async def test_a_published_server(
    real: ServerConfig, repository: Path, tmp_path: Path, context: ToolContext
) -> None:
    async with served(tmp_path, real) as found:
        assert not found.notices
        effects = {tool.name: tool.effect for tool in found.tools}
        assert effects["git_log"] is Effect.READ
        assert effects["git_create_branch"] is Effect.WRITE
        assert effects["git_reset"] is Effect.CONFIRM
        where = {"repo_path": str(repository)}
        result = await named(found, "git_log").run(context, where)
        assert "the beginning" in result.text
        assert "\n" not in result.text
        assert "\nMessage: the beginning" in str(result.value)
        branch = f"made-by-{type(real).__name__}"
        await named(found, "git_create_branch").run(context, {**where, "branch_name": branch})
        assert branch in git("branch", folder=repository)
        with pytest.raises(ToolError, match="Git create branch failed: .*already exists"):
            await named(found, "git_create_branch").run(context, {**where, "branch_name": branch})


async def test_without_trust_all_tools_ask_first(repository: Path, tmp_path: Path) -> None:
    async with served(
        tmp_path, stdio_git(repository, Trust.NONE), rogue(tmp_path, trust=Trust.NONE)
    ) as found:
        assert {tool.effect for tool in found.tools} == {Effect.CONFIRM}
        assert sum("asks first" in notice and '"trust"' in notice for notice in found.notices) == 2


async def test_the_user_has_the_last_word_on_a_class(repository: Path, tmp_path: Path) -> None:
    effects = {"git_log": Effect.READ, "git_add": Effect.WRITE}
    async with served(tmp_path, stdio_git(repository, Trust.NONE), effects=effects) as found:
        assert named(found, "git_log").effect is Effect.READ
        assert named(found, "git_add").effect is Effect.WRITE
        assert named(found, "git_status").effect is Effect.CONFIRM


async def test_a_server_that_refuses_the_key(http_port: int, tmp_path: Path) -> None:
    async with served(tmp_path, http_git(http_port, "hunter2")) as found:
        assert found.missing == ("git",)
        assert found.notices == ("The MCP server git is left out: it wants another key (HTTP 401).",)


async def test_servers_that_do_not_come_up_are_left_out_and_the_others_work(
    tmp_path: Path, context: ToolContext
) -> None:
    (tmp_path / "mute").mkdir()
    servers = [
        rogue(tmp_path / "mute", "mute"),
        StdioServer("absent", Trust.NONE, "no-such-program-anywhere"),
        StdioServer("over", Trust.NONE, sys.executable, ("-c", "")),
        HttpServer("nobody", Trust.NONE, "http://127.0.0.1:1/mcp"),
        rogue(tmp_path),
    ]
    async with served(tmp_path, *servers, seconds=2) as found:
        assert found.missing == ("rogue", "absent", "over", "nobody")
        mute, absent, over, nobody = found.notices[:4]
        assert "did not answer within 2 seconds" in mute
        assert "no-such-program-anywhere cannot be started" in absent
        assert "ended before it was ready" in over
        assert "nobody answers" in nobody
        assert (await named(found, "rogue_echo").run(context, {"x": "here"})).text == '{"x": "here"}'


async def test_what_cannot_be_offered_is_left_out(tmp_path: Path) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        assert {"rogue_echo", "rogue_say_nothing_about_itself_"} < names(found.tools)
        assert len(found.tools) == len(names(found.tools))
        (left_out,) = found.notices
        assert "echo, there are two of that name" in left_out
        assert "no_schema, its parameters are no JSON schema" in left_out
        assert named(found, "rogue_say_nothing_about_itself_").effect is Effect.CONFIRM


async def test_odd_parameters_are_made_plain_and_given_as_the_server_knows_them(
    tmp_path: Path, context: ToolContext
) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        tool = named(found, "rogue_odd_parameters")
        assert tool.required == {"max_results"}
        assert tool.parameters["properties"]["max_results"] == {
            "anyOf": [{"type": "integer"}, {"type": "null"}]
        }
        await tool.run(context, {"max_results": 3})
        assert got(tmp_path, "tools/call")[0]["arguments"] == {"max-results": 3}


@pytest.mark.parametrize(("start", "tools"), [("endless", TOOL_LIMIT), ("listless", 0)])
async def test_a_list_without_end_and_one_of_no_tools(tmp_path: Path, start: str, tools: int) -> None:
    async with served(tmp_path, rogue(tmp_path, start)) as found:
        assert len(found.tools) == tools
        assert found.notices


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("die", ToolError, "went away before it answered."),
        ("die_write", OutcomeUnknown, "it is not known whether it did"),
        ("lie", ToolError, "not what it announced."),
        ("lie_write", OutcomeUnknown, "it is not known whether it did"),
        ("no_result", ToolError, "not what it announced."),
        ("fail", ToolError, "Rogue fail failed: the disk is full"),
        ("fall_over", OutcomeUnknown, "Internal error; it is not known whether it did"),
        ("refuse", ToolError, "refused: x is too long."),
    ],
)
async def test_a_call_that_goes_wrong_costs_itself(
    tmp_path: Path, context: ToolContext, name: str, error: type[ToolError], says: str
) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        with pytest.raises(ToolError, match=says) as raised:
            await named(found, f"rogue_{name}").run(context, {"x": "1"})
        assert type(raised.value) is error
        assert len(got(tmp_path, "tools/call")) == 1
        assert (await named(found, "rogue_echo").run(context, {"x": "2"})).text == '{"x": "2"}'


async def test_what_is_no_protocol_is_passed_over(tmp_path: Path, context: ToolContext) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        for name in ("garbage", "change", "echo"):
            assert (
                await named(found, f"rogue_{name}").run(context, {"x": name})
            ).text == f'{{"x": "{name}"}}'
        assert (await named(found, "rogue_count").run(context, {})).value == {"n": 3}


async def test_a_server_that_ended_meanwhile_is_started_again_and_asked_once(
    tmp_path: Path, context: ToolContext
) -> None:
    async with served(tmp_path, rogue(tmp_path, "shortlived")) as found:
        while lives(got(tmp_path, "starting")[0]):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # its end is in the pipe now, and has yet to be read
        assert (await named(found, "rogue_echo_write").run(context, {"x": "1"})).text == '{"x": "1"}'
        assert len(got(tmp_path, "tools/call")) == 1


async def test_http_broken_in_a_call_and_http_not_there(
    http_port: int, repository: Path, tmp_path: Path, context: ToolContext
) -> None:
    async with Wire(http_port) as wire, served(tmp_path, http_git(wire.port)) as found:
        make = named(found, "git_create_branch")
        where = {"repo_path": str(repository)}
        wire.cut_at = b"in-the-dark"
        with pytest.raises(OutcomeUnknown, match="went away before it answered"):
            await make.run(context, {**where, "branch_name": "in-the-dark"})
        wire.cut_at = None
        assert "the beginning" in (await named(found, "git_log").run(context, where)).text
        await wire.close()
        with pytest.raises(ToolError, match="cannot be reached") as raised:
            await make.run(context, {**where, "branch_name": "never-asked"})
        assert type(raised.value) is ToolError


async def test_a_call_given_up_is_cancelled_at_the_server(tmp_path: Path, context: ToolContext) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        call = asyncio.create_task(named(found, "rogue_hang").run(context, {"x": "1"}))
        while not got(tmp_path, "tools/call"):
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        while not got(tmp_path, "notifications/cancelled"):
            await asyncio.sleep(0.01)
        assert (await named(found, "rogue_echo").run(context, {"x": "2"})).text == '{"x": "2"}'


async def test_the_question_names_server_and_arguments(tmp_path: Path, context: ToolContext) -> None:
    async with served(tmp_path, rogue(tmp_path, trust=Trust.NONE)) as found:
        tool = named(found, "rogue_delete_everything")
        assert tool.question is not None
        asked = tool.question(context, {"x": "all\x1b[2J of\nit " * 40})
        assert asked.startswith("Shall rogue do “Show the weather” with x “all")
        assert asked.isprintable()
        assert len(asked) < 150


async def test_what_servers_and_the_library_write_goes_to_a_private_log(
    tmp_path: Path, context: ToolContext, capfd: pytest.CaptureFixture[str]
) -> None:
    async with served(tmp_path, rogue(tmp_path)) as found:
        await named(found, "rogue_garbage").run(context, {})
    log = tmp_path / "mcp.log"
    assert "hunter2" in log.read_text()
    assert "Starting up" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("mcp").propagate


async def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(McpConfigError, match="cannot be written"):
        async with served(tmp_path / "file"):
            pass
