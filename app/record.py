"""A session's events as a file: one JSON object a line, the first one a header."""

from __future__ import annotations

import json
import math
import shlex
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Self, TextIO, get_args, get_origin, get_type_hints

from agents.events import SCHEMA_VERSION, Event
from agents.records import from_json, to_json
from tools.errors import HeadstartError

_HEADER = "headstart"

HIDDEN = "[hidden]"


class RecordError(HeadstartError):
    """A record that cannot be written or read. Its message is one line that says what to do."""


class Recorder:
    """Writes events to `path`, a line at a time, so that a crash loses at most the last one.

    Wherever one of the texts of `hidden` would stand, in an argument, a result or a notice, HIDDEN
    stands instead. An existing file is replaced. Raises RecordError where the file cannot be written.
    """

    def __init__(self, path: Path, hidden: Iterable[str] = ()) -> None:
        self._path = path
        # The longest first: a key may be part of another text to be hidden, and must not leave a rest of it.
        self._hidden = sorted(hidden, key=len, reverse=True)
        try:
            self._file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise RecordError(f"cannot write {path}: {_why(error)}; record somewhere else") from error
        self._write({_HEADER: SCHEMA_VERSION})

    def write(self, event: Event) -> None:
        """Append one event. Raises RecordError when the disk refuses it; the record is then closed."""
        row = to_json(event)
        self._write(
            {key: value if key == "event" else self._without_secrets(value) for key, value in row.items()}
        )

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _without_secrets(self, value: Any) -> Any:
        match value:
            case StrEnum():
                return value
            case str():
                for secret in self._hidden:
                    value = value.replace(secret, HIDDEN)
                return value
            case list():
                return [self._without_secrets(item) for item in value]
            case Mapping():
                return {
                    self._without_secrets(key): self._without_secrets(item) for key, item in value.items()
                }
            case _:
                return value

    def _write(self, row: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # closing tries once more to write what the disk refused
                self._file.close()
            raise RecordError(
                f"cannot go on writing {self._path}: {_why(error)}; free some space or record elsewhere"
            ) from error


def read_record(path: Path) -> Iterator[Event]:
    """The events of a record, in order.

    Raises RecordError, at the place where it is met, for a missing file, another schema version, and a
    line that is cut short or damaged; the message names the line.
    """
    try:
        with path.open(encoding="utf-8", errors="strict", newline="\n") as file:
            yield from _events(path, file)
    except OSError as error:
        raise RecordError(f"cannot read {path}: {_why(error)}") from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is not a Headstart record: it is not UTF-8 text") from error


def _events(path: Path, file: TextIO) -> Iterator[Event]:
    number = 0
    for number, line in enumerate(file, start=1):
        row = _row(path, number, line)
        if number == 1:
            _check_header(path, row)
            continue
        try:
            event = from_json(row)
            _check_types(event)
        except (ValueError, TypeError) as error:
            raise _damaged(path, number, f"is no event this version knows ({error})") from error
        yield event
    if number == 0:
        raise RecordError(f"{path} is empty; record a session first with --record")


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    if not line.endswith("\n"):
        raise _damaged(path, number, "is cut short: the recording stopped in the middle of it")
    try:
        row = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, number, "is not valid JSON") from error
    if not isinstance(row, dict):
        raise _damaged(path, number, "is not a JSON object")
    return row


def _check_header(path: Path, row: dict[str, Any]) -> None:
    version = row.get(_HEADER)
    if version is None:
        first = json.dumps({_HEADER: SCHEMA_VERSION})
        raise RecordError(f"{path} is not a Headstart record: line 1 should be {first}")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        advice = "update Headstart" if newer else "record again, or replay it with the version that made it"
        raise RecordError(
            f"{path} was made with record format {version!r}, this version reads {SCHEMA_VERSION}; {advice}"
        )


def _damaged(path: Path, number: int, what: str) -> RecordError:
    if number == 1:
        return RecordError(f"{path} is not a Headstart record: line 1 {what}")
    part = shlex.quote(f"{path.stem}-part{path.suffix}")
    keep = f"head -n {number - 1} {shlex.quote(str(path))} > {part}"
    return RecordError(f"{path}: line {number} {what}; to replay what came before: {keep}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no time")


@cache
def _hints(cls: type[Event]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _check_types(event: Event) -> None:
    """Raise ValueError where a field is not what its annotation says; `from_json` looks at names only."""
    for name, hint in _hints(type(event)).items():
        if not _fits(getattr(event, name), hint):
            raise ValueError(f"{type(event).__name__}: {name} has the wrong type")


def _fits(value: object, hint: Any) -> bool:
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(hint, types.UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    origin = get_origin(hint)
    if origin is not None:
        return isinstance(value, origin)
    return isinstance(value, hint) if isinstance(hint, type) else True


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
