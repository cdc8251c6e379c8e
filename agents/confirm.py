"""Whether a spoken reply to "shall I?" is a yes."""

from __future__ import annotations

from agents.words import spoken_words

_YES = {
    "yes",
    "yeah",
    "yep",
    "yup",
    "sure",
    "ok",
    "okay",
    "please",
    "absolutely",
    "correct",
    "right",
    "fine",
    "go",
    "do",
    "send",
}
_NO = {"no", "nope", "don't", "dont", "not", "never", "stop", "cancel", "wait", "wrong", "leave", "nah"}


def reply(text: str) -> bool | None:
    """True for a yes, False for a no, None for anything else. A no anywhere outweighs a yes."""
    words = {word.casefold() for word in spoken_words(text)}
    if words & _NO:
        return False
    if words & _YES and len(spoken_words(text)) <= 6:
        return True
    return None
