from hypothesis import given
from hypothesis import strategies as st

from voice.agreement import Agreement, believable, common_prefix, normal, trim_loop

words = st.sampled_from(
    ["no", "No,", "on", "Friday", "friday?", "Saturday", "put", "lunch", "a", "at", "one."]
)
sentences = st.lists(words, max_size=12)


def same(left, right):
    return [normal(word) for word in left] == [normal(word) for word in right]


@given(st.lists(sentences, min_size=1, max_size=8))
def test_stable_and_unstable_words_make_up_the_newest_hypothesis_or_more(hypotheses):
    agreement = Agreement()
    for hypothesis in hypotheses:
        agreement.add(hypothesis)
        assert len(agreement.stable) + len(agreement.unstable) >= len(hypothesis)
        assert list(agreement.unstable) == hypothesis[len(agreement.stable) :]


@given(sentences, sentences)
def test_the_first_hypothesis_makes_nothing_stable_and_its_repetition_everything(first, second):
    agreement = Agreement()
    agreement.add(first)
    assert agreement.stable == ()
    agreement.add(second)
    agreement.add(second)
    assert same(agreement.stable, second)
    assert agreement.unstable == ()


@given(sentences, st.data())
def test_a_hypothesis_that_only_grows_is_never_taken_back(sentence, data):
    agreement = Agreement()
    before = ()
    for size in sorted(data.draw(st.lists(st.integers(0, len(sentence)), max_size=6))):
        agreement.add(sentence[:size])
        assert agreement.stable[: len(before)] == before
        before = agreement.stable


@given(sentences, st.lists(sentences, max_size=6))
def test_one_hypothesis_alone_takes_nothing_back(sentence, others):
    agreement = Agreement()
    agreement.add(sentence)
    agreement.add(sentence)
    stable = agreement.stable
    for other in others:
        # Between two of these the sentence is heard again, so no two in a row disagree with it together.
        agreement.add(other)
        assert agreement.stable[: len(stable)] == stable
        agreement.add(sentence)
        agreement.add(sentence)


def test_two_that_agree_take_back_a_wrong_stable_word():
    agreement = Agreement()
    for text in (
        "put lunch with Hannah",
        "put lunch with Hannah on",
        "put lunch with Ana on",
        "put lunch with Ana on",
    ):
        agreement.add(text.split())
    assert agreement.stable == ("put", "lunch", "with", "Ana", "on")


def test_stable_words_keep_their_spelling():
    agreement = Agreement()
    for text in ("on Friday", "on Friday", "on Friday, no", "on Friday, no"):
        agreement.add(text.split())
    assert agreement.stable == ("on", "Friday", "no")


def test_loops_are_cut_and_plain_repetitions_are_not():
    cases = {
        "stop. Stop. Stop. Stop.": "stop.",
        "what's on my calendar what's on my": "what's on my calendar",
        "set a timer for ten minutes set a timer for ten minutes": "set a timer for ten minutes",
        "I think so I think so I think so": "I think so",
        "please call her back call her back": "please call her back",
        "no, no": "no, no",
        "very very good": "very very good",
        "on Friday no on Saturday": "on Friday no on Saturday",
    }
    assert {text: " ".join(trim_loop(text.split())) for text in cases} == cases


@given(st.lists(words, max_size=20))
def test_trimming_leaves_a_beginning_and_is_done_at_once(sentence):
    trimmed = trim_loop(sentence)
    assert sentence[: len(trimmed)] == trimmed
    assert trim_loop(trimmed) == trimmed
    assert bool(trimmed) == bool(sentence)


@given(sentences, sentences)
def test_the_common_prefix_is_common_and_longest(left, right):
    count = common_prefix(left, right)
    assert same(left[:count], right[:count])
    assert count == min(len(left), len(right)) or normal(left[count]) != normal(right[count])


def test_the_gate():
    assert believable(-0.3, 0.1)
    assert not believable(-1.2, 0.1)
    assert not believable(-0.3, 0.9)
