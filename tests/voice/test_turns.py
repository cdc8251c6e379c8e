import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.turns import unfinished


@pytest.mark.parametrize(
    "text",
    [
        "What's on my calendar on",
        "Text Ana and",
        "put lunch with the",
        "Remind me to, um...",
        "What's on my calendar on Friday, no",
        "What's on my calendar on Friday,",
        "Book a table for",
        "Send it to my",
        "Call Ana or",
        "I want to put it on a",
    ],
)
def test_words_that_call_for_more(text):
    assert unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "no no no",
        "Yes.",
        "No thanks.",
        "Turn the kitchen light on.",
        "Put lunch with Ana on Saturday at one.",
        "What's the weather in Paris?",
        "Stop.",
        "Call her.",
    ],
)
def test_words_that_may_be_all(text):
    assert not unfinished(text)


@given(st.text())
def test_any_text_is_judged(text):
    assert unfinished(text) in (True, False)
