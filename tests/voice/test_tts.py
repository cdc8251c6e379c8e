from hypothesis import given
from hypothesis import strategies as st

from voice.tts import pieces, shares


@given(st.text(alphabet="abc ,.;!?", max_size=200))
def test_pieces_hold_all_words_in_order(text):
    assert " ".join(pieces(text)).split() == text.split()


@given(st.text(alphabet="abc de", min_size=1), st.integers(0, 100_000))
def test_shares_add_up(text, samples):
    parts = list(shares(text, samples))
    assert [word for word, _ in parts] == text.split()
    assert all(size >= 0 for _, size in parts)
    if parts:
        assert sum(size for _, size in parts) == samples


def test_a_long_first_sentence_is_split_at_its_first_clause_and_a_short_one_is_not():
    long = "You have lunch with Ana on Saturday, and on Sunday there is nothing. Anything else, then?"
    assert pieces(long) == [
        "You have lunch with Ana on Saturday,",
        "and on Sunday there is nothing.",
        "Anything else, then?",
    ]
    assert pieces("Done, it is noted.") == ["Done, it is noted."]
    assert pieces("Yes, " + "quite a long sentence without any other clause in it at all.") == [
        "Yes, quite a long sentence without any other clause in it at all."
    ]
