"""Words as they are compared, and how far one text is from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voice.agreement import normal

# A recogniser writes "10" or "ten" as it likes; both are right.
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60"}


def words_of(text: str) -> list[str]:
    """The words of `text`: lower case, no punctuation, numbers up to sixty as digits."""
    plain = (normal(word) for word in text.replace("-", " ").split())
    return [_NUMBERS.get(word, word) for word in plain if word]


@dataclass(frozen=True, slots=True)
class Errors:
    """Word errors among `words` words that were said."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Word error rate in percent."""
        return 100 * self.errors / self.words if self.words else 0.0

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.errors + other.errors, self.words + other.words)


def compare(said: str, heard: str) -> Errors:
    """Insertions, deletions and substitutions, by Levenshtein distance of words."""
    expected = words_of(said)
    return Errors(Levenshtein.distance(expected, words_of(heard)), len(expected))


def matched(said: Sequence[str], heard: Sequence[str]) -> dict[int, int]:
    """Position in `heard` of each word of `said` that was heard right, by its position."""
    pairs: dict[int, int] = {}
    for step in Levenshtein.opcodes(said, heard):
        if step.tag == "equal":
            pairs.update(
                zip(
                    range(step.src_start, step.src_end),
                    range(step.dest_start, step.dest_end),
                    strict=True,
                )
            )
    return pairs
