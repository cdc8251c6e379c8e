"""Tasks: what a user says, the calls that are right, and the effects that must stand at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from agents.actions import Call
from agents.references import References
from agents.words import same_words
from tools.errors import HeadstartError
from tools.tool import Arguments, Effect, ToolError
from tools.toolbox import Toolbox


class Kind(StrEnum):
    """What a task tries."""

    FLUENT = "fluent"
    FILLER = "filler"
    PAUSE = "pause"
    FALSE_START = "false-start"
    SELF_CORRECTION = "self-correction"
    LATE_CANCEL = "late-cancel"
    CHAINED = "chained"
    NO_TOOL = "no-tool"
    QUESTION = "question"


class TaskError(HeadstartError):
    """A task file that cannot be used: file, line, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Performed:
    """An effect that must stand in the journal.

    Where its call uses `$n` this is the value of call n; `$n` is left only for one nobody can know
    beforehand, such as a new meeting link.
    """

    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Task:
    """One line of a task file.

    `words` holds each word of `said` with the second, from the start of the turn, at which it has been
    said; empty where the file leaves the pace open. `calls` is the gold plan in an order in which it can
    run, what it reads included; `effects` is all that may stand in the journal at the end. At least one of
    `answer_any`, if there are any, occurs in the spoken answer, case aside; `answer` is the exact one.
    """

    id: str
    said: str
    kind: Kind
    now: datetime
    world: str
    calls: tuple[Call, ...]
    effects: tuple[Performed, ...]
    answer_any: tuple[str, ...]
    answer: str
    words: tuple[tuple[str, float], ...]


class _Effect(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    arguments: dict[str, JsonValue]


class _Call(_Effect):
    id: int


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    said: str
    kind: Kind
    now: datetime
    world: str
    calls: list[_Call]
    effects: list[_Effect]
    answer_any: list[str] = []
    answer: str = ""
    words: list[tuple[str, float]] = []


class _Wrong(Exception):
    """What is wrong with one task."""


def load(path: Path, toolbox: Toolbox) -> list[Task]:
    """The tasks of a file, over the tools of `toolbox`.

    Raises TaskError, one line that names the file, the line and what is wrong there.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(
            f"{path}: cannot be read as text; name a file with one JSON object a line."
        ) from error
    tasks: list[Task] = []
    places: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            task = _task(line, toolbox)
            if task.id in places:
                raise _Wrong(f'id "{task.id}" is that of line {places[task.id]} too')
        except _Wrong as error:
            raise TaskError(f"{path}:{number}: {error}") from error
        places[task.id] = number
        tasks.append(task)
    if not tasks:
        raise TaskError(f"{path}: there is no task in it.")
    return tasks


def _task(text: str, toolbox: Toolbox) -> Task:
    try:
        line = _Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _Wrong(f"{where}: {first['msg']}" if where else first["msg"]) from error
    if not line.said.strip():
        raise _Wrong("said: is empty")
    calls = tuple(Call(call.id, call.name, call.arguments) for call in line.calls)
    effects = tuple(Performed(effect.name, effect.arguments) for effect in line.effects)
    _check_calls(calls, toolbox)
    _check_effects(calls, effects, toolbox)
    _check_words(line)
    return Task(
        line.id,
        line.said,
        line.kind,
        line.now,
        line.world,
        calls,
        effects,
        tuple(line.answer_any),
        line.answer,
        tuple(line.words),
    )


def _check_calls(calls: Iterable[Call], toolbox: Toolbox) -> None:
    """Known tools and arguments they take; `$n` names an earlier call."""
    known: set[int] = set()
    for call in calls:
        _check_arguments(f"call {call.id}", call.name, call.arguments, toolbox)
        if call.id in known:
            raise _Wrong(f"call {call.id}: there are two")
        used = References.of(call.arguments)
        if missing := used.whole - known:
            raise _Wrong(f"call {call.id}: no call before it is ${min(missing)}")
        known.add(call.id)


def _check_arguments(where: str, name: str, arguments: Arguments, toolbox: Toolbox) -> None:
    try:
        toolbox.check(name, arguments)
    except ToolError as error:
        raise _Wrong(f"{where}: {error}") from error


def _check_effects(calls: Iterable[Call], effects: Iterable[Performed], toolbox: Toolbox) -> None:
    """One effect for each call that has one, alike but for `$n`; and no other."""
    open_calls = [call for call in calls if toolbox.get(call.name).effect is not Effect.READ]
    for effect in effects:
        _check_arguments("effects", effect.name, effect.arguments, toolbox)
        call = next((call for call in open_calls if _could_be(call, effect)), None)
        if call is None:
            raise _Wrong(f"effects: no call makes this {effect.name}")
        open_calls.remove(call)
    if open_calls:
        counts = Counter(call.name for call in open_calls)
        raise _Wrong(f"effects: none for {', '.join(counts)}, which is called")


def _could_be(call: Call, effect: Performed) -> bool:
    def same(key: str) -> bool:
        given = call.arguments[key]
        used = References.of({key: given})
        return bool(used.whole or used.inside) or given == effect.arguments[key]

    return (
        call.name == effect.name
        and call.arguments.keys() == effect.arguments.keys()
        and all(map(same, call.arguments))
    )


def _check_words(line: _Line) -> None:
    if not line.words:
        return
    if not same_words(" ".join(word for word, _ in line.words), line.said):
        raise _Wrong("words: are not those of said")
    times = [second for _, second in line.words]
    if times != sorted(times) or times[0] < 0:
        raise _Wrong("words: their times do not go forward")
