"""Dependencies between the calls of a turn: who waits for whom, and what `$n` becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agents import references
from agents.calls import LiveCall
from agents.events import CallState
from agents.references import References
from tools.tool import Arguments, Effect, Json


def operands(call: LiveCall, calls: Mapping[int, LiveCall]) -> frozenset[int]:
    """IDs whose results `call` needs."""
    inside = call.references.inside
    if not inside:
        return call.references.whole
    return call.references.whole | {id for id in inside if _is_wanted(calls, id)}


def substitute(call: LiveCall, calls: Mapping[int, LiveCall]) -> Arguments:
    """The arguments of `call` with their operands filled in. All operands must be READY."""
    if not call.references.whole and not call.references.inside:
        return call.arguments
    inside = call.references.inside
    return references.filled(
        call.arguments, lambda id: _value(calls[id]), lambda id: id in inside and _is_wanted(calls, id)
    )


def bound(call: LiveCall, calls: Mapping[int, LiveCall]) -> LiveCall:
    """`call` as it is carried out: a number in its text that names no call now never will."""
    inside = frozenset(id for id in call.references.inside if _is_wanted(calls, id))
    return replace(call, references=References(call.references.whole, inside))


def _value(call: LiveCall) -> Json:
    assert call.result is not None
    return call.result.text if call.result.value is None else call.result.value


def _is_wanted(calls: Mapping[int, LiveCall], id: int) -> bool:
    return id in calls and calls[id].is_wanted


def dependants(calls: Mapping[int, LiveCall], of: int) -> list[int]:
    """IDs of the wanted calls that depend on call `of`, directly or not, in ID order."""
    found = {of}
    grown = True
    while grown:
        grown = False
        for call in calls.values():
            if (
                call.id not in found
                and (call.references.whole or call.references.inside)
                and call.is_wanted
                and not found.isdisjoint(operands(call, calls))
            ):
                found.add(call.id)
                grown = True
    return sorted(found - {of})


def is_cyclic(calls: Mapping[int, LiveCall], id: int) -> bool:
    """Whether call `id` waits for itself."""
    return id in needs(calls, id)


def needs(calls: Mapping[int, LiveCall], id: int) -> set[int]:
    """IDs of the calls that call `id` depends on, directly or not."""
    seen: set[int] = set()
    todo = [id]
    while todo:
        for operand in operands(calls[todo.pop()], calls):
            if operand in calls and operand not in seen:
                seen.add(operand)
                if _is_wanted(calls, operand):
                    todo.append(operand)
    return seen


def is_ready(calls: Mapping[int, LiveCall], call: LiveCall) -> bool:
    """Whether every operand of `call` has its result."""
    return all(
        operand in calls and calls[operand].state is CallState.READY for operand in operands(call, calls)
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
    if any(call.state in (CallState.RUNNING, CallState.ASKING) for call in pending):
        return None
    waiting_for = {call.id for call in pending}
    for call in pending:
        if is_ready(calls, call):
            return call
        if not needs(calls, call.id) & waiting_for:
            return None  # it waits for a read: keep the order
    return None
