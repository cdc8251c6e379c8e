from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import when
from tools.durations import parse_duration
from tools.numbers import digits, parse_number, spell
from tools.saying import say_day, say_duration, say_time
from tools.tool import ToolError

NOW = datetime(2026, 11, 23, 9, 0)  # a Monday

MOMENTS = {
    "Saturday at one": "2026-11-28T13:00",
    "Saturday at 1 pm": "2026-11-28T13:00",
    "one on Saturday": "2026-11-28T13:00",
    "Saturday one": "2026-11-28T13:00",
    "Saturday": "2026-11-28",
    "on Saturday morning": "2026-11-28T09:00",
    "Saturday morning at ten": "2026-11-28T10:00",
    "noon": "2026-11-23T12:00",
    "midnight": "2026-11-24T00:00",
    "Friday at noon": "2026-11-27T12:00",
    "half past seven": "2026-11-23T19:30",
    "half seven": "2026-11-23T19:30",
    "seven thirty": "2026-11-23T19:30",
    "seven oh five": "2026-11-23T19:05",
    "quarter to nine": "2026-11-23T20:45",
    "a quarter past two tomorrow": "2026-11-24T14:15",
    "ten to five": "2026-11-23T16:50",
    "twenty past four on Friday": "2026-11-27T16:20",
    "tomorrow morning": "2026-11-24T09:00",
    "tomorrow at nineteen thirty": "2026-11-24T19:30",
    "tomorrow night at ten": "2026-11-24T22:00",
    "this evening": "2026-11-23T19:00",
    "tonight": "2026-11-23T20:00",
    "tonight at eight": "2026-11-23T20:00",
    "nine in the morning": "2026-11-24T09:00",
    "nine this evening": "2026-11-23T21:00",
    "at eight": "2026-11-23T20:00",
    "at 7": "2026-11-23T19:00",
    "five": "2026-11-23T17:00",
    "5 p.m.": "2026-11-23T17:00",
    "3am": "2026-11-24T03:00",
    "13:00": "2026-11-23T13:00",
    "08:15": "2026-11-24T08:15",
    "eleven o'clock on Friday": "2026-11-27T11:00",
    "in twenty minutes": "2026-11-23T09:20",
    "ten minutes": "2026-11-23T09:10",
    "in an hour and a half": "2026-11-23T10:30",
    "half an hour from now": "2026-11-23T09:30",
    "in two days": "2026-11-25",
    "in two days at noon": "2026-11-25T12:00",
    "in a week": "2026-11-30",
    "two weeks from now": "2026-12-07",
    "today": "2026-11-23",
    "tomorrow": "2026-11-24",
    "the day after tomorrow": "2026-11-25",
    "next Friday": "2026-12-04",
    "next Tuesday at two": "2026-12-01T14:00",
    "next Monday": "2026-11-30",
    "Thursday's": "2026-11-26",
    "twelve noon": "2026-11-23T12:00",
    "four o clock": "2026-11-23T16:00",
    "Monday": "2026-11-30",
    "Wednesday at four": "2026-11-25T16:00",
    "the 28th at three pm": "2026-11-28T15:00",
    "the twenty eighth at ten": "2026-11-28T10:00",
    "the 22nd": "2026-12-22",
    "the 31st": "2026-12-31",
    "the second": "2026-12-02",
    "December third": "2026-12-03",
    "December 3 10 am": "2026-12-03T10:00",
    "the first of December at two": "2026-12-01T14:00",
    "3rd of January": "2027-01-03",
    "Christmas Eve": "2026-12-24",
    "the weekend": "2026-11-28",
    "Saturday the 28th at one": "2026-11-28T13:00",
    "Friday the 4th of December 2026 at two": "2026-12-04T14:00",
    "2026-11-28T13:00": "2026-11-28T13:00",
    "2026-11-28 03:15": "2026-11-28T03:15",
    "2026-11-28": "2026-11-28",
    "now": "2026-11-23T09:00",
}


@pytest.mark.parametrize("words", MOMENTS)
def test_reads_what_people_say(words: str) -> None:
    assert when.parse_moment(words, NOW).iso() == MOMENTS[words]


@pytest.mark.parametrize(
    "words", ["", "  ", "banana", "lunch with Ana", "Mum", "may", "at 25", "february 30", "2026-13-40", "$1"]
)
def test_refuses_what_is_no_time(words: str) -> None:
    with pytest.raises(ToolError, match="^I could not read .* as a time.$"):
        when.parse_when(words, NOW)


def test_a_day_alone_begins_at_nine_or_now() -> None:
    assert when.parse_when("Saturday", NOW) == datetime(2026, 11, 28, 9)
    noon = NOW.replace(hour=12)
    assert when.parse_when("today", noon) == noon


def test_spans() -> None:
    assert when.parse_span("this week", NOW) == (date(2026, 11, 23), date(2026, 11, 29))
    assert when.parse_span("next week", NOW) == (date(2026, 11, 30), date(2026, 12, 6))
    assert when.parse_span("the weekend", NOW) == (date(2026, 11, 28), date(2026, 11, 29))
    assert when.parse_span("this week", NOW + timedelta(days=3)) == (date(2026, 11, 26), date(2026, 11, 29))
    assert when.parse_span("the rest of the week", NOW) == (date(2026, 11, 23), date(2026, 11, 29))
    assert when.parse_span("next weekend", NOW) == (date(2026, 12, 5), date(2026, 12, 6))
    assert when.parse_span("this month", NOW) == (date(2026, 11, 23), date(2026, 11, 30))
    assert when.parse_span("next month", NOW) == (date(2026, 12, 1), date(2026, 12, 31))
    assert when.parse_span("next month", NOW + timedelta(days=20)) == (date(2027, 1, 1), date(2027, 1, 31))
    assert when.parse_span("in March", NOW) == (date(2027, 3, 1), date(2027, 3, 31))
    assert when.parse_span("the next five days", NOW) == (date(2026, 11, 23), date(2026, 11, 28))
    assert when.parse_span("Friday", NOW) == (date(2026, 11, 27), date(2026, 11, 27))


DURATIONS = {
    "ten minutes": 600,
    "twenty one minutes": 1260,
    "an hour and a half": 5400,
    "one and a half hours": 5400,
    "two hours and a half": 9000,
    "half an hour": 1800,
    "a quarter of an hour": 900,
    "three quarters of an hour": 2700,
    "a minute": 60,
    "ninety seconds": 90,
    "a hundred and twenty minutes": 7200,
    "one hour thirty minutes": 5400,
    "an hour and 20 minutes": 4800,
    "a couple of minutes": 120,
    "for five minutes": 300,
    "sixty second": 60,
    "45 min": 2700,
    "1h30m": 5400,
    "PT10M": 600,
}


@pytest.mark.parametrize("words", DURATIONS)
def test_reads_durations(words: str) -> None:
    assert parse_duration(words).total_seconds() == DURATIONS[words]


@pytest.mark.parametrize("words", ["", "ten", "minutes", "soon", "zero minutes", "nine hundred days"])
def test_refuses_what_is_no_duration(words: str) -> None:
    with pytest.raises(ToolError):
        parse_duration(words)


def test_every_spoken_time_reads_back() -> None:
    for minute in range(24 * 60):
        clock = time(minute // 60, minute % 60)
        said = f"tomorrow at {say_time(clock)}"
        assert when.parse_moment(said, NOW) == when.Moment(date(2026, 11, 24), clock), said


@given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 31)), st.integers(0, 700))
def test_every_spoken_day_reads_back(now: datetime, ahead: int) -> None:
    day = now.date() + timedelta(days=ahead)
    assert when.parse_day(say_day(day, now), now) == day


@given(st.integers(1, 100 * 3600))
def test_spoken_durations_read_back_to_their_two_largest_units(seconds: int) -> None:
    said = say_duration(timedelta(seconds=seconds))
    heard = parse_duration(said).total_seconds()
    assert 0 <= seconds - heard < (3600 if seconds >= 86400 else 60)


WORDS = (
    "at in the on half past to next friday march one 28th 31st noon am 7 99 : - $1 9999-12-31 weeks".split()
)


@given(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join))
def test_any_text_is_a_time_or_a_tool_error(words: str) -> None:
    for read in (lambda: when.parse_when(words, NOW), lambda: parse_duration(words)):
        try:
            read()
        except ToolError:
            pass


@given(st.integers(0, 99), st.integers(1, 9))
def test_number_words(number: int, hundreds: int) -> None:
    assert digits(spell(number)) == str(number)
    assert parse_number(f"{spell(hundreds)} hundred and {spell(number)}") == 100 * hundreds + number


def test_fractions_and_signs() -> None:
    assert parse_number("twenty one point five degrees") == 21.5
    assert parse_number("nineteen and a half") == 19.5
    assert parse_number("minus three") == -3
    for words in ("warm", "between 3 and 4"):
        with pytest.raises(ToolError):
            parse_number(words)
