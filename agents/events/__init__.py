"""The closed union of everything that happens in a session.

One stream of these feeds the screen, the recorder, the benchmarks and the tests. `at` is seconds on
the session clock, which starts at 0 with the session; `turn` counts from 1. Events are values: frozen,
comparable, and written to a record as `{"event": <class name>, ...fields}`.
"""

from __future__ import annotations

from agents.events.brain import Drafted, Paused, Thought, Used
from agents.events.calls import (
    CARRIED,
    CASCADE,
    EARLY,
    PATCHED,
    REMOVED,
    RESTORED,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Effected,
    LateResult,
    UndoFailed,
    Undone,
)
from agents.events.session import SCHEMA_VERSION, BrainChanged, Mode, Notice, SessionEnded, SessionStarted
from agents.events.turn import Committed, Continued, EndOfTurn, Reopened, TurnEnded, TurnStarted
from agents.events.user import ConfirmAnswered, Heard, Level, Muted, SpeechEnded, Updated
from agents.events.voice import (
    AlertDue,
    AlertTold,
    Answered,
    ConfirmAsked,
    Saying,
    SpeakingEnded,
    SpeakingStarted,
)

__all__ = [
    "AlertDue",
    "AlertTold",
    "Answered",
    "BrainChanged",
    "CARRIED",
    "CASCADE",
    "CallChanged",
    "CallIssued",
    "CallRemoved",
    "CallState",
    "Committed",
    "ConfirmAnswered",
    "ConfirmAsked",
    "Continued",
    "Drafted",
    "EARLY",
    "Effected",
    "EndOfTurn",
    "Event",
    "Heard",
    "LateResult",
    "Level",
    "Mode",
    "Muted",
    "Notice",
    "PATCHED",
    "Paused",
    "REMOVED",
    "RESTORED",
    "Reopened",
    "SCHEMA_VERSION",
    "Saying",
    "SessionEnded",
    "SessionStarted",
    "SpeakingEnded",
    "SpeakingStarted",
    "SpeechEnded",
    "Thought",
    "TurnEnded",
    "TurnStarted",
    "UndoFailed",
    "Undone",
    "Updated",
    "Used",
]

Event = (
    SessionStarted
    | BrainChanged
    | Notice
    | SessionEnded
    | TurnStarted
    | Continued
    | Reopened
    | EndOfTurn
    | Committed
    | TurnEnded
    | Muted
    | Level
    | Heard
    | SpeechEnded
    | Updated
    | ConfirmAnswered
    | Thought
    | Paused
    | Drafted
    | Used
    | CallIssued
    | CallRemoved
    | CallChanged
    | LateResult
    | Effected
    | Undone
    | UndoFailed
    | ConfirmAsked
    | Answered
    | Saying
    | SpeakingStarted
    | SpeakingEnded
    | AlertDue
    | AlertTold
)
