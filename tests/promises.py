"""What is promised of a turn whatever fails: it ends in words, nothing happens early, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agents.events import Answered, CallChanged, CallState, Committed, Effected, Event, TurnEnded, TurnStarted
from agents.summary import wrong_effects
from tools.journal import Entry, EntryState

_OVER = {CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE}


def broken_promises(events: Sequence[Event], journal: Sequence[Entry]) -> list[str]:
    """Every promise that was not kept, in words."""
    found: list[str] = []
    started = [event.turn for event in events if isinstance(event, TurnStarted)]
    for turn in started:
        if [event.turn for event in events if isinstance(event, TurnEnded)].count(turn) != 1:
            found.append(f"turn {turn} did not end once")
        if not any(isinstance(event, Answered) and event.turn == turn and event.text for event in events):
            found.append(f"turn {turn} ended without a word")
    committed: set[int] = set()
    for event in events:
        if isinstance(event, Committed):
            committed.add(event.turn)
        elif isinstance(event, Effected) and event.turn not in committed:
            found.append(f"{event.name} happened before the commit point")
    last = {(e.turn, e.call, e.version): e.state for e in events if isinstance(e, CallChanged)}
    found += [f"call {mark} is {state} for ever" for mark, state in last.items() if state not in _OVER]
    if wrong := wrong_effects(events):
        found.append(f"{wrong} effects stand that nobody asked for")
    done = Counter((entry.tool, str(sorted(entry.arguments.items()))) for entry in journal)
    found += [f"{mark} happened {count} times" for mark, count in done.items() if count > 1]
    found += [
        f"{entry.tool} is left as {entry.state}" for entry in journal if entry.state is EntryState.INTENT
    ]
    return found
