"""What both ways of reaching vLLM must show."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agents.brains.writing import PAUSED
from agents.events import CallIssued, CallState, Committed, EndOfTurn, Updated
from tests.vllm.play import Played
from tools.journal import EntryState

DEMO = [
    ("What's on my", None),
    ("calendar on", None),
    ("Friday,", None),  # guessed at once
    ("no, Saturday,", 3),  # interrupted in the middle of the patch
    ("and put lunch", None),
    ("with Ana on", None),
    ("Saturday", None),  # held
    ("at one.", None),
]


def demo_is_done(turn: Played) -> None:
    """The demonstration's turn: guessed, patched, interrupted, held, committed."""
    at = {type(event): place for place, event in enumerate(turn.events)}
    issued = [event for event in turn.events if isinstance(event, CallIssued)]
    reads = [event for event in issued if event.name == "find_events"]
    assert reads[0].arguments == {"day": "Friday"} and reads[-1].arguments == {"day": "Saturday"}
    assert reads[-1].call == reads[0].call and reads[-1].version > reads[0].version
    assert any(" -> 1" in half and not half.endswith(")") for half in turn.interrupted), turn.interrupted
    # Guessed before the end, and its effect not before the commit point.
    assert turn.events.index(reads[0]) < at[EndOfTurn] < at[Committed]
    done = [(entry.tool, dict(entry.arguments), entry.state) for entry in turn.entries]
    lunch = {"title": "lunch with Ana", "start": "Saturday at one"}
    assert done == [("create_calendar_event", lunch, EntryState.DONE)]
    assert CallState.HELD in [getattr(event, "state", None) for event in turn.events[: at[EndOfTurn]]]
    assert isinstance(turn.events[at[Updated]], Updated) and turn.events[at[Updated]].final


async def text(pieces: AsyncGenerator[str, None], count: int | None = None) -> str:
    """What is written, or its first `count` pieces."""
    async with aclosing(pieces) as written:
        return "".join([piece async for piece in _first(written, count)])


async def _first(pieces: AsyncGenerator[str, None], count: int | None) -> AsyncGenerator[str, None]:
    left = itertools.count() if count is None else iter(range(count))
    for _ in left:
        piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece
        if PAUSED in piece or "\n" in piece:
            return
