"""Which person a spoken name means: short forms, names that sound alike, a slip in a long name.

A recogniser spells by ear, so names that sound the same count as the same; names that differ in what
can be heard (Dan and Dana, Mark and Mary) never do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from functools import cache

_SLIP_LETTERS = 6  # a name this long still tells who is meant with one letter wrong
_NEAR = 75.0  # rapidfuzz ratio, 0 to 100, from which it is worth asking "do you mean ...?"
_STARTS = (frozenset("ck"), frozenset("gj"), frozenset("pf"))  # letters that can begin the same sound


class Likeness(IntEnum):
    """How surely one word of a name stands for another, worst first."""

    NONE = 0
    NEAR = 1  # worth a question, never a guess
    SLIP = 2  # one letter off in a long, uncommon name
    SHORT = 3  # a nickname of it, or the other way round
    SAME = 4  # equal, or equal to the ear


def folded(name: str) -> str:
    """`name` without accents and case."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def likeness(said: str, name: str) -> Likeness:
    """How surely the word `said` stands for the word `name`, both as `folded` gives them."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.fuzz import ratio

    if said == name or _sounds_like(said, name):
        return Likeness.SAME
    if _is_short_form(said, name) or _is_short_form(name, said):
        return Likeness.SHORT
    like = _ending(said) == _ending(name) and _start_alike(said, name)
    if like and min(len(said), len(name)) >= _SLIP_LETTERS and not _is_common(said):
        if OSA.distance(said, name, score_cutoff=1) == 1:
            return Likeness.SLIP
    near = ratio(said, name) >= _NEAR or _same_consonants(said, name)
    related = name in _short_forms(said) or said in _short_forms(name)
    return Likeness.NEAR if near or related else Likeness.NONE


def full_likeness(said: Sequence[str], name: Sequence[str]) -> Likeness:
    """How surely several words said stand for a name: the least sure of them, each for a word of its own.

    A surname may be merely near where the first name is the same.
    """
    left = list(name)
    sure = Likeness.SAME
    for place, word in enumerate(said):
        if not left:
            return Likeness.NONE
        best = max(left, key=lambda part: likeness(word, part))
        alike = likeness(word, best)
        if alike is Likeness.NEAR and place and best == name[-1] and said[0] == name[0]:
            alike = Likeness.SLIP
        left.remove(best)
        sure = min(sure, alike)
    return sure


def _sounds_like(said: str, name: str) -> bool:
    """Whether two names are spellings of one sound: what codes of sound leave out, vowels, agrees too."""
    return _same_consonants(said, name) and _start_alike(said, name) and _vowels(said) == _vowels(name)


def _same_consonants(said: str, name: str) -> bool:
    from jellyfish import metaphone, nysiis

    said, name = said.replace("y", "i"), name.replace("y", "i")
    return bool(metaphone(said)) and (metaphone(said) == metaphone(name) or nysiis(said) == nysiis(name))


def _start_alike(said: str, name: str) -> bool:
    return said[:1] == name[:1] or any({said[:1], name[:1]} <= letters for letters in _STARTS)


def _vowels(name: str) -> tuple[int, str, str]:
    """How many vowels, the first (the one stressed in most names), and the ending."""
    groups = re.findall(r"[aeiouy]+", name)
    first = re.sub(r"(.)\1", r"\1", groups[0]).replace("y", "i") if groups else ""
    return len(groups), first, _ending(name)


def _ending(name: str) -> str:
    """The vowel a name ends in, "" for a consonant; spellings of one sound are one."""
    found = re.search(r"[aeiouy]+h?$", name)
    if found is None:
        return ""
    vowels = found[0].removesuffix("h")
    return "i" if vowels in ("y", "i", "ie", "ee", "ey", "ay") else vowels[-1:]


def _is_short_form(short: str, name: str) -> bool:
    """Whether `short` is what a person of that name may be called.

    The list of short forms also pairs names of different people (Jean and Jane, Louis and Louise): those
    are about as long as each other, where a short form is much shorter, ends in y, or is a beginning.
    """
    if not any(short == form or _sounds_like(short, form) for form in _short_forms(name)):
        return False
    if re.search(r"(?:[^a]y|i|ie|ee)$", short) and not (name.endswith("a") and len(short) >= len(name)):
        return True
    if _ending(short) == _ending(name) and _same_consonants(short, name):
        return True
    beginning = name.startswith(short) and not _ending(name)
    return beginning or len(name) - len(short) >= (4 if short.endswith("a") else 2)


@cache
def _names() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Short forms of each given name, and every name among them."""
    from nicknames import NickNamer

    table = {name: frozenset(short) for name, short in NickNamer.default_lookup().items()}
    return table, frozenset(table).union(*table.values())


def _short_forms(name: str) -> frozenset[str]:
    return _names()[0].get(name, frozenset())


def _is_common(name: str) -> bool:
    return name in _names()[1]
