"""What is said of a turn: the brain's answer with its results filled in, or else what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents import graph, references
from agents.actions import Answer
from agents.calls import LiveCall

NOTHING = "Nothing was done."  # to say nothing would leave the user waiting


def answer(draft: Answer, calls: Mapping[int, LiveCall], told: Sequence[str]) -> str | None:
    """The text of an answer, as soon as all it needs is there, else None.

    `told` is what it must say too, whatever the brain wrote.
    """
    named = frozenset[int]() if draft.is_literal else references.mentioned(draft.text)
    if any(not call.is_over and (call.is_effect or call.id in named) for call in calls.values()):
        return None
    said = draft.text if draft.is_literal else references.spoken(draft.text, lambda id: _spoken(calls, id))
    if not said:  # it named a call that fell with one before it: why that failed is said instead
        return outcome(calls, told) or NOTHING
    return " ".join([said, *told]).strip()


def outcome(calls: Mapping[int, LiveCall], told: Sequence[str]) -> str:
    """What was done, as it is said where the brain has nothing to say."""
    wanted = [call for call in calls.values() if call.is_wanted]
    fed = {operand for call in wanted for operand in graph.operands(call, calls)}
    results = [_spoken(calls, call.id) for call in wanted if call.id not in fed]
    return " ".join(filter(None, [*results, *told]))


def _spoken(calls: Mapping[int, LiveCall], id: int) -> str:
    """What is said of a call: its result, why it failed, or nothing where it was withdrawn."""
    call = calls.get(id)
    if call is None:
        return ""
    return call.result.text if call.result and call.is_wanted else call.error
