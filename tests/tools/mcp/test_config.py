"""The file of servers as people have it, and what they are told where it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.mcp.config import HttpServer, McpConfigError, ServerConfig, StdioServer, Trust, read_servers

ENVIRONMENT = {"HOME": "/home/ana", "KEY": "hunter2"}


def read(folder: Path, servers: object) -> list[ServerConfig]:
    file = folder / "servers.json"
    file.write_text(servers if isinstance(servers, str) else json.dumps({"mcpServers": servers}))
    return read_servers(file, ENVIRONMENT)


def test_both_kinds_as_other_programs_write_them(tmp_path: Path) -> None:
    file = {
        "globalShortcut": "Ctrl+Space",
        "mcpServers": {
            "git": {
                "type": "stdio",
                "command": "uvx",
                "args": ["mcp-server-git", "-r", "${HOME}/notes"],
                "env": {"TOKEN": "${env:KEY}", "LEVEL": "${LEVEL:-info}"},
                "cwd": "/tmp",
                "trust": "annotations",
            },
            "far": {"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": "a ${KEY}"}},
            "off": {"command": "x", "disabled": True},
        },
    }
    git, far = read(tmp_path, json.dumps(file))
    environment = {"TOKEN": "hunter2", "LEVEL": "info"}
    args = ("mcp-server-git", "-r", "/home/ana/notes")
    assert git == StdioServer("git", Trust.ANNOTATIONS, "uvx", args, environment, "/tmp")
    assert far == HttpServer("far", Trust.NONE, "https://example.org/mcp", {"X-Key": "a hunter2"})
    assert "hunter2" not in repr([git, far])


@pytest.mark.parametrize(
    ("servers", "says"),
    [
        ("{", "is not JSON (line 1"),
        ("[]", 'has no "mcpServers"'),
        ('{"mcpServers": []}', 'has no "mcpServers"'),
        ("[" * 100_000, "is not JSON"),
        ({"a": "x"}, "server 'a' must be"),
        ({"a": {}}, 'needs either "command" or "url"'),
        ({"a": {"command": "x", "url": "http://y"}}, 'needs either "command" or "url"'),
        ({"a": {"command": ""}}, '"command" is empty'),
        ({"a": {"command": ["x"]}}, '"command" must be a text'),
        ({"a": {"command": "x", "comand": "y"}}, 'unknown key "comand"; it may have args, command, cwd'),
        ({"a": {"url": "http://x", "env": {}}}, 'unknown key "env"'),
        ({"a": {"command": "x", "args": "-v"}}, '"args" must be a list of texts'),
        ({"a": {"command": "x", "args": [1]}}, '"args" must be a text'),
        ({"a": {"command": "x", "env": {"N": 1}}}, "env N must be a text"),
        ({"a": {"command": "x", "env": {"N": "hunter2 ${ABSENT}"}}}, "env N needs the variable ABSENT"),
        ({"a": {"command": "x", "type": "http"}}, 'its type can only be "stdio"'),
        ({"a": {"url": "http://x", "type": "sse"}}, 'has the type "sse"'),
        ({"a": {"url": "ftp://x"}}, "must begin with http://"),
        ({"a": {"url": "http:///x"}}, "must begin with http://"),
        ({"a": {"url": "http://[x"}}, "must begin with http://"),
        ({"a": {"url": "http://x", "headers": {"N": "hunter2\n"}}}, "headers 'N' may only hold printable"),
        ({"a": {"command": "x", "trust": "all"}}, '"trust" must be "none" or "annotations"'),
        ({"a": {"command": "x", "disabled": "no"}}, '"disabled" must be true or false'),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, servers: object, says: str) -> None:
    with pytest.raises(McpConfigError) as raised:
        read(tmp_path, servers)
    message = str(raised.value)
    assert says in message
    assert "servers.json" in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(McpConfigError, match="there is no"):
        read_servers(tmp_path / "nothing.json", {})
    with pytest.raises(McpConfigError, match="cannot be read"):
        read_servers(tmp_path, {})
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(McpConfigError, match="not UTF-8"):
        read_servers(tmp_path / "bytes.json", {})
