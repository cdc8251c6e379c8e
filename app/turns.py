"""The fold of what happens in one turn."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallRemoved,
    Committed,
    ConfirmAnswered,
    ConfirmAsked,
    Continued,
    Drafted,
    Effected,
    EndOfTurn,
    Heard,
    LateResult,
    Paused,
    Reopened,
    Saying,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    Thought,
    TurnEnded,
    TurnStarted,
    Updated,
)
from agents.words import spoken_words
from app import rows
from app.shown import Question, Turn, Word, clean

TurnEvent: TypeAlias = (
    TurnStarted
    | Continued
    | Reopened
    | Heard
    | SpeechEnded
    | Updated
    | EndOfTurn
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
    | Saying
    | SpeakingStarted
    | SpeakingEnded
    | TurnEnded
)
"""Everything that happens within a turn, but for what is taken back in it."""


def in_turn(turn: Turn, event: TurnEvent) -> Turn:
    """The turn after `event`, which is one of its own."""
    match event:
        case TurnStarted(at=at):
            return replace(turn, started=at)
        case Continued():
            return turn
        case LateResult(call=call, text=text):
            return replace(turn, rows=rows.late(turn.rows, call, clean(text)))
        case Reopened(at=at):
            reopened = (*turn.reopened, at)
            return replace(
                turn, committed=None, final_at=None, end_of_speech=None, saying_at=None, reopened=reopened
            )
        case Heard(at=at, stable=stable, unstable=unstable):
            words = _settle(turn.words, clean(stable).split(), at)
            return replace(turn, words=words, unstable=clean(unstable))
        case SpeechEnded(at=at):
            return replace(turn, end_of_speech=at, stops=_with(turn.stops, at))
        case Updated():
            return _updated(turn, event)
        case EndOfTurn(at=at):
            return replace(turn, final_at=at)
        case Thought(text=text):
            return replace(turn, thought=clean(text))
        case CallIssued():
            return rows.issued(turn, event)
        case CallRemoved(at=at, call=call):
            return replace(turn, rows=rows.dropped(turn, call, at), news_read=True)
        case CallChanged():
            return replace(turn, rows=rows.changed(turn, event))
        case ConfirmAsked(at=at, call=call, question=question):
            asked_at = at if turn.asked_at is None else turn.asked_at
            asked = Question(turn.number, call, clean(question), at)
            return replace(turn, question=asked, asked_at=asked_at)
        case ConfirmAnswered(call=call):
            asked = turn.question
            return replace(turn, question=None if asked and asked.call == call else asked)
        case Paused() | Drafted():
            recent = (turn.news, turn.news_at) if turn.news else (turn.recent, turn.recent_at)
            # What is dropped from here on, no words caused.
            return replace(turn, news="", news_read=True, recent=recent[0], recent_at=recent[1])
        case Committed(at=at):
            return replace(turn, committed=at, commits=_with(turn.commits, at))
        case Effected(call=call, version=version, entry=entry):
            return replace(turn, rows=rows.entered(turn.rows, call, version, entry))
        case Saying(at=at):
            return replace(turn, saying_at=at)
        case Answered(at=at, text=text):
            return replace(turn, answer=clean(text), answer_at=turn.saying_at or at)
        case SpeakingStarted():
            return turn
        case SpeakingEnded(interrupted=interrupted):
            return replace(turn, interrupted=turn.interrupted or (interrupted and not turn.only_asks))
        case TurnEnded():
            return replace(
                turn,
                rows=rows.settled(turn),
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


def _with(times: tuple[float, ...], at: float) -> tuple[float, ...]:
    return times if at in times else (*times, at)


def _updated(turn: Turn, event: Updated) -> Turn:
    new = clean(event.text).split()
    same = _common(turn.update.split(), new)
    added = " ".join(new[same:])
    news, news_at = turn.news, turn.news_at
    if added and (turn.news_read or not news):
        news, news_at = added, turn.words[same].at if same < len(turn.words) else event.at
    elif added:
        news = f"{news} {added}"
    elif event.final and not news:
        news, news_at = turn.recent, turn.recent_at  # the brain had waited for the end of these words
    elif turn.news_read:
        news = ""
    turn = replace(turn, update=" ".join(new), news=news, news_at=news_at, news_read=False)
    if not event.final:
        return turn
    # The final text has the last say on the words; where it agrees, the heard spelling stays.
    known = [word.text for word in turn.words]
    same = _common(known, new)
    words = _settle(turn.words, [*known[:same], *new[same:]], event.at)
    return replace(turn, words=words, unstable="", final_at=event.at)
