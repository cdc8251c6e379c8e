"""A schedule made as small as it can be and still go wrong, and the source text that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum

from agents.port import Limits
from tests.agents.fuzz.brain import Decision
from tests.agents.fuzz.check import check
from tests.agents.fuzz.schedule import Move, Schedule, play
from tests.agents.fuzz.stage import Setting

MOST_TRIES = 3000


def violations(schedule: Schedule) -> list[str]:
    """What goes wrong in a schedule, among it what nobody thought of."""
    try:
        return check(play(schedule))
    except Exception as error:
        return [f"crash: {error!r}"]


def shrink(schedule: Schedule, rule: str) -> Schedule:
    """The smallest schedule found near this one that breaks `rule` too."""
    tries = 0
    found = True
    while found and tries < MOST_TRIES:
        found = False
        for smaller in _smaller(schedule):
            tries += 1
            if any(text.startswith(f"{rule}:") for text in violations(smaller)):
                schedule, found = smaller, True
                break
    return schedule


def source(value: object) -> str:
    """Source text of a value, to be pasted into a test: only what differs from the defaults."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if is_dataclass(value) and not isinstance(value, type):
        given = [
            f"{field.name}={source(getattr(value, field.name))}"
            for field in fields(value)
            if getattr(value, field.name) != _default(value, field.name)
        ]
        return f"{type(value).__name__}({', '.join(given)})"
    if isinstance(value, tuple):
        return f"({''.join(f'{source(item)}, ' for item in value)})"
    return repr(value)


def _default(value: object, name: str) -> object:
    field = next(field for field in fields(value) if field.name == name)  # type: ignore[arg-type]
    return field.default if field.default_factory is MISSING else field.default_factory()


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    moves, scripts, setting = schedule.moves, schedule.scripts, schedule.setting
    for at in range(len(moves)):
        yield replace(schedule, moves=moves[:at] + moves[at + 1 :])
    if scripts:
        yield replace(schedule, scripts=scripts[:-1])
    for turn, script in enumerate(scripts):
        for at in range(len(script)):
            less = script[:at] + script[at + 1 :]
            yield replace(schedule, scripts=(*scripts[:turn], less, *scripts[turn + 1 :]))
    usual = Setting()
    for field in fields(usual):
        if getattr(setting, field.name) != getattr(usual, field.name):
            yield replace(schedule, setting=replace(setting, **{field.name: getattr(usual, field.name)}))
    for field in fields(Limits):
        normal = getattr(usual.limits, field.name)
        if getattr(setting.limits, field.name) != normal:
            limits = replace(setting.limits, **{field.name: normal})
            yield replace(schedule, setting=replace(setting, limits=limits))
    for question in setting.replies:
        replies = {asked: reply for asked, reply in setting.replies.items() if asked != question}
        yield replace(schedule, setting=replace(setting, replies=replies))
    for at, move in enumerate(moves):
        for plainer in _plainer_move(move):
            yield replace(schedule, moves=(*moves[:at], plainer, *moves[at + 1 :]))
    for turn, script in enumerate(scripts):
        for at, decision in enumerate(script):
            for plainer in _plainer_decision(decision):
                new = (*script[:at], plainer, *script[at + 1 :])
                yield replace(schedule, scripts=(*scripts[:turn], new, *scripts[turn + 1 :]))


def _plainer_move(move: Move) -> Iterator[Move]:
    usual = Move(move.what)
    for name in ("slips", "tail", "after", "pace", "ending", "moment", "entry", "guess", "late"):
        if getattr(move, name) != getattr(usual, name):
            yield replace(move, **{name: getattr(usual, name)})
    words = move.words.split()
    if words:
        yield replace(move, words=" ".join(words[:-1]))


def _plainer_decision(decision: Decision) -> Iterator[Decision]:
    for name in ("seconds", "words", "finals"):
        if getattr(decision, name):
            yield replace(decision, **{name: type(getattr(decision, name))()})
