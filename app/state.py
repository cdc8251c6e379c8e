"""The fold from the event stream to what the screen shows.

`fold` is total: any event after any other gives a state, so that a record cut anywhere still shows.
Times are seconds on the session clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from agents.events import (
    CASCADE,
    Answered,
    BrainChanged,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Committed,
    ConfirmAnswered,
    ConfirmAsked,
    Continued,
    Drafted,
    Effected,
    Event,
    Heard,
    LateResult,
    Level,
    Muted,
    Notice,
    Paused,
    Reopened,
    SessionEnded,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    Thought,
    TurnEnded,
    TurnStarted,
    UndoFailed,
    Undone,
    Updated,
)
from agents.words import spoken_words
from app.shown import CallRow, Counters, EffectRow, Header, Question, ScreenState, Segment, Turn, Word, clean
from tools.tool import Json

__all__ = ["ScreenState", "fold"]

KEPT_TURNS = 40
KEPT_EFFECTS = 100
KEPT_NOTICES = 5
KEPT_ANSWERS = 30
KEPT_LEVELS = 600  # a minute

_OVER = (CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)

_TurnEvent: TypeAlias = (
    TurnStarted
    | Continued
    | Reopened
    | Heard
    | SpeechEnded
    | Updated
    | Thought
    | CallIssued
    | CallRemoved
    | CallChanged
    | LateResult
    | ConfirmAsked
    | ConfirmAnswered
    | Paused
    | Committed
    | Effected
    | Drafted
    | Answered
    | SpeakingStarted
    | SpeakingEnded
    | TurnEnded
)


def fold(state: ScreenState, event: Event) -> ScreenState:
    """The state after `event`. Never raises, changes nothing it was given."""
    state = replace(state, clock=max(state.clock, event.at))
    match event:
        case SessionStarted(brain=brain, mode=mode, source=source, now=now):
            return replace(state, header=Header(clean(brain), str(mode), clean(source), clean(now)))
        case Notice():
            notice = replace(event, text=clean(event.text))
            return replace(state, notices=(*state.notices, notice)[-KEPT_NOTICES:])
        case SessionEnded():
            return replace(state, summary=event, speaking=False)
        case BrainChanged(brain=brain, mode=mode):
            return replace(state, header=replace(state.header, brain=clean(brain), mode=str(mode)))
        case Muted(on=on):
            return replace(state, muted=on)
        case Level():
            return replace(state, levels=(*state.levels, event)[-KEPT_LEVELS:])
        case Undone(entry=entry):
            return _undone(state, entry, event.at)
        case UndoFailed(at=at, text=text):
            notice = Notice(at, clean(text), error=True)
            return replace(state, notices=(*state.notices, notice)[-KEPT_NOTICES:])
        case _:
            return _turn_event(state, event)


def _turn_event(state: ScreenState, event: _TurnEvent) -> ScreenState:
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
        after = replace(before, words=earlier.words, update=earlier.said)
    else:
        after = _in_turn(before, event)
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


def _in_turn(turn: Turn, event: _TurnEvent) -> Turn:
    match event:
        case TurnStarted(at=at):
            return replace(turn, started=at)
        case Continued() | LateResult():
            return turn
        case Reopened():
            return replace(turn, committed=None, final_at=None, end_of_speech=None)
        case Heard(at=at, stable=stable, unstable=unstable):
            words = _settle(turn.words, clean(stable).split(), at)
            return replace(turn, words=words, unstable=clean(unstable))
        case SpeechEnded(at=at):
            return replace(turn, end_of_speech=at)
        case Updated():
            return _updated(turn, event)
        case Thought(text=text):
            return replace(turn, thought=clean(text))
        case CallIssued():
            return _issued(turn, event)
        case CallRemoved(at=at, call=call):
            return replace(turn, rows=_dropped(turn, call, at), news_read=True)
        case CallChanged():
            return replace(turn, rows=tuple(_changed(row, event, turn) for row in turn.rows))
        case ConfirmAsked(at=at, call=call, question=question):
            asked_at = at if turn.asked_at is None else turn.asked_at
            asked = Question(turn.number, call, clean(question), at)
            return replace(turn, question=asked, asked_at=asked_at)
        case ConfirmAnswered(call=call):
            asked = turn.question
            return replace(turn, question=None if asked and asked.call == call else asked)
        case Paused() | Drafted():
            return replace(turn, news="", news_read=True)  # what is dropped from here on, no words caused
        case Committed(at=at):
            return replace(turn, committed=at)
        case Effected(call=call, version=version, entry=entry):
            rows = tuple(
                replace(row, entry=entry) if (row.call, row.version) == (call, version) else row
                for row in turn.rows
            )
            return replace(turn, rows=rows)
        case Answered(at=at, text=text):
            return replace(turn, answer=clean(text), answer_at=at)
        case SpeakingStarted():
            return turn
        case SpeakingEnded(interrupted=interrupted):
            return replace(turn, interrupted=turn.interrupted or interrupted)
        case TurnEnded():
            return replace(
                turn,
                ended=event.at,
                end_of_speech=event.end_of_speech,
                answer_at=turn.answer_at if event.answer_at is None else event.answer_at,
                head_start=event.head_start,
                rolled_back=event.rolled_back,
                unstable="",
                question=None,
            )


def _key(word: str) -> str:
    return " ".join(spoken_words(word)).casefold()


def _common(old: list[str], new: list[str]) -> int:
    """How many words from the start say the same, case and punctuation aside."""
    count = 0
    for left, right in zip(old, new, strict=False):
        if _key(left) != _key(right):
            break
        count += 1
    return count


def _settle(words: tuple[Word, ...], stable: list[str], at: float) -> tuple[Word, ...]:
    """The stable words, those already known keeping their time."""
    same = _common([word.text for word in words], stable)
    kept = tuple(Word(text, word.at) for word, text in zip(words[:same], stable, strict=False))
    return kept + tuple(Word(text, at) for text in stable[same:])


def _updated(turn: Turn, event: Updated) -> Turn:
    new = clean(event.text).split()
    added = " ".join(new[_common(turn.update.split(), new) :])
    news = added if turn.news_read else f"{turn.news} {added}".strip()
    turn = replace(turn, update=" ".join(new), news=news, news_read=False)
    if not event.final:
        return turn
    # The final text has the last say on the words; where it agrees, the heard spelling stays.
    known = [word.text for word in turn.words]
    same = _common(known, new)
    words = _settle(turn.words, [*known[:same], *new[same:]], event.at)
    return replace(turn, words=words, unstable="", final_at=event.at)


def _issued(turn: Turn, event: CallIssued) -> Turn:
    rows = list(_dropped(turn, event.call, event.at))
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


def _dropped(turn: Turn, call: int, at: float) -> tuple[CallRow, ...]:
    """The rows with every version of `call` discarded by the words that came last, but for what was done."""
    return tuple(
        replace(_moved(row, CallState.DISCARDED, at), because=turn.news)
        if row.call == call and row.state not in _OVER and not row.has_begun
        else row
        for row in turn.rows
    )


def _moved(row: CallRow, state: CallState, at: float) -> CallRow:
    """The row with its last segment closed and one in `state` begun; empty stretches are left out."""
    last = row.segments[-1]
    if last.state is state:
        return row
    done = row.segments[:-1]
    if at > last.start:
        done = (*done, replace(last, end=at))
    return replace(row, segments=(*done, Segment(state, at)))


def _changed(row: CallRow, event: CallChanged, turn: Turn) -> CallRow:
    if (row.call, row.version) != (event.call, event.version):
        return row
    if row.state is CallState.DISCARDED and event.state is not CallState.DISCARDED:
        return row  # a late result changes nothing
    dropped_now = event.state is CallState.DISCARDED and row.state is not CallState.DISCARDED
    guess = dropped_now and turn.committed is None and event.reason != CASCADE
    return replace(
        _moved(row, event.state, event.at),
        reason=clean(event.reason) or (row.reason if event.state is row.state else ""),
        because=turn.news if guess else row.because,
        text=clean(event.text) or row.text,
    )


def _undone(state: ScreenState, entry: int, at: float) -> ScreenState:
    found = next((row for row in state.effects if row.entry == entry and not row.undone), None)
    if found is None:
        return state
    effects = tuple(replace(row, undone=True) if row is found else row for row in state.effects)
    turns = tuple(
        replace(
            turn,
            rows=tuple(_moved(row, CallState.UNDONE, at) if row.entry == entry else row for row in turn.rows),
        )
        for turn in state.turns
    )
    counters = replace(state.counters, undone=state.counters.undone + 1)
    return replace(state, effects=effects, turns=turns, counters=counters)


def _counted(counters: Counters, turn: Turn, event: TurnEnded) -> Counters:
    early = [row for row in turn.rows if turn.final_at is None or row.issued < turn.final_at]
    right = sum(row.state not in (CallState.DISCARDED, CallState.FAILED) for row in early)
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
