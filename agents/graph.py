"""Dependencies between the calls of a turn: who waits for whom, and what `$n` becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agents.calls import LiveCall
from agents.events import CallState
from tools.tool import Effect, Json

_WHOLE = re.compile(r"\$(\d+)")
_INSIDE = re.compile(r"\$(\d+)\b")


def operands(arguments: Json | Mapping[str, Json], known: Mapping[int, LiveCall]) -> frozenset[int]:
    """IDs that `arguments` refer to, at any depth.

    A string that is nothing but `$n` is always a reference, also to a call yet to come. Inside a longer
    string only the number of a call that stands is one: "I owe you $20" stays what the user said.
    """
    found: set[int] = set()
    if isinstance(arguments, str):
        whole = _WHOLE.fullmatch(arguments)
        if whole:
            found.add(int(whole.group(1)))
        else:
            found |= {int(match) for match in _INSIDE.findall(arguments) if _is_wanted(known, int(match))}
    elif isinstance(arguments, Mapping):
        for value in arguments.values():
            found |= operands(value, known)
    elif isinstance(arguments, list):
        for value in arguments:
            found |= operands(value, known)
    return frozenset(found)


def substitute(arguments: Mapping[str, Json], calls: Mapping[int, LiveCall]) -> dict[str, Json]:
    """The arguments with every reference replaced by the value of the call it names.

    All operands must be READY. A value is data: nothing in it is read as a reference again.
    """
    return {key: _fill(value, calls) for key, value in arguments.items()}


def _fill(value: Json, calls: Mapping[int, LiveCall]) -> Json:
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        if whole:
            return _value(calls[int(whole.group(1))])
        return _INSIDE.sub(
            lambda match: (
                str(_value(calls[int(match.group(1))]))
                if _is_wanted(calls, int(match.group(1)))
                else match.group()
            ),
            value,
        )
    if isinstance(value, list):
        return [_fill(item, calls) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, calls) for key, item in value.items()}
    return value


def _value(call: LiveCall) -> Json:
    assert call.result is not None
    return call.result.text if call.result.value is None else call.result.value


def _is_wanted(calls: Mapping[int, LiveCall], id: int) -> bool:
    return id in calls and calls[id].is_wanted


def dependants(calls: Mapping[int, LiveCall], of: int) -> list[int]:
    """IDs of the wanted calls that depend on call `of`, directly or not, in ID order."""
    found: set[int] = set()
    grown = True
    while grown:
        grown = False
        for call in calls.values():
            if call.id not in found and call.is_wanted and operands(call.arguments, calls) & (found | {of}):
                found.add(call.id)
                grown = True
    return sorted(found - {of})


def is_cyclic(calls: Mapping[int, LiveCall], id: int) -> bool:
    """Whether call `id` waits for itself."""
    return id in _needs(calls, id)


def _needs(calls: Mapping[int, LiveCall], id: int) -> set[int]:
    seen: set[int] = set()
    todo = [id]
    while todo:
        for operand in operands(calls[todo.pop()].arguments, calls):
            if operand in calls and operand not in seen:
                seen.add(operand)
                todo.append(operand)
    return seen


def is_ready(calls: Mapping[int, LiveCall], call: LiveCall) -> bool:
    """Whether every operand of `call` has its result."""
    return all(
        operand in calls and calls[operand].state is CallState.READY
        for operand in operands(call.arguments, calls)
    )


def next_effect(calls: Mapping[int, LiveCall]) -> LiveCall | None:
    """The effect that may start now, were it released; None where one is under way or none can.

    Effects run one after the other, in the order of their IDs, whatever finishes first; those that must
    be asked for come after those that need not, so that a question holds up nothing else. An effect
    goes ahead of another one only where that one waits for it.
    """
    pending = sorted(
        (call for call in calls.values() if call.is_effect and not call.is_over),
        key=lambda call: (call.tool.effect is Effect.CONFIRM, call.id),
    )
    waiting_for = {call.id for call in pending}
    for call in pending:
        if call.state in (CallState.RUNNING, CallState.ASKING):
            return None
        if is_ready(calls, call):
            return call
        if not _needs(calls, call.id) & waiting_for:
            return None  # it waits for a read: keep the order
    return None
