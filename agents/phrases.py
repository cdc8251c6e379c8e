"""What a few fixed phrases mean to the session itself, whatever the brain makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from agents.words import spoken_words

_YES = set("yes yeah yep yup sure ok okay absolutely correct right fine go do send".split())
_NO = set("no nope don't dont not never stop cancel wait wrong leave nah".split())
# Words that come with a yes or a no and change neither.
_EMPTY = set(
    """a ahead and all be course definitely for good great her him i'd i i'm it its it's just like message me
    mind never now of one on oh please should sounds text thank thanks that that's the them then this to um uh
    want well will would yes you""".split()
)
_CORRECTIONS = (
    "no",
    "nope",
    "not",
    "wait",
    "actually",
    "sorry",
    "oops",
    "rather",
    "instead",
    "hold on",
    "hang on",
    "i mean",
    "i meant",
    "i said",
    "make it",
    "make that",
    "change it",
    "change that",
    "scratch that",
    "on second thought",
    "on second thoughts",
)
_UNDO = {
    f"{verb} {what}".strip()
    for verb in ("undo", "revert", "reverse", "take back", "scratch")
    for what in ("that", "it", "this", "the last one", "the last thing", "what you just did", "")
} | {"take that back", "take it back", "put that back", "put it back"}
_POLITE = set("please no wait sorry oh actually just now can could would you hey um uh".split())


def reply(text: str) -> bool | None:
    """What a reply to "shall I?" says: yes, no, or None for anything more than that ("no, to Ben").

    A no anywhere outweighs a yes.
    """
    words = [word.casefold() for word in spoken_words(text)]
    said = set(words)
    if said - _YES - _NO - _EMPTY:
        return None
    if said & _NO:
        return False
    return True if said & _YES else None


def is_correction(words: Sequence[str]) -> bool | None:
    """Whether a sentence that opens with `words` takes up the one before; None while that is open."""
    said = " ".join(word.casefold() for word in words)
    if any(said == phrase or said.startswith(f"{phrase} ") for phrase in _CORRECTIONS):
        return True
    return None if any(phrase.startswith(f"{said} ") or not said for phrase in _CORRECTIONS) else False


def is_undo(text: str) -> bool:
    """Whether the whole of `text` asks to take the latest effect back."""
    words = [word.casefold() for word in spoken_words(text)]
    while words and words[0] in _POLITE:
        words.pop(0)
    while words and words[-1] in _POLITE:
        words.pop()
    return " ".join(words) in _UNDO
