"""Finding the one thing a person means by a name they said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from tools.saying import listing
from tools.tool import ToolError

T = TypeVar("T")
_CLOSE = 80.0  # rapidfuzz ratio, 0 to 100: Anna is Ana (86), Sara is Sarah (89), Hannah is not (67)
_CLOSE_SAME_LETTER = 75.0  # enough where the first letters agree: Marc is Mark


def plain(words: str) -> str:
    """A name for comparing: lower case, without punctuation, possessive 's, "my" and "the"."""
    text = re.sub(r"['\u2019]s\b", "", words.casefold())
    text = re.sub(r"[^\w@+.&-]+", " ", text).strip(" .")
    return re.sub(r"^(?:my|the|our) ", "", text)


def pick(said: str, things: Iterable[T], names: Callable[[T], Sequence[Sequence[str]]], kind: str) -> T:
    """The one thing `said` names.

    `names` gives the names of a thing in classes, surest first. The first class in which a name is equal
    decides; else a name that has all the words said; else the closest spelling.

    Raises ToolError where nothing fits ("I found no note called ...") or several do ("Which Ana: Ana Lopez
    or Ana Reis?"), each by the first of its names.
    """
    wanted = plain(said)
    all_things = list(things)
    ranks = [[[plain(name) for name in group] for group in names(thing)] for thing in all_things]
    fits: list[int] = []
    for level in range(max((len(rank) for rank in ranks), default=0)):
        fits = fits or [
            place for place, rank in enumerate(ranks) if level < len(rank) and wanted in rank[level]
        ]
    if not fits and wanted:
        words = set(wanted.split())
        fits = [
            place
            for place, rank in enumerate(ranks)
            if any(words <= set(name.split()) for group in rank for name in group)
        ]
    if not fits and wanted:
        scores = [
            max((_score(wanted, name) for group in rank for name in group), default=0.0) for rank in ranks
        ]
        best = max(scores, default=0.0)
        fits = [place for place, score in enumerate(scores) if best > 0 and score == best]
    if not fits:
        raise ToolError(f'I found no {kind} called "{said.strip()}".')
    if len(fits) > 1:
        choices = listing([names(all_things[place])[0][0] for place in fits], "or")
        raise ToolError(f"Which {said.strip()}: {choices}?")
    return all_things[fits[0]]


def _score(wanted: str, name: str) -> float:
    """How close two names are spelt, 0 where they are not close."""
    from rapidfuzz.fuzz import ratio

    score = ratio(wanted, name)
    near = _CLOSE_SAME_LETTER if name[:1] == wanted[:1] else _CLOSE
    return score if score >= near else 0.0


def several(words: str | None) -> list[str]:
    """The single names in "Ana, Ben and Mum", each once and without the user's own "me"."""
    text = re.sub(r"^both\s+", "", (words or "").strip(), flags=re.IGNORECASE)
    parts = re.split(r"\s*[,;&+]\s*(?:and\s+)?|\s+(?:and|plus|as well as)\s+", text)
    once = {part.casefold(): part for part in parts if part}
    return [part for key, part in once.items() if key not in ("me", "myself", "i")]
