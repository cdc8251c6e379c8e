"""The commit point: when guessing is over and held calls may run.

The rule of the paper (*Speculative Interaction Agents*, section 3): the final query update has been
received, and then the model issues a call ID greater than any before, pauses, or answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """Follows a turn until it commits; a value that each step replaces.

    `released` is the highest call ID whose effect may run: issuing call n after the final update
    confirms the calls before it, not yet call n itself, which the next action may still patch.
    """

    final: bool = False
    highest: int = 0
    by: str | None = None
    released: int = 0

    @property
    def reached(self) -> bool:
        """Whether the turn is committed."""
        return self.by is not None

    def final_received(self) -> CommitPoint:
        """The final update is in."""
        return replace(self, final=True)

    def reopened(self) -> CommitPoint:
        """The user went on speaking before the commit point: the update was not final after all."""
        assert not self.reached
        return replace(self, final=False)

    def issued(self, call: int, knowing: bool) -> CommitPoint:
        """The brain issued `call`; `knowing` whether it had seen the final update when it wrote it."""
        if call <= self.highest:
            return self
        point = replace(self, highest=call)
        return point._at("call", call - 1) if self.final and knowing else point

    def paused(self, knowing: bool) -> CommitPoint:
        """The brain paused."""
        return self._at("pause", self.highest) if self.final and knowing else self

    def answered(self, knowing: bool) -> CommitPoint:
        """The brain answered."""
        return self._at("answer", self.highest) if self.final and knowing else self

    def _at(self, by: str, released: int) -> CommitPoint:
        return replace(self, by=self.by or by, released=max(self.released, released))
