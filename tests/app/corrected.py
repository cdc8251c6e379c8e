"""A second session as it would be recorded: early writes, one undone; a turn reopened; a correction later."""

from __future__ import annotations

import math

from agents.events import (
    CARRIED,
    EARLY,
    PATCHED,
    REMOVED,
    SCHEMA_VERSION,
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Continued,
    Drafted,
    Effected,
    Event,
    Heard,
    LateResult,
    Level,
    Mode,
    Notice,
    Paused,
    Reopened,
    SessionEnded,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnEnded,
    TurnStarted,
    UndoFailed,
    Undone,
    Updated,
)
from tools.tool import Effect

R, RUN, H, U = CallState.READY, CallState.RUNNING, CallState.HELD, CallState.UNDONE
REMIND = "create_reminder"
PLANTS = "Remind me to water the plants on Friday"
SATURDAY = f"{PLANTS} no Saturday"
WEATHER = f"{SATURDAY} and how is the weather"


def corrected_events() -> list[Event]:
    """The frozen session, with how loud the microphone was all along."""
    told = [
        SessionStarted(0.0, SCHEMA_VERSION, "local", Mode.SPECULATIVE, "microphone", "2026-11-23T09:30:00"),
        Notice(0.4, "listening"),
        *_plants(),
        *_sunday(),
        SessionEnded(19.5, 2, 15.2, 16.28, 1.02, 6, 3, 1),
    ]
    ends = [(1.0, 4.6), (5.5, 6.9), (13.1, 15.2)]
    levels = [Level(at / 10, _loudness(at / 10, ends)) for at in range(1, 195)]
    return sorted([*told, *levels], key=lambda event: event.at)  # stable: what was told keeps its order


def _loudness(at: float, spoken: list[tuple[float, float]]) -> float:
    """A room's hum, and syllables where something was said."""
    if not any(begin <= at <= end for begin, end in spoken):
        return 0.002
    return round(0.02 + 0.12 * abs(math.sin(at * 7)) * abs(math.cos(at * 3)), 3)


def _reminder(day: str) -> dict[str, str]:
    return {"text": "water the plants", "day": day}


def _plants() -> list[Event]:
    """Turn 1: an early write of a wrong guess, and an end that was none."""
    friday = "I will remind you to water the plants on Friday."
    saturday = "I will remind you to water the plants on Saturday."
    sun = "Saturday will be sunny, 14 degrees."
    return [
        TurnStarted(1, 1.0),
        Heard(1, 1.5, "Remind me", "to"),
        Updated(1, 1.5, "Remind me", False),
        Paused(1, 1.6),
        Heard(1, 2.1, "Remind me to water the", "plants"),
        Updated(1, 2.1, "Remind me to water the", False),
        Paused(1, 2.2),
        Heard(1, 2.8, PLANTS, "no"),
        Updated(1, 2.8, PLANTS, False),
        CallIssued(1, 2.9, 1, 1, REMIND, _reminder("Friday"), Effect.WRITE),
        CallChanged(1, 2.9, 1, 1, RUN, EARLY),
        Paused(1, 3.0),
        Effected(1, 3.2, 1, 1, 1, REMIND, friday, True),
        CallChanged(1, 3.2, 1, 1, R, text=friday, value=1),
        Heard(1, 3.7, f"{PLANTS}, no, Saturday", ""),
        Updated(1, 3.7, SATURDAY, False),
        CallIssued(1, 3.85, 1, 2, REMIND, _reminder("Saturday"), Effect.WRITE),
        CallIssued(1, 3.9, 2, 1, "find_notes", {"query": "plants"}, Effect.READ),
        CallChanged(1, 3.9, 2, 1, RUN),
        Paused(1, 4.0),
        Undone(1, 4.05, 1, "The reminder is gone."),
        CallChanged(1, 4.05, 1, 1, U, PATCHED),
        CallChanged(1, 4.05, 1, 2, RUN, EARLY),
        Effected(1, 4.3, 1, 2, 2, REMIND, saturday, True),
        CallChanged(1, 4.3, 1, 2, R, text=saturday, value=2),
        SpeechEnded(1, 4.6),
        Heard(1, 5.0, f"{PLANTS}, no, Saturday.", ""),
        Updated(1, 5.0, SATURDAY, True),
        CallChanged(1, 5.1, 2, 1, CallState.DISCARDED, REMOVED),
        Drafted(1, 5.1, "$1"),
        Committed(1, 5.1, "answer"),
        LateResult(1, 5.3, 2, "You have one note on plants."),
        Reopened(1, 5.5),
        Heard(1, 6.1, f"{PLANTS}, no, Saturday, and how is", "the weather"),
        Updated(1, 6.1, f"{SATURDAY} and how is", False),
        Paused(1, 6.2),
        Heard(1, 6.7, f"{PLANTS}, no, Saturday, and how is the weather", ""),
        Updated(1, 6.7, WEATHER, False),
        CallIssued(1, 6.8, 3, 1, "get_weather", {"day": "Saturday"}, Effect.READ),
        CallChanged(1, 6.8, 3, 1, RUN),
        Paused(1, 6.9),
        SpeechEnded(1, 6.9),
        Heard(1, 7.3, f"{PLANTS}, no, Saturday, and how is the weather?", ""),
        Updated(1, 7.3, WEATHER, True),
        Drafted(1, 7.4, "$1 $3"),
        Committed(1, 7.4, "answer"),
        CallChanged(1, 7.5, 3, 1, R, text=sun, value="sunny"),
        Answered(1, 7.5, f"{saturday} {sun}"),
        SpeakingStarted(1, 7.6),
        SpeakingEnded(1, 11.9, f"{saturday} {sun}", False),
        TurnEnded(1, 11.9, 6.9, 7.6, 1.02, 3, 2, 2),
    ]


def _sunday() -> list[Event]:
    """Turn 2: what was done is wrong after all, and is taken back; a second undo fails."""
    said = f"{PLANTS}, no, Saturday, and how is the weather?"
    saturday = "I will remind you to water the plants on Saturday."
    sunday = "I will remind you to water the plants on Sunday."
    rain = "Sunday will be rainy, 9 degrees."
    return [
        TurnStarted(2, 13.1),
        Continued(2, 13.7, 1),
        Updated(2, 13.7, WEATHER, False),
        CallIssued(2, 13.7, 1, 1, REMIND, _reminder("Saturday"), Effect.WRITE),
        CallIssued(2, 13.7, 3, 1, "get_weather", {"day": "Saturday"}, Effect.READ),
        Paused(2, 13.7),
        CallChanged(2, 13.7, 1, 1, R, CARRIED, saturday, 2),
        CallChanged(2, 13.7, 3, 1, R, CARRIED, "Saturday will be sunny, 14 degrees.", "sunny"),
        Heard(2, 13.7, f"{said} No,", "make it"),
        Updated(2, 13.7, f"{WEATHER} No", False),
        Paused(2, 13.8),
        Heard(2, 14.4, f"{said} No, make it Sunday", "please"),
        Updated(2, 14.4, f"{WEATHER} No make it Sunday", False),
        CallIssued(2, 14.55, 1, 2, REMIND, _reminder("Sunday"), Effect.WRITE),
        CallChanged(2, 14.55, 1, 2, H, "until you finish"),
        CallChanged(2, 14.6, 3, 1, CallState.DISCARDED, PATCHED),
        CallIssued(2, 14.6, 3, 2, "get_weather", {"day": "Sunday"}, Effect.READ),
        CallChanged(2, 14.6, 3, 2, RUN),
        Paused(2, 14.7),
        SpeechEnded(2, 15.2),
        CallChanged(2, 15.3, 3, 2, R, text=rain, value="rainy"),
        Heard(2, 15.6, f"{said} No, make it Sunday, please.", ""),
        Updated(2, 15.6, f"{WEATHER} No make it Sunday please", True),
        Drafted(2, 15.7, "$1 $3"),
        Committed(2, 15.7, "answer"),
        Undone(2, 15.9, 2, "The reminder is gone."),
        CallChanged(2, 15.9, 1, 1, U, PATCHED),
        CallChanged(2, 15.9, 1, 2, RUN),
        Effected(2, 16.2, 1, 2, 3, REMIND, sunday, True),
        CallChanged(2, 16.2, 1, 2, R, text=sunday, value=3),
        Answered(2, 16.2, f"{sunday} {rain}"),
        SpeakingStarted(2, 16.28),
        SpeakingEnded(2, 19.2, f"{sunday} {rain}", False),
        TurnEnded(2, 19.2, 15.2, 16.28, 0.0, 2, 1, 0),
        UndoFailed(2, 19.4, 3, "I cannot reach the list of reminders."),
    ]
