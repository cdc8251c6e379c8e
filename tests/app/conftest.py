"""A session as it would be recorded: two turns, a change of mind, held writes, a question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.events import (
    SCHEMA_VERSION,
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    ConfirmAnswered,
    ConfirmAsked,
    Drafted,
    Effected,
    Event,
    Heard,
    Mode,
    Paused,
    SessionEnded,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnEnded,
    TurnStarted,
    Updated,
    Used,
)
from tools.tool import Effect

SAMPLE = Path(__file__).parent.parent / "data" / "sample.jsonl"
W, R, RUN, H = CallState.WAITING, CallState.READY, CallState.RUNNING, CallState.HELD


def sample_events() -> list[Event]:
    """The frozen sample: what `tests/data/sample.jsonl` holds."""
    return [
        SessionStarted(0.0, SCHEMA_VERSION, "local", Mode.SPECULATIVE, "microphone", "2026-11-23T09:30:00"),
        *_text_ana(),
        *_saturday(),
        SessionEnded(19.9, 2, 15.82, 16.31, 0.78, 5, 2, 0),
    ]


def paid_events() -> list[Event]:
    """The same with a brain in the cloud: a guess for every update, an answer that speaks, all paid for."""
    started, *rest = sample_events()
    events: list[Event] = [replace(started, brain="openai")]
    for event in rest:
        events.append(event)
        match event:
            case Updated(turn=turn, at=at, final=final):
                guess = (1460, 1280, 40, 0, 0, 0)
                events.append(Used(turn, at, "gpt-realtime-2.1", not final, *guess, 0.002192))
            case Answered(turn=turn, at=at):
                answer = (1710, 1408, 12, 0, 0, 180)
                events.append(Used(turn, at, "gpt-realtime-2.1", False, *answer, 0.013579))
            case _:
                pass
    return events


def _text_ana() -> list[Event]:
    """Turn 1: a message, which needs a yes."""
    send = {"to": "$1", "message": "I'm running ten minutes late"}
    said = "Text Ana I'm running ten minutes late."
    done = "Message sent to Ana."
    return [
        TurnStarted(1, 1.1),
        Heard(1, 1.52, "", "Text Anna"),
        Heard(1, 1.88, "Text Ana", "I'm running"),
        Updated(1, 1.88, "Text Ana", False),
        CallIssued(1, 1.97, 1, 1, "get_phone_number", {"name": "Ana"}, Effect.READ),
        CallChanged(1, 1.97, 1, 1, RUN),
        Paused(1, 2.05),
        CallChanged(1, 2.31, 1, 1, R, text="Ana's number is +34 600 100 200.", value="+34600100200"),
        Heard(1, 2.72, "Text Ana I'm running ten", "minutes"),
        Updated(1, 2.72, "Text Ana I'm running ten", False),
        Paused(1, 2.84),
        SpeechEnded(1, 3.21),
        Heard(1, 3.55, said, ""),
        Updated(1, 3.55, "Text Ana I'm running ten minutes late", True),
        CallIssued(1, 3.68, 2, 1, "send_sms", send, Effect.CONFIRM),
        CallChanged(1, 3.68, 2, 1, H),
        Drafted(1, 3.68, "$2"),
        Committed(1, 3.68, "answer"),
        CallChanged(1, 3.68, 2, 1, CallState.ASKING),
        ConfirmAsked(1, 3.68, 2, "Text Ana: I'm running ten minutes late?"),
        SpeakingStarted(1, 3.8),
        SpeakingEnded(1, 5.6, "Text Ana: I'm running ten minutes late?", False),
        ConfirmAnswered(1, 6.42, 2, True, "yes please"),
        CallChanged(1, 6.42, 2, 1, RUN),
        Effected(1, 6.55, 2, 1, 11, "send_sms", done, False),
        CallChanged(1, 6.55, 2, 1, R, text=done),
        Answered(1, 6.55, done),
        SpeakingStarted(1, 6.62),
        SpeakingEnded(1, 7.6, done, False),
        TurnEnded(1, 7.6, 3.21, 6.55, 0.31, 2, 0, 0),
    ]


def _saturday() -> list[Event]:
    """Turn 2: a change of mind in the middle of the sentence."""
    said = "What's on my calendar on Friday, no, Saturday, and put lunch with Ana on Saturday at one"
    early = {"title": "Lunch with Ana", "start": "Saturday"}
    lunch = {"title": "Lunch with Ana", "start": "Saturday at one", "invitees": ["Ana"]}
    ana = "Lunch with Ana is on Saturday at 13:00."
    free = "You have one event on Saturday: swimming at 10."
    return [
        TurnStarted(2, 10.2),
        Heard(2, 10.71, "", "What's on"),
        Heard(2, 11.05, "What's on my", "calendar"),
        Updated(2, 11.05, "What's on my", False),
        Paused(2, 11.13),
        Heard(2, 11.78, "What's on my calendar on", "Friday"),
        Updated(2, 11.78, "What's on my calendar on", False),
        Paused(2, 11.85),
        Heard(2, 12.16, "What's on my calendar on Friday,", "no"),
        Updated(2, 12.16, "What's on my calendar on Friday", False),
        CallIssued(2, 12.27, 1, 1, "find_events", {"day": "Friday"}, Effect.READ),
        CallChanged(2, 12.27, 1, 1, RUN),
        Paused(2, 12.34),
        CallChanged(2, 12.83, 1, 1, R, text="You have two events on Friday.", value="2 events"),
        Heard(2, 13.02, "What's on my calendar on Friday, no, Saturday,", "and"),
        Updated(2, 13.02, "What's on my calendar on Friday no Saturday", False),
        CallChanged(2, 13.12, 1, 1, CallState.DISCARDED, "you said otherwise"),
        CallIssued(2, 13.12, 1, 2, "find_events", {"day": "Saturday"}, Effect.READ),
        CallChanged(2, 13.12, 1, 2, RUN),
        Paused(2, 13.2),
        CallChanged(2, 13.66, 1, 2, R, text=free, value="1 event"),
        Heard(2, 14.3, "What's on my calendar on Friday, no, Saturday, and put lunch with Ana", "on"),
        Updated(2, 14.3, "What's on my calendar on Friday no Saturday and put lunch with Ana", False),
        CallIssued(2, 14.42, 2, 1, "create_calendar_event", early, Effect.WRITE),
        CallChanged(2, 14.42, 2, 1, H, "until you finish"),
        Paused(2, 14.5),
        Heard(2, 15.28, said.removesuffix(" at one"), "at one"),
        Updated(2, 15.28, said.replace(",", "").removesuffix(" at one"), False),
        Paused(2, 15.36),
        SpeechEnded(2, 15.82),
        Heard(2, 16.08, said + ".", ""),
        Updated(2, 16.08, said.replace(",", ""), True),
        CallChanged(2, 16.17, 2, 1, CallState.DISCARDED, "you said otherwise"),
        CallIssued(2, 16.17, 2, 2, "create_calendar_event", lunch, Effect.WRITE),
        CallChanged(2, 16.17, 2, 2, H, "until you finish"),
        Drafted(2, 16.24, "$1 $2"),
        Committed(2, 16.24, "answer"),
        CallChanged(2, 16.24, 2, 2, RUN),
        Effected(2, 16.31, 2, 2, 12, "create_calendar_event", ana, True),
        CallChanged(2, 16.31, 2, 2, R, text=ana),
        Answered(2, 16.31, f"{free} {ana}"),
        SpeakingStarted(2, 16.36),
        SpeakingEnded(2, 19.7, f"{free} {ana}", False),
        TurnEnded(2, 19.7, 15.82, 16.31, 0.78, 3, 2, 1),
    ]


@pytest.fixture(scope="session")
def sample() -> list[Event]:
    """The events of the sample record."""
    return sample_events()


@pytest.fixture(scope="session")
def sample_path() -> Path:
    """The sample record."""
    return SAMPLE
