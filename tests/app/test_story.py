"""The plain-text story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import (
    AlertDue,
    AlertTold,
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    ConfirmAsked,
    Event,
    Notice,
    SpeakingEnded,
    Undone,
)
from app.story import Story
from tools.tool import Effect


def told(events: list[Event], *, ascii: bool = False) -> list[str]:
    story = Story(ascii=ascii)
    return [line for event in events if (line := story.line(event)) is not None]


def test_the_sample_is_told_in_order(sample: list[Event]) -> None:
    text = "\n".join(told(sample))
    parts = [
        "headstart · local brain · speculative · microphone · 2026-11-23 09:30",
        "turn 1",
        '▶ started   get_phone_number(name="Ana")  while you speak',
        "■ silence   you stopped speaking",
        "? asks      Text Ana: I'm running ten minutes late?  (0.47 s after you stopped)",
        "you       yes, “yes please”",
        "▶ released  send_sms",
        "✓ done      send_sms: Message sent to Ana.  (journal 11, cannot be undone)",
        "turn 2",
        '▶ started   find_events(day="Friday")  while you speak',
        '✗ dropped   find_events(day="Friday")  you said “no Saturday”',
        '▶ started   find_events(day="Saturday")  while you speak',
        "‖ held      create_calendar_event",
        "◆ commit    the brain began to answer; held calls may run",
        "answer    You have one event on Saturday",
        "└ 0.49 s after you stopped",
        "└ head start 0.78 s · 3 calls · 2 rolled back · 1 ran for nothing",
        "wrong effects  none",
    ]
    place = 0
    for part in parts:
        assert part in text[place:], part
        place = text.index(part, place) + len(part)


def test_every_line_is_told_once(sample: list[Event]) -> None:
    lines = "\n".join(told(sample)).splitlines()
    timed = [line for line in lines if " s  " in line[:12]]
    assert len(timed) == len(set(timed))


def test_words_add_up_to_what_was_said(sample: list[Event]) -> None:
    lines = "\n".join(told(sample)).splitlines()
    start = next(i for i, line in enumerate(lines) if line == "turn 2")
    spoken = [line.split("  you       ")[1] for line in lines[start:] if "  you       " in line]
    assert " ".join(spoken) == (
        "What's on my calendar on Friday, no, Saturday, and put lunch with Ana on Saturday at one."
    )


def test_plain_signs_for_a_plain_terminal(sample: list[Event]) -> None:
    text = "\n".join(told(sample, ascii=True))
    assert text.isascii()
    assert '> started   find_events(day="Friday")' in text


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Notice(1.5, "the microphone\nis gone", True), "   1.50 s  ! notice    the microphone is gone"),
        (Undone(1, 2.0, 7, "Lunch is off."), "   2.00 s  ↶ undone    Lunch is off."),
        (SpeakingEnded(1, 2.0, "You", True), "   2.00 s  · cut in    you interrupted the answer"),
        (SpeakingEnded(1, 2.0, "You", False), None),
        (AlertDue(2.0, "Your timer is done."), "   2.00 s  ♪ due       Your timer is done."),
        (AlertTold(2.0, "A.", "", True), "   2.00 s  · cut in    you interrupted what was due"),
        (AlertTold(2.0, "A.", "A.", False), None),
    ],
)
def test_single_lines(event: Event, line: str | None) -> None:
    assert Story().line(event) == line


def test_what_was_cut_short_is_called_what_it_was() -> None:
    asked = ConfirmAsked(1, 1.0, 1, "Shall I send it?")
    cut = SpeakingEnded(1, 2.0, "Shall", True)
    assert told([asked, cut])[-1].endswith("you interrupted the question")
    assert told([asked, Answered(1, 1.5, "Sent."), cut])[-1].endswith("you interrupted the answer")


def test_a_failure_says_why() -> None:
    issued = CallIssued(1, 1.0, 1, 1, "get_weather", {"place": "Oslo"}, Effect.READ)
    failed = CallChanged(1, 1.4, 1, 1, CallState.FAILED, text="I am offline.")
    assert told([issued, failed]) == ["   1.40 s  ! failed    get_weather: I am offline."]


@given(data=st.data())
def test_no_order_of_events_breaks_it(data: st.DataObject, sample: list[Event]) -> None:
    told(data.draw(st.lists(st.sampled_from(sample), max_size=40)), ascii=True)
