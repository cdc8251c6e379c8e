"""What spontaneous speech adds to a request: fillers, edit terms, late cancellations."""

from __future__ import annotations

import random

_FILLERS = ("um", "uh", "you know", "um", "uh", "er", "like", "hmm", "let me see", "well", "um yeah", "ah")
_EDITS = (
    *("no",) * 14, *("sorry",) * 4, *("I mean",) * 4, *("wait",) * 3, *("actually",) * 4, *("make that",) * 3,
    "no wait", "wait no", "or rather", "rather", "no sorry", "uh no", "no I mean", "oh sorry", "I meant", "no make it",
    "actually no", "sorry I mean", "make it", "wait make that", "um no", "no no", "hold on", "no actually",
    "let me think no", "or no", "well actually", "sorry no", "oh wait", "correction", "not that",
)  # fmt: skip
_DROPS = (
    "never mind", "forget it", "forget that", "don't", "scratch that", "cancel that", "leave it", "don't do that",
    "drop that", "forget about it", "don't bother", "skip it", "not now", "cancel it", "let's not", "no need",
)  # fmt: skip
_TURNS = (
    "actually",
    "actually",
    "no",
    "oh",
    "wait",
    "no wait",
    "oh actually",
    "hmm",
    "actually no",
    "you know what",
    "sorry",
    "",
)
_BREAKS = (
    "uh",
    "no wait",
    "actually",
    "um sorry",
    "wait",
    "no",
    "sorry",
    "uh no",
    "um",
    "hmm no",
    "no sorry",
    "oh wait",
)
_DROP_VERBS = (
    "forget",
    "cancel",
    "skip",
    "drop",
    "don't do",
    "leave out",
    "forget about",
    "scratch",
    "never mind",
)
JOINS = (
    "and", "and", "and", "and also", "also", "then", "and then", "and please", "and can you", "oh and", "plus", "and could you",
)  # fmt: skip
DECLINED = (
    "Okay, I won't.", "All right, never mind.", "Okay, forgotten.", "Fine, I left it.", "Okay, nothing done.",
    "Sure, I dropped it.", "All right, I won't do that.", "Okay, cancelled.",
)  # fmt: skip


def filler(rng: random.Random) -> list[str]:
    """Words that say nothing."""
    return rng.choice(_FILLERS).split()


def edit_term(rng: random.Random) -> list[str]:
    """Words that say: what I just said was wrong."""
    return rng.choice(_EDITS).split()


def broken_off(rng: random.Random) -> list[str]:
    """Words between a sentence that was given up and its replacement."""
    return rng.choice(_BREAKS).split()


def dropped(rng: random.Random, noun: str | None) -> list[str]:
    """Words that take a request back, the one about `noun` where there are several."""
    turn = rng.choice(_TURNS)
    if noun is None:
        return f"{turn} {rng.choice(_DROPS)}".split()
    return f"{turn} {rng.choice(_DROP_VERBS)} {rng.choice(('the', 'the', 'that'))} {noun}".split()


_HOMOPHONES = {
    "for": "four", "to": "two", "four": "for", "the": "a", "your": "you're", "there": "their", "a": "the", "in": "and",
    "note": "notes", "is": "was", "what's": "what", "remind": "remined", "will": "well", "it": "at", "text": "texts",
    "mail": "male", "weather": "whether", "light": "lights", "send": "sent", "by": "buy", "write": "right",
}  # fmt: skip


def misheard(word: str) -> str | None:
    """What a recogniser might write instead, or None to leave `word`."""
    return _HOMOPHONES.get(word)
