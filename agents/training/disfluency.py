"""What spontaneous speech adds to a request: fillers, edit terms, late cancellations."""

from __future__ import annotations

import random

from agents.training.lexicon import LISTS

JOINS, DECLINED = LISTS["joins"], LISTS["declined"]
_MISHEARD = dict(pair.split("|") for pair in LISTS["misheard"])


def filler(rng: random.Random) -> list[str]:
    """Words that say nothing."""
    return rng.choice(LISTS["fillers"]).split()


def edit_term(rng: random.Random) -> list[str]:
    """Words that say: what I just said was wrong."""
    return rng.choice(LISTS["edits"]).split()


def broken_off(rng: random.Random) -> list[str]:
    """Words between a sentence that was given up and its replacement."""
    return rng.choice(LISTS["breaks"]).split()


def misheard(word: str) -> str | None:
    """What a recogniser might write instead, or None to leave `word`."""
    return _MISHEARD.get(word)
