"""Who has the floor: the turn the user's words belong to, and those words as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.turn import Turn


@dataclass(frozen=True, slots=True)
class Earlier:
    """The turn before this one, which the user's next words may correct; its words, and when it was over.

    `at` is in seconds on the session clock.
    """

    turn: Turn
    words: str
    at: float


@dataclass(slots=True)
class Floor:
    """The user's side of the conversation as it stands."""

    turn: Turn | None = None  # the one the user's words belong to
    turns: int = 0  # so far
    is_speaking: bool = False
    is_silent: bool = False  # though what they say may go on
    before: str = ""  # words of this turn before an end of turn that was none
    given: str = ""  # words of this turn handed to the brain
    hypothesis: str = ""  # all words of this turn so far, also those that may change
    guess: str | None = None  # the words handed over as if they were all
    earlier: Earlier | None = None
    may_correct: bool = False  # the words so far leave open whether they correct the earlier turn

    def open(self, turn: Turn, *, may_correct: bool) -> None:
        """A turn begins."""
        self.turn, self.turns = turn, turn.number
        self.before = self.given = self.hypothesis = ""
        self.guess = None
        self.may_correct = may_correct

    def leave(self, turn: Turn, at: float) -> bool:
        """A turn is over, at `at` seconds on the session clock. Whether it was that of the user's words."""
        if self.turn is not turn:
            return False
        self.turn = None
        if turn.commit.reached:
            self.earlier = Earlier(turn, self.given, at)
        return True

    def fell_silent(self, turn: int, at: float) -> None:
        """What was said in `turn` was over at `at` seconds; an answer may be corrected from then on."""
        if self.earlier is not None and self.earlier.turn.number == turn:
            self.earlier = replace(self.earlier, at=at)


def joined(before: str, text: str) -> str:
    """Words that were said one after the other."""
    return f"{before} {text}".strip()
