"""What a turn and a session came to: counts, answer time, and the head start of guessing early."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agents.events import (
    CARRIED,
    CASCADE,
    EARLY,
    PATCHED,
    REMOVED,
    RESTORED,
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Drafted,
    Effected,
    EndOfTurn,
    Event,
    Reopened,
    Saying,
    SessionEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnEnded,
    UndoFailed,
    Undone,
    Updated,
)
from tools.tool import Effect


@dataclass(slots=True)
class _Version:
    writing: float  # seconds the brain took to write it
    issued: CallIssued
    ran_from: float | None = None
    running: float = 0.0  # seconds
    wrong: bool = False
    early: bool = False  # an effect that happened as a guess
    carried: bool = False  # from the turn that this one continues


@dataclass(slots=True)
class _Tally:
    end_of_speech: float | None = None
    final_at: float | None = None  # when it was certain that the user had finished
    answer_writing: float = 0.0
    said_at: float | None = None  # when the brain began to answer in its own voice
    answered_at: float | None = None
    spoken_at: float | None = None
    news_at: float = 0.0
    settled_at: float = 0.0  # when there was nothing left to wait for before the answer
    versions: dict[tuple[int, int], _Version] = field(default_factory=dict[tuple[int, int], _Version])

    @property
    def is_saying(self) -> bool:
        """Whether what is spoken now is the answer, and not a question before it."""
        return self.said_at is not None or self.answered_at is not None

    @property
    def answer_at(self) -> float | None:
        return self.answered_at if self.spoken_at is None else self.spoken_at


def _tally(events: Iterable[Event]) -> _Tally:
    tally = _Tally()
    for event in events:
        match event:
            case SpeechEnded(at=at):
                tally.end_of_speech = at
            case Updated(at=at):
                tally.news_at = at
            case EndOfTurn(at=at):
                tally.final_at = at
            case CallIssued(at=at):
                tally.versions[event.call, event.version] = _Version(at - tally.news_at, event)
                tally.news_at = at
            case CallChanged():
                _call(tally, event)
            case Committed(at=at):
                tally.settled_at = at
            case Drafted(at=at) if tally.said_at is None:
                tally.answer_writing = at - tally.news_at
            case Saying(at=at):
                tally.said_at, tally.spoken_at = at, None
                tally.answer_writing = at - tally.settled_at
            case Answered(at=at):
                tally.answered_at = at if tally.said_at is None else tally.said_at
            case Reopened():
                tally.said_at = None
            case SpeakingStarted(at=at) if tally.is_saying and tally.spoken_at is None:
                tally.spoken_at = at
            case _:
                pass
    return tally


def _call(tally: _Tally, event: CallChanged) -> None:
    version = tally.versions[event.call, event.version]
    if event.reason == RESTORED:
        version.wrong = False
    elif event.state is CallState.RUNNING:
        version.ran_from = event.at
    elif version.ran_from is not None and event.state in (CallState.READY, CallState.FAILED):
        version.running = event.at - version.ran_from
        tally.settled_at = event.at
    version.early = version.early or event.reason == EARLY
    if event.state is CallState.DISCARDED or (event.state is CallState.UNDONE and version.early):
        version.wrong = event.reason in (PATCHED, REMOVED, CASCADE)
    version.carried = version.carried or event.reason == CARRIED


def _without_speculation(tally: _Tally) -> float | None:
    """When the answer would have come had the brain begun at the final update (session seconds).

    What survived is written one call after the other, as it was; each call then runs as long as it ran,
    effects in turn and reads side by side; the answer is written last. Calls start as soon as they are
    written, so this flatters the sequential arm where a read waits for another: an estimate, never the
    measured baseline of a benchmark.
    """
    if tally.final_at is None or tally.answered_at is None:
        return None
    clock = tally.final_at
    over = clock
    effects_over = clock
    for version in sorted(tally.versions.values(), key=lambda version: version.issued.call):
        if version.wrong or version.carried:
            continue
        clock += version.writing
        if version.issued.effect is Effect.READ:
            over = max(over, clock + version.running)
        else:
            effects_over = max(effects_over, clock) + version.running
    return max(over, effects_over, clock) + tally.answer_writing


def turn_summary(turn: int, at: float, events: Iterable[Event]) -> TurnEnded:
    """The summary of one turn from its events."""
    tally = _tally(events)
    without = _without_speculation(tally)
    versions = [version for version in tally.versions.values() if not version.carried]
    return TurnEnded(
        turn,
        at,
        end_of_speech=tally.end_of_speech if tally.end_of_speech is not None else (tally.final_at or at),
        answer_at=tally.answered_at,
        head_start=max(0.0, without - tally.answered_at)
        if without and tally.answered_at is not None
        else 0.0,
        calls=len({version.issued.call for version in versions}),
        rolled_back=sum(version.wrong for version in versions),
        waste=sum(version.wrong and version.ran_from is not None for version in versions),
    )


def session_summary(at: float, events: Sequence[Event], wrong_effects: int) -> SessionEnded:
    """The last event of a session: its latest answered turn's times, and counts over all turns.

    `answer_at` is the first audible word where there was a voice, else the moment the text was there.
    """
    turns = [event for event in events if isinstance(event, TurnEnded)]
    latest = next((turn for turn in reversed(turns) if turn.answer_at is not None), None)
    tally = _tally(event for event in events if latest and getattr(event, "turn", None) == latest.turn)
    return SessionEnded(
        at,
        turns=len(turns),
        end_of_speech=latest.end_of_speech if latest else None,
        answer_at=tally.answer_at if latest else None,
        head_start=sum(turn.head_start for turn in turns),
        calls=sum(turn.calls for turn in turns),
        rolled_back=sum(turn.rolled_back for turn in turns),
        wrong_effects=wrong_effects,
    )


def wrong_effects(events: Iterable[Event]) -> int:
    """Effects that stand though no surviving, committed call asked for them: must be 0, whatever was guessed.

    One that could not be taken back counts: the user was told, but it is wrong all the same.
    """
    committed: set[int] = set()
    standing: dict[tuple[int, int, int], CallState] = {}
    effects: dict[int, Effected] = {}
    stuck: set[int] = set()
    for event in events:
        match event:
            case Committed():
                committed.add(event.turn)
            case CallChanged():
                version = (event.turn, event.call, event.version)
                standing[version] = event.state
            case Effected():
                effects[event.entry] = event
            case Undone():
                effects.pop(event.entry, None)
            case UndoFailed():
                stuck.add(event.entry)
            case _:
                pass
    return sum(
        effect.turn not in committed
        or effect.entry in stuck
        or standing.get((effect.turn, effect.call, effect.version)) is not CallState.READY
        for effect in effects.values()
    )
