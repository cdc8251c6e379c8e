from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.commit import CommitPoint


@given(st.lists(st.sampled_from(["call", "pause", "answer"])))
def test_nothing_commits_before_the_final_update(steps: list[str]) -> None:
    point = CommitPoint()
    for count, step in enumerate(steps, 1):
        point = point.issued(count) if step == "call" else point.settled(step, knowing=True)
    assert not point.reached
    assert point.released == 0


def test_what_the_brain_wrote_before_it_knew_does_not_commit() -> None:
    assert not CommitPoint().issued(1).final_received().settled("pause", knowing=False).reached


def test_a_pause_releases_what_was_issued_and_a_later_call_waits_for_the_next() -> None:
    point = CommitPoint().issued(1).final_received().issued(2).settled("pause", knowing=True)
    assert (point.by, point.released) == ("pause", 2)
    assert point.issued(3).released == 2
    assert point.issued(3).settled("answer", knowing=True).released == 3


def test_reopening_takes_the_final_update_back() -> None:
    assert not CommitPoint().final_received().reopened().settled("answer", knowing=True).reached
