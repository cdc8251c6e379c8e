"""What is read from the events of a session."""

from __future__ import annotations

from collections.abc import Sequence

from agents import history
from agents.events import Answered, Event, SpeakingEnded, TurnStarted, Updated


class Conversation(dict[int, Sequence[Event]]):
    """The turns of a conversation, with those that were looked at."""

    def __init__(self, turns: dict[int, Sequence[Event]]) -> None:
        super().__init__(turns)
        self.read: set[int] = set()

    def __getitem__(self, turn: int) -> Sequence[Event]:
        self.read.add(turn)
        return super().__getitem__(turn)


def turn(number: int, said: str, *more: Event) -> list[Event]:
    updated = [Updated(number, 1.0, said, True)] if said else []
    return [TurnStarted(number, 0.0), *updated, *more]


def test_what_was_said_before_is_found_without_reading_all_of_a_long_conversation() -> None:
    said = {number: f"words {number}" if number % 10 else "" for number in range(1, 1001)}
    conversation = Conversation({number: turn(number, text) for number, text in said.items()})
    found = history.exchanges(conversation, 1000, last=20)
    assert [one.said for one in found] == [text for text in list(said.values())[:-1] if text][-20:]
    assert len(conversation.read) <= 23


def test_an_answer_that_was_cut_short_is_what_was_heard_of_it() -> None:
    cut = turn(1, "one", Answered(1, 2.0, "It is noon."), SpeakingEnded(1, 3.0, "It is", True))
    whole = turn(2, "two", Answered(2, 2.0, "It is one."), SpeakingEnded(2, 3.0, "It is one.", False))
    found = history.exchanges({1: cut, 2: whole, 3: turn(3, "three")}, 3)
    assert [(one.turn, one.answer) for one in found] == [(1, "It is"), (2, "It is one.")]
