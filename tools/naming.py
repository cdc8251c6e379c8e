"""The words of a tool's name, and where among them its verb is expected."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tools import lexicon

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SEGMENT_END = re.compile(r"__|[./:]")


@dataclass(frozen=True, slots=True)
class ToolName:
    """The words of a tool's name in lower case, and the index at which its verb is expected."""

    words: tuple[str, ...]
    at: int

    @property
    def head(self) -> str:
        """The word where the verb is expected; "" in a name without words."""
        return self.words[self.at] if self.words else ""

    @property
    def rest(self) -> tuple[str, ...]:
        """The words after it."""
        return self.words[self.at + 1 :]


def namespaces(names: Iterable[str], known: Collection[str] = ()) -> frozenset[str]:
    """`known`, and the words that are followed by different verbs in the names of some tools.

    What comes before both "list" and "post" names a service, and is no verb.
    """
    verbs: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        split = split_name(name, known)
        if split.rest and not lexicon.is_verb(split.head) and lexicon.is_verb(split.rest[0]):
            verbs[split.head].add(split.rest[0])
    return frozenset(known) | {word for word, followers in verbs.items() if len(followers) > 1}


def plain(text: str) -> str:
    """Text in its compatibility form, without the invisible characters that would split a word."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def words_of(text: str) -> list[str]:
    """The words of one name in lower case, whether it is in snake, kebab or camel case."""
    return [word.lower() for word in _WORD.findall(text)]


def split_name(name: str, namespaces: Collection[str]) -> ToolName:
    """Split a tool's name; its verb is expected after the last of "__", ".", "/", ":" and any namespace."""
    segments = [found for part in _SEGMENT_END.split(plain(name)) if (found := words_of(part))] or [[]]
    last = segments[-1]
    begins = [found for each in namespaces if (found := words_of(each))]
    at = 0
    while step := max((len(words) for words in begins if last[at : at + len(words)] == words), default=0):
        if at + step >= len(last):
            break
        at += step
    if len(last) > at + 1 and last[-1] == "tool":
        last.pop()
    if last[at : at + 2] == ["look", "up"]:
        last[at : at + 2] = ["lookup"]
    before = [word for segment in segments[:-1] for word in segment]
    return ToolName((*before, *last), len(before) + at)
