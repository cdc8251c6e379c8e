"""The fold from the event stream to what the screen shows.

`fold` is total: any event after any other gives a state, so that a record cut anywhere still shows.
Times are seconds on the session clock.
"""

from __future__ import annotations

from dataclasses import replace

from agents.events import (
    CARRIED,
    AlertDue,
    AlertTold,
    BrainChanged,
    CallChanged,
    CallState,
    Continued,
    Effected,
    Event,
    Level,
    Muted,
    Notice,
    SessionEnded,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    TurnEnded,
    UndoFailed,
    Undone,
    Used,
)
from app.rows import OVER, moved, with_entry
from app.shown import Counters, EffectRow, Header, ScreenState, Turn, clean
from app.turns import TurnEvent, in_turn

__all__ = ["ScreenState", "fold"]

KEPT_TURNS = 40
KEPT_EFFECTS = 100
KEPT_NOTICES = 5
KEPT_ANSWERS = 30
KEPT_LEVELS = 600  # a minute
KEPT_EVENTS = 1000


def fold(state: ScreenState, event: Event) -> ScreenState:
    """The state after `event`. Never raises, changes nothing it was given."""
    clock = max(state.clock, event.at)
    if isinstance(event, Level):
        return replace(state, clock=clock, levels=(*state.levels, event)[-KEPT_LEVELS:])
    state = replace(state, clock=clock, recent=(*state.recent, event)[-KEPT_EVENTS:])
    match event:
        case SessionStarted(brain=brain, mode=mode, source=source, now=now):
            return replace(state, header=Header(clean(brain), str(mode), clean(source), clean(now)))
        case Notice():
            notice = replace(event, text=clean(event.text))
            return replace(state, notices=(*state.notices, notice)[-KEPT_NOTICES:])
        case AlertDue(text=text):
            return replace(state, alerts=(*state.alerts, clean(text))[-KEPT_NOTICES:])
        case AlertTold(at=at, text=text):
            # What was missed by ear is still there to be read for a while.
            text = clean(text)
            alerts = tuple(alert for alert in state.alerts if alert not in text)
            return replace(state, alerts=alerts, notices=(*state.notices, Notice(at, text))[-KEPT_NOTICES:])
        case SessionEnded():
            return replace(state, summary=event, speaking=False)
        case BrainChanged(brain=brain, mode=mode):
            return replace(state, header=replace(state.header, brain=clean(brain), mode=str(mode)))
        case Used():
            counters = replace(state.counters, cost=state.counters.cost.plus(event))
            turns = tuple(
                replace(turn, cost=turn.cost.plus(event)) if turn.number == event.turn else turn
                for turn in state.turns
            )
            return replace(state, counters=counters, turns=turns)
        case Muted(on=on):
            return replace(state, muted=on)
        case Undone(entry=entry):
            return _undone(state, entry, event.at)
        case UndoFailed(at=at, entry=entry, text=text):
            notice = Notice(at, clean(text), error=True)
            state = replace(state, notices=(*state.notices, notice)[-KEPT_NOTICES:])
            return _stuck(state, entry, clean(text))
        case _:
            return _turn_event(state, event)


def _turn_event(state: ScreenState, event: TurnEvent) -> ScreenState:
    turns = state.turns
    index = next((i for i, turn in enumerate(turns) if turn.number == event.turn), None)
    if index is None:
        if turns and event.turn < turns[-1].number:
            return state  # news of a turn that is no longer shown
        turns = (*turns, Turn(event.turn, event.at))
        index = len(turns) - 1
    before = turns[index]
    if isinstance(event, Continued):
        earlier = next((turn for turn in turns if turn.number == event.of), before)
        after = replace(
            before,
            words=earlier.words,
            update=earlier.said,
            continues=event.of,
            carried=len(earlier.words),
        )
    else:
        after = in_turn(before, event)
    if isinstance(event, CallChanged) and event.reason == CARRIED:
        after = with_entry(after, event, turns)
    turns = (*turns[:index], after, *turns[index + 1 :])[-KEPT_TURNS:]
    state = replace(state, turns=turns)
    match event:
        case Effected():
            row = EffectRow(
                event.entry, event.turn, event.call, event.name, clean(event.text), event.at, event.undoable
            )
            return replace(state, effects=(*state.effects, row)[-KEPT_EFFECTS:])
        case SpeakingStarted():
            return replace(state, speaking=True)
        case SpeakingEnded():
            return replace(state, speaking=False)
        case TurnEnded() if before.ended is None:
            return replace(state, counters=_counted(state.counters, after, event))
        case _:
            return state


def _undone(state: ScreenState, entry: int, at: float) -> ScreenState:
    found = next((row for row in state.effects if row.entry == entry and not row.undone), None)
    if found is None:
        return state
    effects = tuple(replace(row, undone=True) if row is found else row for row in state.effects)
    turns = tuple(
        replace(
            turn,
            rows=tuple(moved(row, CallState.UNDONE, at) if row.entry == entry else row for row in turn.rows),
        )
        for turn in state.turns
    )
    counters = replace(state.counters, undone=state.counters.undone + 1)
    return replace(state, effects=effects, turns=turns, counters=counters)


def _stuck(state: ScreenState, entry: int, why: str) -> ScreenState:
    """The state after the undo of `entry` failed: its effect stands."""
    effects = tuple(replace(row, stuck=why) if row.entry == entry else row for row in state.effects)
    turns = tuple(
        replace(turn, rows=tuple(replace(row, stuck=why) if row.entry == entry else row for row in turn.rows))
        for turn in state.turns
    )
    return replace(state, effects=effects, turns=turns)


def _counted(counters: Counters, turn: Turn, event: TurnEnded) -> Counters:
    early = [row for row in turn.rows if turn.final_at is None or row.issued < turn.final_at]
    right = sum(row.state not in OVER and row.regretted is None and not row.carried for row in early)
    latency = turn.latency
    answered = latency is not None
    return replace(
        counters,
        turns=counters.turns + 1,
        right=counters.right + right,
        rolled_back=counters.rolled_back + event.rolled_back,
        waste=counters.waste + event.waste,
        latencies=(*counters.latencies, *((latency,) if answered else ()))[-KEPT_ANSWERS:],
        head_starts=(*counters.head_starts, *((event.head_start,) if answered else ()))[-KEPT_ANSWERS:],
    )
