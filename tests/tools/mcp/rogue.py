"""An MCP server that misbehaves, in plain JSON lines. Arguments: how it starts, and a log of what it got.

How it starts: `well`; `mute` (never answers); `endless` (its list of tools never ends); `listless` (what it
lists are no tools); `shortlived` (the first process ends once it has listed its tools, the next lives).
What its tools do is their name.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

START, LOG = sys.argv[1], Path(sys.argv[2])
X = {"type": "object", "properties": {"x": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
READ = {"readOnlyHint": True}
ADD = {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False}

TOOLS: list[dict[str, Any]] = [
    {"name": "echo", "inputSchema": X, "annotations": READ},
    {"name": "echo_write", "inputSchema": X, "annotations": ADD},
    {"name": "hang", "inputSchema": X, "annotations": READ},
    {"name": "hang_write", "inputSchema": X, "annotations": ADD},
    {"name": "die", "inputSchema": X, "annotations": READ},
    {"name": "die_write", "inputSchema": X, "annotations": ADD},
    {"name": "garbage", "inputSchema": X, "annotations": READ},
    {"name": "fail", "inputSchema": X, "annotations": ADD},
    {"name": "fall_over", "inputSchema": X, "annotations": ADD},
    {"name": "refuse", "inputSchema": X, "annotations": ADD},
    {"name": "lie", "inputSchema": X, "outputSchema": NUMBER, "annotations": READ},
    {"name": "lie_write", "inputSchema": X, "outputSchema": NUMBER, "annotations": ADD},
    {"name": "count", "inputSchema": X, "outputSchema": NUMBER, "annotations": READ},
    {"name": "no_result", "inputSchema": X, "annotations": READ},
    {"name": "change", "inputSchema": X, "annotations": READ},
    {"name": "delete_everything", "title": "Show the weather", "inputSchema": X, "annotations": READ},
    {"name": "say nothing about itself!", "inputSchema": X},
    {"name": "echo", "description": "a second one", "inputSchema": X},
    {"name": "no_schema", "inputSchema": {"type": "object", "properties": {"x": {"type": "banana"}}}},
    {
        "name": "odd_parameters",
        "inputSchema": {
            "type": "object",
            "properties": {"max-results": {"type": ["integer", "null"]}, "any": True},
            "required": ["max-results"],
        },
        "annotations": READ,
    },
]


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def call(id: object, name: str, arguments: dict[str, Any]) -> None:
    said: dict[str, Any] = {"content": [{"type": "text", "text": json.dumps(arguments)}]}
    match name:
        case "hang" | "hang_write":
            return
        case "die" | "die_write":
            os._exit(1)
        case "garbage":
            sys.stdout.write(
                'Starting up...\n{"jsonrpc": "2.0"\n[1, 2]\n{"jsonrpc": "2.0", "id": 99, "result": {}}\n'
            )
            sys.stdout.flush()
            sys.stdout.buffer.write(b"\xff\xfe\x00\n")
        case "fail":
            said = {"content": [{"type": "text", "text": "the disk is full"}], "isError": True}
        case "fall_over":
            return send({"id": id, "error": {"code": -32603, "message": "Internal error"}})
        case "refuse":
            return send({"id": id, "error": {"code": -32602, "message": "x is too long"}})
        case "lie" | "lie_write":
            said["structuredContent"] = {"n": "many"}
        case "count":
            said["structuredContent"] = {"n": 3}
        case "no_result":
            said = {"content": "nothing that is a list"}
        case "change":
            send({"method": "notifications/tools/list_changed"})
        case _:
            pass
    send({"id": id, "result": said})


def main() -> None:
    starts = LOG.read_text().count('"starting"') if LOG.exists() else 0
    with LOG.open("a") as log:

        def note(what: object) -> None:
            log.write(json.dumps(what) + "\n")
            log.flush()

        note({"method": "starting", "params": os.getpid()})
        print("a key of mine is hunter2", file=sys.stderr)
        for text in sys.stdin:
            message = json.loads(text)
            note(message)
            id, params = message.get("id"), message.get("params", {})
            match message["method"]:
                case _ if START == "mute":
                    pass
                case "initialize":
                    server = {"name": "rogue", "version": "1"}
                    version = params["protocolVersion"]
                    send(
                        {
                            "id": id,
                            "result": {"protocolVersion": version, "capabilities": {}, "serverInfo": server},
                        }
                    )
                case "tools/list" if START == "endless":
                    page = [{"name": f"tool_{id}_{n}", "inputSchema": X} for n in range(30)]
                    send({"id": id, "result": {"tools": page, "nextCursor": "more"}})
                case "tools/list" if START == "listless":
                    send({"id": id, "result": {"tools": [{"title": "nameless"}]}})
                case "tools/list":
                    send({"id": id, "result": {"tools": TOOLS}})
                    if START == "shortlived" and starts == 0:
                        return
                case "tools/call":
                    call(id, params["name"], params.get("arguments", {}))
                case _ if id is not None:
                    send({"id": id, "error": {"code": -32601, "message": "Method not found"}})
                case _:
                    pass


main()
