"""The `{"mcpServers": {...}}` file, as other programs have it too: which servers there are, and our trust.

    {"mcpServers": {
        "git": {"command": "mcp-server-git", "args": ["--repository", "."], "trust": "annotations"},
        "notes": {"url": "https://example.org/mcp", "headers": {"Authorization": "Bearer ${NOTES_KEY}"}}
    }}

`${NAME}`, `${env:NAME}` and `${NAME:-default}` in a text stand for variables of the environment, so that
keys need not be written into the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from tools.errors import HeadstartError

_VARIABLE = re.compile(r"\$\{(?:env:)?(\w+)(?::-([^}]*))?\}")
_COMMON = frozenset({"type", "trust", "disabled"})
_STDIO = _COMMON | {"command", "args", "env", "cwd"}
_HTTP = _COMMON | {"url", "headers"}
_HTTP_TYPES = ("http", "streamable-http", "streamableHttp", "streamable_http")


class McpConfigError(HeadstartError):
    """The file of MCP servers is wrong. The message is one line that names the place and what to do."""


class Trust(StrEnum):
    """How far what a server says about its own tools is believed.

    NONE is the default: annotations are the server's word for itself, and one that calls a deletion
    read-only would otherwise have it run on half a sentence. So until the user says that they trust a
    server, each of its tools asks first. The price, that its reads do not run ahead, is one line to lift.
    """

    NONE = "none"  # every tool asks first
    ANNOTATIONS = "annotations"  # as the server announces


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server that is a program of its own. Its environment may hold keys and is never shown."""

    name: str
    trust: Trust
    command: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server behind streamable HTTP. Its address and headers may hold keys and are never shown."""

    name: str
    trust: Trust
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


ServerConfig = StdioServer | HttpServer


def read_servers(file: Path, environ: Mapping[str, str]) -> list[ServerConfig]:
    """The servers of `file` that are not disabled, in its order. Raises McpConfigError.

    What else stands in the file beside `mcpServers` belongs to other programs and is left alone.
    """
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise McpConfigError(f'there is no {file}; give --mcp a JSON file with "mcpServers"') from None
    except OSError as error:
        raise McpConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # no JSON, or not UTF-8
        where = (
            f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        )
        raise McpConfigError(f"{file} is not JSON ({where})") from None
    whole = _mapping(content)
    servers = None if whole is None else _mapping(whole.get("mcpServers"))
    if servers is None:
        raise McpConfigError(f'{file} has no "mcpServers": {{NAME: {{"command": ...}} or {{"url": ...}}}}')
    found: list[ServerConfig] = []
    for name, entry in servers.items():
        server = _server(f"{file}: server {name!r}", name, entry, environ)
        if server is not None:
            found.append(server)
    return found


def _server(where: str, name: str, entry: object, environ: Mapping[str, str]) -> ServerConfig | None:
    given = _mapping(entry)
    if given is None:
        raise McpConfigError(f'{where} must be {{"command": ...}} or {{"url": ...}}')
    if ("command" in given) == ("url" in given):
        raise McpConfigError(f'{where} needs either "command" or "url"')
    allowed = _STDIO if "command" in given else _HTTP
    for key in given:
        if key not in allowed:
            raise McpConfigError(
                f'{where} has an unknown key "{key}"; it may have {", ".join(sorted(allowed))}'
            )
    read = _Reader(where, given, environ)
    kind, trust, disabled = read.optional("type"), read.trust(), read.flag("disabled")
    server: ServerConfig
    if "command" in given:
        if kind not in (None, "stdio"):
            raise McpConfigError(f'{where} has a command, so its type can only be "stdio"')
        server = StdioServer(
            name, trust, read.text("command"), read.texts("args"), read.named("env"), read.optional("cwd")
        )
    else:
        if kind not in (None, *_HTTP_TYPES):
            raise McpConfigError(f'{where} has the type "{kind}"; only stdio and streamable HTTP are spoken')
        server = HttpServer(name, trust, read.url("url"), read.headers("headers"))
    return None if disabled else server


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the values of one server's entry. Messages name keys and variables, never their values."""

    where: str
    given: Mapping[str, object]
    environ: Mapping[str, str]

    def text(self, key: str) -> str:
        text = self._text(f'"{key}"', self.given[key])
        if not text.strip():
            raise McpConfigError(f'{self.where}: "{key}" is empty')
        return text

    def url(self, key: str) -> str:
        text = self.text(key)
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise McpConfigError(f'{self.where}: "{key}" must begin with http:// or https:// and a host')
        return text

    def headers(self, key: str) -> dict[str, str]:
        headers = self.named(key)
        for name, text in headers.items():
            # Refused here, because those who would refuse it later quote it.
            if not (f"{name}{text}".isascii() and f"{name}{text}".isprintable()):
                raise McpConfigError(f"{self.where}: {key} {name!r} may only hold printable ASCII characters")
        return headers

    def optional(self, key: str) -> str | None:
        return self.text(key) if key in self.given else None

    def flag(self, key: str) -> bool:
        value = self.given.get(key, False)
        if not isinstance(value, bool):
            raise McpConfigError(f'{self.where}: "{key}" must be true or false')
        return value

    def trust(self) -> Trust:
        text = self.optional("trust")
        try:
            return Trust.NONE if text is None else Trust(text)
        except ValueError:
            raise McpConfigError(f'{self.where}: "trust" must be "none" or "annotations"') from None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.given.get(key, [])
        if not isinstance(value, list):
            raise McpConfigError(f'{self.where}: "{key}" must be a list of texts')
        return tuple(self._text(f'"{key}"', item) for item in cast("list[object]", value))

    def named(self, key: str) -> dict[str, str]:
        value = _mapping(self.given.get(key, {}))
        if value is None:
            raise McpConfigError(f'{self.where}: "{key}" must be an object of texts')
        return {name: self._text(f"{key} {name}", text) for name, text in value.items()}

    def _text(self, what: str, value: object) -> str:
        if not isinstance(value, str):
            raise McpConfigError(f"{self.where}: {what} must be a text")

        def variable(match: re.Match[str]) -> str:
            found = self.environ.get(match[1], cast("str | None", match[2]))
            if found is None:
                raise McpConfigError(f"{self.where}: {what} needs the variable {match[1]}, which is not set")
            return found

        return _VARIABLE.sub(variable, value)


def _mapping(value: object) -> Mapping[str, object] | None:
    """A JSON object as such; None for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else None
