from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import when
from tools.durations import parse_duration
from tools.numbers import digits, parse_number, spell
from tools.saying import say_duration, say_moment
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
    "this friday": "2026-11-27",
    "next friday": "2026-12-04",
    "friday": "2026-11-27",
    "tomorrow at noon": "2026-11-24T12:00",
    "half past three": "2026-11-23T15:30",
    "an hour and a half": "2026-11-23T10:30",
    "this weekend": "2026-11-28",
    "the fifteenth": "2026-12-15",
    "first of march": "2027-03-01",
    "the first of march": "2027-03-01",
    "eight in the evening": "2026-11-23T20:00",
    "at one": "2026-11-23T13:00",
    "friday at one": "2026-11-27T13:00",
    "two days from now": "2026-11-25",
    "the end of the month": "2026-11-30",
    "end of the month": "2026-11-30",
    "noon on saturday": "2026-11-28T12:00",
    "monday morning": "2026-11-30T09:00",
    "five pm": "2026-11-23T17:00",
    "17:30": "2026-11-23T17:30",
    "at 5": "2026-11-23T17:00",
    "in an hour": "2026-11-23T10:00",
    "a week on tuesday": "2026-12-01",
    "tuesday week": "2026-12-01",
    "a week from friday": "2026-12-04",
    "christmas": "2026-12-25",
    "new year's day": "2027-01-01",
    "halloween": "2027-10-31",
    "valentine's day": "2027-02-14",
    "tonight at one": "2026-11-24T01:00",
    "tonight at midnight": "2026-11-24T00:00",
    "tomorrow night at one": "2026-11-25T01:00",
    "today at eight": "2026-11-23T20:00",
    "today at ten": "2026-11-23T10:00",
    "a week from today": "2026-11-30",
    "week from today": "2026-11-30",
    "a week from tomorrow": "2026-12-01",
    "a week tomorrow": "2026-12-01",
    "three weeks from friday": "2026-12-18",
    "two weeks on saturday": "2026-12-12",
    "a fortnight": "2026-12-07",
    "in a fortnight": "2026-12-07",
    "last friday": "2026-11-20",
    "last monday": "2026-11-16",
    "yesterday": "2026-11-22",
    "yesterday morning": "2026-11-22T09:00",
    "the day before yesterday": "2026-11-21",
    "three days ago": "2026-11-20",
    "last night": "2026-11-22T20:00",
    "june fourteenth two thousand and twenty seven": "2027-06-14",
    "the twenty second of march twenty twenty seven": "2027-03-22",
    "march third 2028": "2028-03-03",
    "december third at half past two": "2026-12-03T14:30",
    "half past two on december third": "2026-12-03T14:30",
    "the third at two": "2026-12-03T14:00",
    "tomorrows": "2026-11-24",
    "tomorrow afternoon at three": "2026-11-24T15:00",
    "friday evening": "2026-11-27T19:00",
    "friday afternoon": "2026-11-27T15:00",
    "on friday night": "2026-11-27T20:00",
    "lunchtime tomorrow": "2026-11-24T12:00",
    "tomorrow at lunch": "2026-11-24T12:00",
    "next wednesday at 10:30": "2026-12-02T10:30",
    "wednesday next week": "2026-12-02",
    "next week wednesday": "2026-12-02",
    "next week on wednesday": "2026-12-02",
    "monday next week at nine": "2026-11-30T09:00",
    "friday this week": "2026-11-27",
    "in half an hour": "2026-11-23T09:30",
    "in three quarters of an hour": "2026-11-23T09:45",
    "in a couple of hours": "2026-11-23T11:00",
    "in two and a half hours": "2026-11-23T11:30",
    "in an hour and twenty minutes": "2026-11-23T10:20",
    "twenty minutes from now": "2026-11-23T09:20",
    "a quarter of an hour from now": "2026-11-23T09:15",
    "in one month": "2026-12-23",
    "in two months": "2027-01-23",
    "in a year": "2027-11-23",
    "six months from now": "2027-05-23",
    "ten past six": "2026-11-23T18:10",
    "five to twelve": "2026-11-23T11:55",
    "twenty five to four": "2026-11-23T15:35",
    "twenty five past eleven tomorrow morning": "2026-11-24T11:25",
    "seven fifteen in the morning": "2026-11-24T07:15",
    "quarter past seven in the morning": "2026-11-24T07:15",
    "six thirty tomorrow": "2026-11-24T18:30",
    "six thirty am tomorrow": "2026-11-24T06:30",
    "eleven at night": "2026-11-23T23:00",
    "saturday 28 november": "2026-11-28",
    "28 november at 3pm": "2026-11-28T15:00",
    "28/11": "2026-11-28",
    "11/28/2026": "2026-11-28",
    "twelve thirty": "2026-11-23T12:30",
    "at half twelve tomorrow": "2026-11-24T12:30",
    "at twelve": "2026-11-23T12:00",
    "saturday at one o'clock in the afternoon": "2026-11-28T13:00",
    "thursday at 8 in the morning": "2026-11-26T08:00",
    "three p m": "2026-11-23T15:00",
    "3 p.m. tomorrow": "2026-11-24T15:00",
    "the last day of november": "2026-11-30",
    "the thirtieth": "2026-11-30",
    "the thirty first": "2026-12-31",
    "one thirty pm on friday": "2026-11-27T13:30",
    "saturday lunchtime": "2026-11-28T12:00",
    "on the 5th of december at half past six in the evening": "2026-12-05T18:30",
    "in 45 minutes": "2026-11-23T09:45",
    "on monday at noon": "2026-11-30T12:00",
    "today at noon": "2026-11-23T12:00",
    "this afternoon at four": "2026-11-23T16:00",
    "this morning": "2026-11-23T09:00",
    "this monday": "2026-11-30",
    "the day after tomorrow at nine": "2026-11-25T09:00",
    "the morning of the 28th": "2026-11-28T09:00",
    "sunday the twenty ninth": "2026-11-29",
    "the 1st": "2026-12-01",
    "new year's eve at eleven": "2026-12-31T11:00",
    "saturday at 1": "2026-11-28T13:00",
    "saturday at 13 30": "2026-11-28T13:30",
    "fifteen hundred hours": "2026-11-23T15:00",
}


@pytest.mark.parametrize("words", MOMENTS)
def test_reads_what_people_say(words: str) -> None:
    assert when.parse_moment(words, NOW).iso() == MOMENTS[words]


UNREADABLE = [
    *("", "  ", "banana", "lunch with Ana", "Mum", "at 25", "february 30", "2026-13-40", "$1", "5/6"),
    "early tomorrow morning",
    "first thing tomorrow",
    "in ten",
    "november thirty first",
    "end of the week",
    "sometime",
    "soon",
    "later",
    "six and nine am",
    "between ten and twelve",
    "friday or saturday",
    "monday and tuesday",
    "after friday",
    "before friday",
    "three of months",
    "half past",
    "twenty five o'clock",
    "the dentist",
    "saturday with ana",
    "friday from two to three",
    "later today",
    "oh nine hundred",
]


@pytest.mark.parametrize("words", UNREADABLE)
def test_refuses_what_is_no_time(words: str) -> None:
    with pytest.raises(ToolError, match="^I could not read .* as a time.$"):
        when.parse_when(words, NOW)


@pytest.mark.parametrize(
    "words",
    [
        "every day",
        "every monday",
        "mondays",
        "daily",
        "weekdays",
        "every other friday",
        "twice a week",
        "each Tuesday at noon",
        "on weekends",
    ],
)
def test_refuses_what_comes_again(words: str) -> None:
    with pytest.raises(ToolError, match="^I can only take a single time, not "):
        when.parse_when(words, NOW)


@pytest.mark.parametrize(
    "words",
    ["next month", "next year", "last year", "in march", "this year", "may", "next week", "this month"],
)
def test_refuses_to_pick_a_day_of_several(words: str) -> None:
    with pytest.raises(ToolError, match="^I need a day, and .* has several.$"):
        when.parse_when(words, NOW)


def test_refuses_a_day_that_contradicts_itself() -> None:
    with pytest.raises(ToolError, match="^The 23rd of December is a Wednesday, not a Monday.$"):
        when.parse_when("Monday the 23rd of December", NOW)


@pytest.mark.parametrize(
    ("now", "words", "moment"),
    [
        ("2026-11-24T00:30", "tonight at one", "2026-11-24T01:00"),
        ("2026-11-23T23:30", "tonight at one", "2026-11-24T01:00"),
        ("2026-11-23T16:20", "this afternoon", "2026-11-23T17:00"),
        ("2026-11-23T20:30", "this morning", "2026-11-23T09:00"),
        ("2026-11-28T10:00", "Saturday", "2026-12-05"),
        ("2026-11-28T10:00", "next Saturday", "2026-12-05"),
        ("2026-11-29T10:00", "next Monday", "2026-11-30"),
        ("2026-11-23T13:05", "at one", "2026-11-24T13:00"),
        ("2026-12-31T22:00", "tomorrow at noon", "2027-01-01T12:00"),
        ("2027-01-31T09:00", "in one month", "2027-02-28"),
        ("2028-02-28T09:00", "tomorrow", "2028-02-29"),
        ("2027-01-30T09:00", "the 30th", "2027-01-30"),
        ("2027-01-31T09:00", "the 30th", "2027-03-30"),
        ("2027-02-10T09:00", "the end of the month", "2027-02-28"),
        ("2027-02-10T09:00", "february 29", "2028-02-29"),
    ],
)
def test_reads_against_now(now: str, words: str, moment: str) -> None:
    assert when.parse_moment(words, datetime.fromisoformat(now)).iso() == moment


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
    assert when.parse_span("the rest of the day", NOW) == (date(2026, 11, 23), date(2026, 11, 23))
    assert when.parse_span("last week", NOW) == (date(2026, 11, 16), date(2026, 11, 22))
    assert when.parse_span("last month", NOW) == (date(2026, 10, 1), date(2026, 10, 31))
    assert when.parse_span("this year", NOW) == (date(2026, 11, 23), date(2026, 12, 31))
    assert when.parse_span("the coming week", NOW + timedelta(days=6)) == (
        date(2026, 11, 29),
        date(2026, 12, 6),
    )
    assert when.parse_span("the next two weeks", NOW) == (date(2026, 11, 23), date(2026, 12, 7))
    assert when.parse_span("Friday to Sunday", NOW) == (date(2026, 11, 27), date(2026, 11, 29))
    assert when.parse_span("Friday", NOW) == (date(2026, 11, 27), date(2026, 11, 27))


def test_splits_a_range() -> None:
    assert when.split_range("Friday from two to three") == ("Friday at two", "three")
    assert when.split_range("between ten and half past eleven") == ("at ten", "half past eleven")
    assert when.split_range("ten to five on Friday") == ("ten to five on Friday", None)


DURATIONS = {
    "a fortnight": 1209600,
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
        said = say_moment(date(2026, 11, 25), clock, NOW)
        assert when.parse_moment(said, NOW) == when.Moment(date(2026, 11, 25), clock), said


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2033, 12, 31)),
    st.integers(-1, 700),
    st.none() | st.times().map(lambda clock: clock.replace(second=0, microsecond=0, fold=0)),
)
def test_every_spoken_moment_reads_back(now: datetime, ahead: int, clock: time | None) -> None:
    day = now.date() + timedelta(days=ahead)
    said = say_moment(day, clock, now)
    assert when.parse_moment(said, now) == when.Moment(day, clock), said


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
