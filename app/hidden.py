"""What must never stand in a record: keys from the environment and from the file of MCP servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tools.mcp.config import HttpServer, StdioServer, read_servers

# Shorter texts are hidden nowhere: they are words that people say.
SHORTEST = 8

_TELLING = re.compile(r"key|token|secret|passw|auth|credential|cookie", re.IGNORECASE)


def secrets(environ: Mapping[str, str], mcp: Path | None) -> frozenset[str]:
    """The texts that are keys, as far as their names and places tell.

    Values of variables called something like key, token, secret or password; every word of the headers
    of MCP servers; and what their addresses carry after "?" or before "@". Raises McpConfigError for a
    file of servers that is wrong.
    """
    found = set(_named(environ))
    for server in read_servers(mcp, environ) if mcp is not None else ():
        match server:
            case StdioServer():
                found.update(_named(server.env))
            case HttpServer():
                found.update(word for header in server.headers.values() for word in header.split())
                found.update(_in_address(server.url))
    return frozenset(text for text in found if len(text) >= SHORTEST)


def _named(variables: Mapping[str, str]) -> Iterator[str]:
    return (value.strip() for name, value in variables.items() if _TELLING.search(name))


def _in_address(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    yield from (value for _, value in parse_qsl(parts.query))
    if parts.password:
        yield parts.password
