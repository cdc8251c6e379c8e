"""The Live model's own calls, and the session's calls that answer them.

The model asks for what may long be there: a call that a guess issued while the user spoke. Whatever it
asks for becomes, or already is, a call of the session, under the session's rules: an effect waits for the
commit point, and is never carried out because the model asked a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents import history, protocol, references
from agents.actions import Action, Call, Remove
from agents.events import CARRIED, CallChanged, CallState, Continued, Event
from agents.history import ToldCall
from agents.references import References
from tools.tool import Arguments, Effect, Json
from tools.toolbox import Toolbox

LOOKED_UP = "[Looked up while the user was speaking:]"
_NOT_BEGUN = (CallState.WAITING, CallState.HELD, CallState.ASKING)


@dataclass(slots=True)
class Ask:
    """A call of the Live model. `call` is the session's, once there is one."""

    id: str
    name: str
    args: Arguments
    call: int | None = None
    refusal: str = ""  # why there can be none
    answered: bool = False


class Asks:
    """What the Live model has asked for in one turn of the user."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._asks: list[Ask] = []
        self._told: set[int] = set()  # calls whose results the model was given unasked

    def add(self, asks: Sequence[Ask]) -> None:
        """The model asks."""
        self._asks += asks

    def cancel(self, ids: Sequence[str]) -> None:
        """The service takes these back. What they led to stands or falls with what the model asks next."""
        self._asks = [ask for ask in self._asks if ask.id not in ids]

    def forget_open(self) -> list[Ask]:
        """Those that were not answered; they are never answered any more."""
        open = [ask for ask in self._asks if not ask.answered]
        self._asks = [ask for ask in self._asks if ask.answered]
        return open

    @property
    def open(self) -> list[Ask]:
        """Those that wait for an answer."""
        return [ask for ask in self._asks if not ask.answered]

    def found(self, of_turn: Sequence[Event]) -> str:
        """What has been looked up so far, for the model, which need not ask for it then."""
        ready = [
            call
            for call in history.calls(of_turn)
            if call.effect is Effect.READ and call.state is CallState.READY
        ]
        self._told |= {call.id for call in ready}
        lines = [
            f"{call.name}({json.dumps(dict(call.arguments), ensure_ascii=False)}): {protocol.data(call.text)}"
            for call in ready
        ]
        return "\n".join([LOOKED_UP, *lines]) if lines else ""

    # ---- towards the session -------------------------------------------------------------------

    def due(self, of_turn: Sequence[Event]) -> Iterator[Action]:
        """What the session has to be told so that each ask has its call there.

        Each action must have been applied before the next is taken.
        """
        for ask in self._asks:
            if ask.call is not None or ask.refusal:
                continue
            if ask.name not in self._toolbox:
                ask.refusal = f"There is no function {ask.name}."
                continue
            found = self._found(ask, of_turn)
            if found is None:
                found = self._place(ask, of_turn)
                yield Call(found, ask.name, ask.args)
                told = {call.id: call for call in history.calls(of_turn)}.get(found)
                if told is None or not self._is_same(ask, told.name, told.arguments):
                    ask.refusal = "That is not possible any more in this turn."
                    continue
            ask.call = found

    def unwanted(self, of_turn: Sequence[Event], *, settled: bool) -> list[Remove]:
        """Guesses that the model did not ask for, nor needs for what it asked for.

        Those that are not over; with `settled`, when it has said all it wants, also what was looked up in
        vain. In a turn that corrects the one before, what was guessed stands: the model may have taken the
        correction for done.
        """
        if any(isinstance(event, Continued) for event in of_turn):
            return []
        told = {call.id: call for call in history.calls(of_turn) if call.is_wanted}
        needed = {ask.call for ask in self._asks if ask.call is not None} | self._told
        needed |= {
            call.id
            for call in told.values()
            if call.effect is not Effect.READ and call.state not in _NOT_BEGUN
        }
        waiting = list(needed)
        while waiting:
            call = told.get(waiting.pop())
            named = (
                References.of(call.arguments) if call is not None else References(frozenset(), frozenset())
            )
            more = (named.whole | named.inside) - needed
            needed |= more
            waiting += more
        return [Remove(id) for id, call in told.items() if id not in needed and (call.is_open or settled)]

    def _found(self, ask: Ask, of_turn: Sequence[Event]) -> int | None:
        """The call of the session that is what was asked for."""
        values = _values(of_turn)
        for call in history.calls(of_turn):
            if not call.is_wanted:
                continue
            if call.state is CallState.FAILED and call.effect is Effect.READ:
                continue  # looking again does no harm
            arguments = references.filled(
                call.arguments, lambda id: values.get(id, f"${id}"), lambda id: id in values
            )
            if self._is_same(ask, call.name, arguments):
                return call.id
        return None

    def _place(self, ask: Ask, of_turn: Sequence[Event]) -> int:
        """The ID under which to issue it: that of a guess at the same thing, or a new one."""
        told = history.calls(of_turn)
        taken = {other.call for other in self._asks}
        carried = _carried(of_turn)
        for call in told:
            if call.name != ask.name or call.effect is Effect.READ or call.id in taken or not call.is_wanted:
                continue
            if call.state in _NOT_BEGUN or call.id in carried:
                return call.id
        return max((call.id for call in told), default=0) + 1

    def _is_same(self, ask: Ask, name: str, arguments: Arguments) -> bool:
        return name == ask.name and (
            self._toolbox.canonical(name, arguments) == self._toolbox.canonical(name, ask.args)
        )

    # ---- towards the model ---------------------------------------------------------------------

    def answers(self, of_turn: Sequence[Event]) -> list[tuple[Ask, dict[str, str]]]:
        """The open asks that can be answered now, each with its response."""
        told = {call.id: call for call in history.calls(of_turn)}
        found: list[tuple[Ask, dict[str, str]]] = []
        for ask in self.open:
            response = {"error": ask.refusal} if ask.refusal else _response(told.get(ask.call or 0))
            if response is not None:
                found.append((ask, response))
        return found

    def awaits_commit(self, of_turn: Sequence[Event]) -> bool:
        """Whether something asked for is an effect that has not begun."""
        told = {call.id: call for call in history.calls(of_turn)}
        return any(
            (call := told.get(ask.call or 0)) is not None
            and call.effect is not Effect.READ
            and call.state in _NOT_BEGUN
            for ask in self.open
        )


def has_effects(of_turn: Sequence[Event]) -> bool:
    """Whether an effect of this turn has begun, so that the request must not be made again."""
    carried = _carried(of_turn)
    return any(
        call.effect is not Effect.READ
        and call.state in (CallState.RUNNING, CallState.READY, CallState.FAILED)
        and call.id not in carried
        for call in history.calls(of_turn)
    )


def _response(call: ToldCall | None) -> dict[str, str] | None:
    """What the model is told of a call that is over; None while it is not."""
    if call is None or call.is_open:
        return None
    text = " ".join(call.text.split())[: history.RESULT_LIMIT]
    match call.state:
        case CallState.READY:
            return {"output": text or "done"}
        case CallState.FAILED:
            return {"error": f"{text} Do not call this again."}
        case _:
            return {"error": "The user does not want this any more, or said no. Do not call this again."}


def _values(of_turn: Sequence[Event]) -> Mapping[int, Json]:
    """What `$n` stands for, for the calls that are over."""
    return {
        event.call: event.value
        for event in of_turn
        if isinstance(event, CallChanged) and event.state is CallState.READY
    }


def _carried(of_turn: Sequence[Event]) -> set[int]:
    """The calls of the turn before that this one corrects, as far as it has not touched them."""
    versions = {event.call: event for event in of_turn if isinstance(event, CallChanged)}
    return {id for id, event in versions.items() if event.reason == CARRIED}
