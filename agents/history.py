"""What was said and called so far, read from the events: where a turn stands, and what came before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    EndOfTurn,
    Event,
    Reopened,
    SpeakingEnded,
    Updated,
)
from tools.tool import Arguments, Effect

RESULT_LIMIT = 2000  # characters of a result that an answer is written from

# ---- where a turn stands ---------------------------------------------------------------------------


class Stage(StrEnum):
    """What a brain that answers by itself has to do in a turn."""

    GUESS = "guess"  # there may be calls to issue: the words are new, or not certainly all
    WAIT = "wait"  # committed, and calls are open: nothing to do
    ANSWER = "answer"  # committed, and no call is open


def stage(of_turn: Sequence[Event]) -> Stage:
    """Where the turn stands, from its events."""
    is_committed = False
    for event in of_turn:
        if isinstance(event, Committed):
            is_committed = True
        elif isinstance(event, Reopened | EndOfTurn):
            is_committed = False
    if not is_committed:
        return Stage.GUESS
    return Stage.WAIT if any(call.is_open for call in calls(of_turn)) else Stage.ANSWER


def is_certain(of_turn: Sequence[Event]) -> bool:
    """Whether the user has certainly finished."""
    last = next((event for event in reversed(of_turn) if isinstance(event, Reopened | EndOfTurn)), None)
    return isinstance(last, EndOfTurn)


@dataclass(frozen=True, slots=True)
class ToldCall:
    """A call of a turn in its latest version, as a model is told of it."""

    id: int
    name: str
    arguments: Arguments
    effect: Effect
    state: CallState
    text: str  # the result, or why it failed
    version: int

    @property
    def is_open(self) -> bool:
        """Whether it has not come to an end."""
        return not self.state.is_over

    @property
    def is_wanted(self) -> bool:
        """Whether it was not discarded or undone."""
        return self.state.is_wanted

    @property
    def result(self) -> str:
        """What it returned, as a model is given it to answer from; empty while it is open."""
        text = " ".join(self.text.split())[:RESULT_LIMIT]
        return f"failed: {text}" if self.state is CallState.FAILED else text


def calls(of_turn: Sequence[Event]) -> list[ToldCall]:
    """The calls of a turn by ID, from its events; those that were discarded too."""
    told: dict[int, ToldCall] = {}
    versions: dict[int, int] = {}
    for event in of_turn:
        match event:
            case CallIssued(call=id, version=version, name=name, arguments=arguments, effect=effect):
                versions[id] = version
                told[id] = ToldCall(id, name, arguments, effect, CallState.WAITING, "", version)
            case CallChanged(call=id, version=version, state=state, text=text) if versions.get(id) == version:
                told[id] = replace(told[id], state=state, text=text)
            case _:
                pass
    return [told[id] for id in sorted(told)]


def words(of_turn: Sequence[Event]) -> tuple[str, bool]:
    """The words handed over latest, and whether they are final."""
    for event in reversed(of_turn):
        if isinstance(event, Updated):
            return event.text, event.final
    return "", False


def standing(of_turn: Sequence[Event]) -> Iterator[ToldCall]:
    """The calls of a turn whose results an answer is written from, in order."""
    return (call for call in calls(of_turn) if call.state in (CallState.READY, CallState.FAILED))


# ---- what was said before --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn that is over: what was said, the calls that stood in the end, what the user heard."""

    turn: int
    said: str
    calls: Sequence[ToldCall]
    answer: str


def exchanges(turns: Mapping[int, Sequence[Event]], before: int, last: int = 20) -> list[Exchange]:
    """The turns before turn `before` that came to words, at most the `last`, oldest first.

    However long the conversation, no more of it is read than that.
    """
    earlier = sorted((turn for turn in turns if turn < before), reverse=True)
    found = (_exchange(turn, turns[turn]) for turn in earlier)
    return list(islice((exchange for exchange in found if exchange.said), last))[::-1]


def _exchange(turn: int, of_turn: Sequence[Event]) -> Exchange:
    answer = ""
    for event in of_turn:
        match event:
            case Answered(text=text):
                answer = text
            case SpeakingEnded(heard=heard, interrupted=True):
                answer = heard
            case _:
                pass
    return Exchange(turn, words(of_turn)[0], list(standing(of_turn)), answer)
