"""Which words of a changing hypothesis can be trusted, and which are the recogniser running in circles."""

from __future__ import annotations

from collections.abc import Sequence

_GATE_LOGPROB = -1.0
_GATE_NO_SPEECH = 0.8


def normal(word: str) -> str:
    """The word as it is compared: lower case, without punctuation at its ends."""
    return word.lower().strip(".,;:!?…\"'()[]-–—“”‘’")


def believable(logprob: float, no_speech: float) -> bool:
    """Whether a decode is worth looking at: mean log probability of a token, probability of no speech."""
    return logprob >= _GATE_LOGPROB and no_speech <= _GATE_NO_SPEECH


def trim_loop(words: Sequence[str]) -> list[str]:
    """The words without a repetition at their end; always a prefix of `words`.

    A recogniser that is shown little silence after the speech does not know when to stop and says the
    sentence again. Cut are: a repetition of the beginning that runs to the end ("set a timer set a"),
    a group of three or more words said twice in a row, a pair said three times, and a single word said
    four times. A person's "no, no" and "very very" stay.
    """
    kept = list(words)
    while True:
        cut = _loop_start([normal(word) for word in kept])
        if cut is None:
            return kept
        kept = kept[:cut]


def _loop_start(words: list[str]) -> int | None:
    count = len(words)
    for start in range(3, count - 1):
        tail = words[start:]
        if len(tail) <= start and tail == words[: len(tail)]:
            return start
    for size in range(1, count // 2 + 1):
        times = 4 if size == 1 else 3 if size == 2 else 2
        if size * times > count:
            continue
        group = words[count - size :]
        if all(words[count - (k + 1) * size : count - k * size] == group for k in range(times)):
            start = count - size
            while start >= size and words[start - size : start] == group:
                start -= size
            return start + size
    return None


def common_prefix(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words from the start are the same in both, as `normal` compares them."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if normal(one) != normal(other):
            break
        count += 1
    return count


class Agreement:
    """Local agreement of two: a word is stable once two successive hypotheses have it in its place.

    A stable word keeps the spelling it had when it became stable. It is taken back only when two
    successive hypotheses agree with each other and not with it; otherwise one wrong early agreement
    would hold up every word after it until the turn ends.
    """

    def __init__(self) -> None:
        self._last: list[str] | None = None
        self._stable: list[str] = []
        self._unstable: list[str] = []

    @property
    def stable(self) -> tuple[str, ...]:
        """The words that two hypotheses agreed on."""
        return tuple(self._stable)

    @property
    def unstable(self) -> tuple[str, ...]:
        """The words of the newest hypothesis beyond the stable ones."""
        return tuple(self._unstable)

    def add(self, words: Sequence[str]) -> None:
        """Take in the next hypothesis: all words since the start."""
        new = list(words)
        if self._last is not None:
            agreed = common_prefix(self._last, new)
            kept = common_prefix(self._stable, new[:agreed])
            whole = agreed == len(self._last) == len(new)
            if kept < len(self._stable) and (kept < agreed or whole):
                del self._stable[kept:]
            if kept == len(self._stable):
                self._stable += new[kept:agreed]
        self._last = new
        self._unstable = new[len(self._stable) :]
