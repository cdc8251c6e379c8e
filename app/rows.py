"""The fold of what happens to calls, into the rows of one turn."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from agents.events import CARRIED, CASCADE, EARLY, RESTORED, CallChanged, CallIssued, CallState
from app.shown import CallRow, Segment, Turn, clean
from tools.tool import Json

OVER = (CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)
"""States a version of a call does not leave."""


def issued(turn: Turn, event: CallIssued) -> Turn:
    """The turn with a row for the call, and the versions it replaces discarded."""
    rows = list(dropped(turn, event.call, event.at))
    row = CallRow(
        event.call,
        event.version,
        clean(event.name),
        tuple((clean(name), _shown(value)) for name, value in event.arguments.items()),
        event.effect,
        event.at,
        (Segment(CallState.WAITING, event.at),),
    )
    if any((known.call, known.version) == (row.call, row.version) for known in rows):
        return turn
    # A patch stands right below the version it replaces.
    place = max((i + 1 for i, known in enumerate(rows) if known.call == row.call), default=len(rows))
    rows.insert(place, row)
    return replace(turn, rows=tuple(rows), news_read=True)


def _shown(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value))


def dropped(turn: Turn, call: int, at: float) -> tuple[CallRow, ...]:
    """The rows with every version of `call` discarded by the words that came last.

    What was done is not gone by that: it is regretted, and taken back later.
    """

    def drop(row: CallRow) -> CallRow:
        blame = _blame(turn, row)
        if row.call != call or row.state in OVER or row.regretted is not None:
            return row
        if row.has_begun:
            return replace(row, regretted=at, **blame)
        return replace(moved(row, CallState.DISCARDED, at), **blame)

    return tuple(drop(row) for row in turn.rows)


class _Blame(TypedDict):
    because: str
    struck_at: float | None


def _blame(turn: Turn, row: CallRow) -> _Blame:
    """The words the brain reacts to, as what it does to a call.

    Words it had paused on before it issued the call are not what made the call wrong.
    """
    known = turn.news == turn.recent and turn.news_at < row.issued
    if known or not turn.news:
        return {"because": "", "struck_at": None}
    return {"because": turn.news, "struck_at": turn.news_at}


def moved(row: CallRow, state: CallState, at: float) -> CallRow:
    """The row with its last segment closed and one in `state` begun; empty stretches are left out."""
    last = row.segments[-1]
    if last.state is state:
        return row
    done = row.segments[:-1]
    if at > last.start:
        done = (*done, replace(last, end=at))
    return replace(row, segments=(*done, Segment(state, at)))


def changed(turn: Turn, event: CallChanged) -> tuple[CallRow, ...]:
    """The rows with one of them in another state."""
    rows = tuple(_changed(row, event, turn) for row in turn.rows)
    return _restored(rows, event) if event.reason == RESTORED else rows


def _changed(row: CallRow, event: CallChanged, turn: Turn) -> CallRow:
    if (row.call, row.version) != (event.call, event.version):
        return row
    if row.state is CallState.DISCARDED and event.state is not CallState.DISCARDED:
        return row  # a late result changes nothing
    dropped_now = event.state is CallState.DISCARDED and row.state is not CallState.DISCARDED
    guess = dropped_now and turn.committed is None and event.reason != CASCADE
    row = replace(row, **_blame(turn, row)) if guess else row
    return replace(
        moved(row, event.state, event.at),
        reason=clean(event.reason) or (row.reason if event.state is row.state else ""),
        text=clean(event.text) or row.text,
        early=row.early or (event.state is CallState.RUNNING and event.reason == EARLY),
        carried=row.carried or event.reason == CARRIED,
    )


def late(rows: tuple[CallRow, ...], call: int, text: str) -> tuple[CallRow, ...]:
    """The rows with what the version given up last returned all the same."""
    found = next((row for row in reversed(rows) if row.call == call and row.state in OVER), None)
    return tuple(replace(row, late=text) if row is found else row for row in rows)


def _restored(rows: tuple[CallRow, ...], event: CallChanged) -> tuple[CallRow, ...]:
    """The rows after a call asked again for what an earlier version did: that one is not regretted."""
    known = next((row for row in rows if row.call == event.call and row.regretted is not None), None)
    if known is None:
        return rows
    new = (event.call, event.version)
    return tuple(
        replace(row, entry=known.entry)
        if (row.call, row.version) == new
        else replace(row, regretted=None, because="", struck_at=None)
        if row is known
        else row
        for row in rows
    )


def with_entry(turn: Turn, event: CallChanged, turns: tuple[Turn, ...]) -> Turn:
    """The turn with the journal entry of a carried call, which is that of the turn it continues."""
    earlier = next((known for known in turns if known.number == turn.continues), turn)
    entries = [row.entry for row in earlier.rows if row.call == event.call and row.regretted is None]
    entry = next((known for known in reversed(entries) if known is not None), None)
    return replace(turn, rows=entered(turn.rows, event.call, event.version, entry))


def entered(rows: tuple[CallRow, ...], call: int, version: int, entry: int | None) -> tuple[CallRow, ...]:
    """The rows with the journal entry of one of them."""
    return tuple(
        replace(row, entry=entry) if (row.call, row.version) == (call, version) else row for row in rows
    )


def settled(turn: Turn) -> tuple[CallRow, ...]:
    """The rows when the turn is over: without a commit, what an earlier one has done stays done."""
    if turn.committed is not None:
        return turn.rows
    return tuple(
        replace(row, regretted=None)
        if row.regretted is not None and not row.early and row.state is not CallState.UNDONE
        else row
        for row in turn.rows
    )
