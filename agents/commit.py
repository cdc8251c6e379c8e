"""The commit point: when guessing is over and held calls may run.

The paper (*Speculative Interaction Agents*, section 3) commits once the final query update has been
received and the model then issues a call ID greater than any before, or pauses. We leave the first of
these out: a brain that lags behind the words may issue a new call and only then patch or withdraw an
old one, which that rule would already have carried out. Pausing, or beginning to answer, says that it is
done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """Follows a turn until it commits; a value that each step replaces.

    `released` is the highest call ID that may run whatever it does: those issued before the latest pause
    or answer since the final update.
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
        """The user went on speaking: the update was not final after all, and nothing is released any more."""
        return CommitPoint(highest=self.highest)

    def issued(self, call: int) -> CommitPoint:
        """The brain issued `call`."""
        return replace(self, highest=max(self.highest, call))

    def settled(self, by: str, knowing: bool) -> CommitPoint:
        """The brain paused or answered (`by`); `knowing` whether it had then seen the final update."""
        if not (self.final and knowing):
            return self
        return replace(self, by=self.by or by, released=self.highest)
