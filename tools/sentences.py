"""Descriptions of tools as sentences: where their verbs stand, and which of them are denied."""

from __future__ import annotations

import re
from itertools import pairwise

from tools import lexicon
from tools.lexicon import Change, Form, Inflection
from tools.naming import plain

JOINS = frozenset("and or then".split())
DETERMINERS = frozenset("a all an any current my the your".split())
_SENTENCE_END = re.compile(r"[.!?;:\n•()\[\]|]+|\s[-–—]+\s")
TEXT_WORD = re.compile(r"[^\W\d_]+(?:['’]t)?|,")
# After these stands a verb, however often the word is a noun elsewhere: "lets you book", "seats to order".
_BEFORE_A_VERB = frozenset("also automatically can immediately may then to users we will you".split())
_NEGATIONS = frozenset("cannot never not without".split())
# What a description says before its verb: "This tool allows you to search ...".
_PREAMBLE = frozenset(
    """a able all allow allows an any assistant be can command current endpoint enables for
    function helps it lets method my operation that the this to tool use used user users
    utility we which will you your""".split()
)


def split_sentences(description: str) -> list[list[str]]:
    """The lower-case words of each sentence, with "look up" and "look for" as the one verb they are."""
    parts = (TEXT_WORD.findall(part.lower()) for part in _SENTENCE_END.split(plain(description)))
    found = [words for words in parts if words]
    for words in found:
        for at, (word, follower) in enumerate(pairwise(words)):
            if word in ("look", "looks") and (follower == "for" or "up" in words[at + 1 : at + 5]):
                words[at] = word.replace("look", "lookup")
    return found


def opening(words: list[str]) -> int:
    """Index of the first word that is neither preamble nor an adverb; the length where there is none."""
    for index, word in enumerate(words):
        is_adverb = word.endswith("ly") and lexicon.change(word) is None  # "reply" is a verb
        if word not in _PREAMBLE and not is_adverb:
            return index
    return len(words)


def stands_as_verb(met: Inflection, words: list[str], index: int, head: int) -> bool:
    """Whether the verb met at `index` of a sentence is one there; the sentence's own verb is at `head`.

    One that is denied ("never deletes") is none.
    """
    before = words[index - 1] if index else ""
    if before in _NEGATIONS or before.endswith(("n't", "n’t")):
        return False
    is_sure = met.verb not in lexicon.AMBIGUOUS
    if met.form is Form.PAST:  # tells of an earlier change ("deleted items"), but for "will be deleted"
        alters = lexicon.CHANGES[met.verb] is Change.ALTERS
        return words[max(index - 2, 0) : index] == ["will", "be"] and (is_sure or not alters)
    if index == head:
        return is_sure or before not in DETERMINERS
    if met.form is Form.GERUND:
        return before == "by" or (before in JOINS and "by" in words[:index])
    if is_sure or (met.form is Form.BASE and before in _BEFORE_A_VERB):
        return True
    # "Finds and books": what is joined to the sentence's own verb is inflected as that is.
    joined = before in JOINS or (before == "," and index > 1 and lexicon.is_verb(words[index - 2]))
    own = (lexicon.lookup(words[head]) or lexicon.change(words[head])) if head < index else None
    return joined and own is not None and own.form is met.form
