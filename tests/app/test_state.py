"""The fold: total, pure, and the same from memory as from a file."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import (
    CARRIED,
    CASCADE,
    EARLY,
    PATCHED,
    RESTORED,
    AlertDue,
    AlertTold,
    BrainChanged,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Committed,
    Continued,
    Effected,
    EndOfTurn,
    Event,
    Heard,
    LateResult,
    Level,
    Mode,
    Muted,
    Notice,
    Paused,
    Reopened,
    SpeechEnded,
    TurnEnded,
    TurnStarted,
    UndoFailed,
    Undone,
    Updated,
)
from agents.records import from_json, to_json
from app.screen.panels import banner, phase
from app.shown import CallRow, ScreenState, Turn, clean
from app.state import fold
from tests.app.corrected import corrected_events
from tools.tool import Effect


def folded(events: Sequence[Event]) -> ScreenState:
    state = ScreenState()
    for event in events:
        state = fold(state, event)
    return state


def turn_of(*events: Event) -> Turn:
    turn = folded(events).turn
    assert turn is not None
    return turn


def row_of(turn: Turn, call: int, version: int = 1) -> CallRow:
    return next(row for row in turn.rows if (row.call, row.version) == (call, version))


times = st.floats(0, 60, allow_nan=False).map(lambda at: round(at, 3))
turns = st.integers(1, 3)
calls = st.integers(1, 3)
texts = st.text(max_size=20)
words = st.sampled_from(["what", "Friday,", "friday", "no", "Saturday", "日本"])
phrases = st.lists(words, max_size=6).map(" ".join)
effects = st.sampled_from(Effect)
states = st.sampled_from(CallState)
arguments = st.dictionaries(texts, texts, max_size=2)
events = st.one_of(
    st.builds(TurnStarted, turns, times),
    st.builds(Heard, turns, times, phrases, phrases),
    st.builds(SpeechEnded, turns, times),
    st.builds(Updated, turns, times, phrases, st.booleans()),
    st.builds(CallIssued, turns, times, calls, calls, texts, arguments, effects),
    st.builds(CallRemoved, turns, times, calls),
    st.builds(CallChanged, turns, times, calls, calls, states, texts, texts),
    st.builds(Effected, turns, times, calls, calls, calls, texts, texts, st.booleans()),
    st.builds(EndOfTurn, turns, times),
    st.builds(BrainChanged, times, texts, st.sampled_from(Mode)),
    st.builds(Muted, times, st.booleans()),
    st.builds(Level, times, st.floats(0, 1).map(lambda level: round(level, 3))),
    st.builds(Continued, turns, times, turns),
    st.builds(Reopened, turns, times),
    st.builds(LateResult, turns, times, calls, texts),
    st.builds(UndoFailed, turns, times, calls, texts),
    st.builds(Undone, turns, times, calls, texts),
    st.builds(Paused, turns, times),
    st.builds(Notice, times, texts, st.booleans()),
    st.builds(AlertDue, times, texts),
    st.builds(AlertTold, times, texts, texts, st.booleans()),
)


@given(st.lists(events, max_size=30))
def test_any_events_in_any_order_fold(drawn: list[Event]) -> None:
    before = ScreenState()
    for event in drawn:
        frozen = copy.deepcopy(before)
        after = fold(before, event)
        assert before == frozen
        for turn in after.turns:
            for row in turn.rows:
                assert all(segment.end is not None for segment in row.segments[:-1])
                assert row.segments[-1].end is None
        before = after


def test_what_is_due_stands_on_the_screen_until_it_was_told() -> None:
    due = [AlertDue(1.0, "Your tea timer is done."), AlertDue(1.0, "Your timer is done.")]
    state = folded([*due, AlertDue(3.0, "This is your reminder to call Ben.")])
    assert banner(state, 500.0) == (
        "Your tea timer is done. Your timer is done. This is your reminder to call Ben.",
        "answer",
    )
    assert phase(state)[1] == "RINGING"
    told = AlertTold(501.0, "Your tea timer is done. Your timer is done.", "Your tea timer", True)
    state = fold(state, told)
    assert state.alerts == ("This is your reminder to call Ben.",)
    state = fold(state, AlertTold(505.0, state.alerts[0], state.alerts[0], False))
    assert phase(state)[1] != "RINGING"
    assert banner(state, 506.0) == ("This is your reminder to call Ben.", "label")


def test_the_corrected_session_ends_as_told() -> None:
    state = folded(corrected_events())
    assert [(row.entry, row.undone, bool(row.stuck)) for row in state.effects] == [
        (1, True, False),
        (2, True, False),
        (3, False, True),
    ]
    counters = state.counters
    assert (counters.right, counters.rolled_back, counters.waste, counters.undone) == (4, 3, 2, 2)


@given(data=st.data())
def test_every_shuffled_part_of_the_sample_folds(data: st.DataObject, sample: list[Event]) -> None:
    folded(data.draw(st.lists(st.sampled_from([*sample, *corrected_events()]), max_size=40)))


@given(st.lists(events, max_size=20))
def test_json_and_back_gives_the_same_state(drawn: list[Event]) -> None:
    again = [from_json(json.loads(json.dumps(to_json(event)))) for event in drawn]
    assert folded(again) == folded(drawn)


def test_states_are_frozen(sample: list[Event]) -> None:
    state = folded(sample)
    with pytest.raises(FrozenInstanceError):
        state.clock = 1.0  # pyright: ignore[reportAttributeAccessIssue]
    assert hash(state)


def test_words_keep_the_time_at_which_they_became_stable() -> None:
    turn = turn_of(
        TurnStarted(1, 0.0),
        Heard(1, 1.0, "on friday", "no"),
        Heard(1, 2.0, "on Friday, no", "Saturday"),
    )
    assert [(word.text, word.at) for word in turn.words] == [("on", 1.0), ("Friday,", 1.0), ("no", 2.0)]
    assert turn.unstable == "Saturday"


def test_a_retracted_word_gets_a_new_time() -> None:
    turn = turn_of(Heard(1, 1.0, "text Anna", ""), Heard(1, 2.0, "text Ana now", ""))
    assert [(word.text, word.at) for word in turn.words] == [("text", 1.0), ("Ana", 2.0), ("now", 2.0)]


def test_the_final_update_settles_the_words() -> None:
    turn = turn_of(Heard(1, 1.0, "on Friday,", "yes"), Updated(1, 2.0, "on Friday please", True))
    assert turn.said == "on Friday, please"
    assert turn.unstable == ""
    assert turn.final_at == 2.0


def issue(at: float, call: int, version: int, day: str, effect: Effect = Effect.READ) -> CallIssued:
    return CallIssued(1, at, call, version, "find_events", {"day": day}, effect)


def test_a_patch_strikes_the_old_version_out_and_names_the_words() -> None:
    turn = turn_of(
        Updated(1, 1.0, "on Friday", False),
        issue(1.1, 1, 1, "Friday"),
        CallChanged(1, 1.1, 1, 1, CallState.RUNNING),
        issue(1.2, 2, 1, "Sunday"),
        Paused(1, 1.3),
        Updated(1, 2.0, "on Friday no", False),
        Updated(1, 2.4, "on Friday no Saturday", False),
        CallChanged(1, 2.5, 1, 1, CallState.DISCARDED, "you said otherwise"),
        issue(2.5, 1, 2, "Saturday"),
    )
    assert [(row.call, row.version) for row in turn.rows] == [(1, 1), (1, 2), (2, 1)]
    old = row_of(turn, 1)
    assert old.state is CallState.DISCARDED
    assert old.because == "no Saturday"
    assert [(s.state, s.start, s.end) for s in old.segments] == [
        (CallState.RUNNING, 1.1, 2.5),
        (CallState.DISCARDED, 2.5, None),
    ]


def test_a_removed_call_is_dropped_and_its_late_result_changes_nothing() -> None:
    turn = turn_of(
        Updated(1, 1.0, "on Friday", False),
        issue(1.1, 1, 1, "Friday"),
        Paused(1, 1.2),
        Updated(1, 2.0, "on Friday never mind", False),
        CallRemoved(1, 2.1, 1),
        CallChanged(1, 2.2, 1, 1, CallState.READY, text="two events"),
    )
    assert row_of(turn, 1).state is CallState.DISCARDED
    assert row_of(turn, 1).because == "never mind"
    assert row_of(turn, 1).text == ""


def test_a_drop_without_new_words_blames_no_words() -> None:
    turn = turn_of(
        Updated(1, 1.0, "on Friday", False),
        issue(1.1, 1, 1, "Friday"),
        Paused(1, 1.2),
        CallChanged(1, 9.0, 1, 1, CallState.DISCARDED, "it took too long"),
    )
    assert row_of(turn, 1).because == ""
    assert row_of(turn, 1).reason == "it took too long"


def test_what_falls_with_a_failed_call_blames_no_words() -> None:
    turn = turn_of(
        Updated(1, 1.0, "on Friday", False),
        issue(1.1, 1, 1, "$2"),
        CallChanged(1, 1.2, 1, 1, CallState.DISCARDED, CASCADE),
    )
    assert (row_of(turn, 1).because, row_of(turn, 1).reason) == ("", CASCADE)


def test_undo_marks_the_effect_and_the_call() -> None:
    write = issue(1.0, 1, 1, "Friday", Effect.WRITE)
    events = [write, Effected(1, 2.0, 1, 1, 7, "find_events", "done", True), Undone(1, 3.0, 7, "taken back")]
    before, after = folded(events[:2]), folded(events)
    assert before.undo_next is not None and before.undo_next.entry == 7
    assert after.undo_next is None
    assert after.effects[0].undone
    assert after.counters.undone == 1
    assert after.turn is not None and row_of(after.turn, 1).state is CallState.UNDONE
    assert folded([*events, events[-1]]).counters.undone == 1


# ---- corrections ---------------------------------------------------------------------------------


def write(at: float, version: int, day: str) -> CallIssued:
    return issue(at, 1, version, day, Effect.WRITE)


DONE = [
    Updated(1, 0.9, "on Friday", False),
    write(1.0, 1, "Friday"),
    CallChanged(1, 1.0, 1, 1, CallState.RUNNING, EARLY),
    Effected(1, 1.3, 1, 1, 7, "find_events", "done", True),
    CallChanged(1, 1.3, 1, 1, CallState.READY, text="done"),
    Paused(1, 1.4),
    Heard(1, 2.0, "on Friday no Saturday", ""),
    Updated(1, 2.1, "on Friday no Saturday", False),
]


def test_an_early_effect_that_is_wrong_is_regretted_then_undone() -> None:
    patched = [*DONE, write(2.4, 2, "Saturday")]
    turn = turn_of(*patched)
    old = row_of(turn, 1)
    assert old.early and old.state is CallState.READY
    assert (old.regretted, old.because, old.struck_at) == (2.4, "no Saturday", 2.0)
    assert not row_of(turn, 1, 2).early and row_of(turn, 1, 2).regretted is None
    undone = folded(
        [*patched, Undone(1, 2.6, 7, "gone"), CallChanged(1, 2.6, 1, 1, CallState.UNDONE, PATCHED)]
    )
    assert undone.turn is not None
    old = row_of(undone.turn, 1)
    assert (old.state, old.because) == (CallState.UNDONE, "no Saturday")
    assert old.segments[-1].start == 2.6
    assert undone.counters.undone == 1 and undone.effects[0].undone


def test_what_is_removed_after_it_was_done_is_regretted_too() -> None:
    assert row_of(turn_of(*DONE, CallRemoved(1, 2.4, 1)), 1).regretted == 2.4


def test_what_is_asked_for_again_is_not_regretted() -> None:
    turn = turn_of(
        *DONE,
        write(2.4, 2, "Saturday"),
        write(2.8, 3, "Friday"),
        CallChanged(1, 2.8, 1, 3, CallState.READY, RESTORED, "done"),
    )
    old, held, again = (row_of(turn, 1, version) for version in (1, 2, 3))
    assert old.regretted is None and old.because == "" and old.state is CallState.READY
    assert held.state is CallState.DISCARDED
    assert (again.entry, again.state) == (7, CallState.READY)


@pytest.mark.parametrize(("committed", "regretted"), [(True, 2.4), (False, None)])
def test_without_a_commit_a_correction_corrects_nothing(committed: bool, regretted: float | None) -> None:
    events: list[Event] = [
        write(1.0, 1, "Friday"),
        CallChanged(1, 1.0, 1, 1, CallState.RUNNING),
        CallChanged(1, 1.3, 1, 1, CallState.READY, text="done"),
        Reopened(1, 1.5),
        write(2.4, 2, "Saturday"),
        *([Committed(1, 2.5, "pause")] if committed else []),
        TurnEnded(1, 3.0, 2.0, None, 0.0, 1, 0, 0),
    ]
    assert row_of(turn_of(*events), 1).regretted == regretted


def test_a_turn_that_was_reopened_keeps_the_ends_that_were_none() -> None:
    turn = turn_of(
        SpeechEnded(1, 1.0),
        Committed(1, 1.5, "answer"),
        Reopened(1, 1.7),
        SpeechEnded(1, 2.9),
        SpeechEnded(1, 2.9),
    )
    assert (turn.stops, turn.commits, turn.reopened) == ((1.0, 2.9), (1.5,), (1.7,))
    assert (turn.end_of_speech, turn.committed) == (2.9, None)


def test_a_continued_turn_takes_words_and_entries_along() -> None:
    state = folded(
        [
            Heard(1, 0.9, "on Friday", ""),
            *DONE[:5],
            TurnEnded(1, 2.0, 1.5, 1.8, 0.0, 1, 0, 0),
            TurnStarted(2, 5.0),
            Continued(2, 5.5, 1),
            CallIssued(2, 5.5, 1, 1, "find_events", {"day": "Friday"}, Effect.WRITE),
            CallChanged(2, 5.5, 1, 1, CallState.READY, CARRIED, "done"),
            Heard(2, 5.6, "on Friday no Saturday", ""),
        ]
    )
    turn = state.turn
    assert turn is not None
    assert (turn.continues, turn.carried, turn.said_here) == (1, 2, "no Saturday")
    assert row_of(turn, 1).carried and row_of(turn, 1).entry == 7
    ended = fold(state, TurnEnded(2, 8.0, 6.0, 7.0, 0.0, 1, 0, 0))
    assert ended.counters.right == 1, "what the first turn got right counts once"


def test_an_undo_that_failed_is_told_at_the_effect_and_the_call() -> None:
    state = folded([*DONE, UndoFailed(1, 3.0, 7, "It is stuck.")])
    assert state.effects[0].stuck == "It is stuck." and not state.effects[0].undone
    assert state.turn is not None and row_of(state.turn, 1).stuck == "It is stuck."
    assert state.notices[-1].error


def test_a_late_result_belongs_to_the_version_given_up() -> None:
    turn = turn_of(
        issue(1.0, 1, 1, "Friday"),
        issue(1.5, 1, 2, "Saturday"),
        LateResult(1, 2.0, 1, "two events"),
    )
    assert (row_of(turn, 1).late, row_of(turn, 1, 2).late) == ("two events", "")


def test_words_the_brain_waited_on_until_the_end_are_what_killed_a_guess() -> None:
    events = [
        Updated(1, 1.0, "on Friday", False),
        issue(1.1, 1, 1, "Friday"),
        Heard(1, 2.0, "on Friday no Saturday", ""),
        Updated(1, 2.1, "on Friday no Saturday", False),
        Paused(1, 2.2),
        Updated(1, 2.6, "on Friday no Saturday", True),
    ]
    row = row_of(turn_of(*events, issue(2.8, 1, 2, "Saturday")), 1)
    assert (row.because, row.struck_at) == ("no Saturday", 2.0)
    later = row_of(turn_of(*events, issue(2.8, 2, 1, "plants"), CallRemoved(1, 2.9, 2)), 2)
    assert (later.because, later.struck_at) == ("", None), "words older than the call did not kill it"


def test_how_loud_it_was_is_kept_for_a_minute_and_no_other_event_is_told_by_it() -> None:
    state = folded([Level(at / 10, 0.1) for at in range(1000)])
    assert len(state.levels) == 600 and state.levels[-1].at == 99.9 and state.clock == 99.9
    assert state.recent == ()


def test_the_sample_ends_as_told(sample: list[Event]) -> None:
    state = folded(sample)
    assert [turn.number for turn in state.turns] == [1, 2]
    assert [row.entry for row in state.effects] == [11, 12]
    counters = state.counters
    assert (counters.turns, counters.right, counters.rolled_back, counters.waste) == (2, 2, 2, 1)
    assert counters.latencies == pytest.approx((0.47, 0.49))
    assert state.turn is not None and state.turn.latency == pytest.approx(0.49)
    assert state.question is None and not state.speaking
    assert state.summary is not None


def test_a_question_waits_until_it_is_answered(sample: list[Event]) -> None:
    asked = [folded(sample[:n]).question for n in range(len(sample) + 1)]
    texts = [question.text for question in asked if question]
    assert set(texts) == {"Text Ana: I'm running ten minutes late?"}
    assert asked[-1] is None


def test_events_of_a_turn_no_longer_kept_are_ignored() -> None:
    state = folded([TurnStarted(5, 1.0)])
    assert fold(state, Heard(2, 2.0, "late", "")).turns == state.turns


@given(st.text())
def test_clean_text_cannot_steer_the_terminal(text: str) -> None:
    assert clean(text).replace(" ", "").isprintable() or not clean(text)
    assert clean("\x1b[2Jhello\r\n\u202eworld") == "[2Jhello world"
