"""Proposes an effect class for a tool that carries none, from its name, description and parameters.

`read` needs positive evidence, a look-up verb where the verb stands, and no sign of change anywhere.
Everything else is held: `write` where the words speak of altering something of the user's own, `confirm`
for what reaches others, costs, destroys, or is not understood. The words come from a server and may lie;
what they say can hold a tool, but a description alone can never free one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any, cast

from tools import lexicon
from tools.lexicon import Change, Form
from tools.naming import ToolName, plain, split_name, words_of
from tools.sentences import DETERMINERS, JOINS, TEXT_WORD, opening, split_sentences, stands_as_verb
from tools.tool import Effect

_OBJECTS = frozenset("a all an him her it my one that the them this your".split())
_CLAUSE_END = JOINS | frozenset(
    ", about as at based between by for from given if in of on so to using via with".split()
)
_PARTICLES = frozenset("a an down new off on the to up".split())
_PREPOSITIONS = frozenset("at by for from in on to with".split())


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was found, in words that quote it, and the class that it alone asks for."""

    effect: Effect
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The class proposed for a tool, and everything it was decided on, the gravest piece first."""

    effect: Effect
    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> str:
        """What decided, in one line without a full stop."""
        return self.evidence[0].text


def propose(
    name: str,
    description: str = "",
    parameters: Mapping[str, Any] | None = None,
    namespaces: Collection[str] = (),
) -> Proposal:
    """Propose the effect class of one tool; the same words always give the same proposal.

    `parameters` is its JSON schema object. `namespaces` are what may stand before the verb of its name
    because it names the service ("slack" in slack_list_channels); see `namespaces`.
    """
    split = split_name(name, namespaces)
    sentences = split_sentences(description)
    personal = _personal(split.rest)
    found = [
        *_in_name(split, personal),
        *_in_parameters(parameters or {}, personal),
        *_in_description(sentences, personal),
    ]
    if not _alters(split.head):
        found += _doubts(name, split, sentences)
    if not found:
        opens = f'"{split.head}" opens the name' if split.head in lexicon.LOOKUPS else "the name has no verb"
        found = [Evidence(Effect.READ, f"{opens}, and nothing speaks of a change{_said(sentences)}")]
    ranked = sorted(dict.fromkeys(found), key=lambda piece: _GRAVEST_FIRST.index(piece.effect))
    return Proposal(ranked[0].effect, tuple(ranked))


_GRAVEST_FIRST = [Effect.CONFIRM, Effect.WRITE, Effect.READ]


def _said(sentences: list[list[str]]) -> str:
    """How the description begins, as a part of a reason."""
    return f': "{" ".join(sentences[0][:4])} ..."' if sentences else ""


def _alters(word: str) -> bool:
    met = lexicon.change(word)
    return met is not None and met.form is not Form.PAST and lexicon.CHANGES[met.verb] is Change.ALTERS


def _sign(change: Change, what: str, personal: bool) -> Evidence:
    if change is not Change.ALTERS:
        return Evidence(Effect.CONFIRM, f"{what} {change}")
    if personal:
        return Evidence(Effect.WRITE, f"{what} {change} of the user's own")
    return Evidence(Effect.CONFIRM, f"{what} {change} that may not be the user's alone")


def _in_name(name: ToolName, personal: bool) -> Iterator[Evidence]:
    """Verbs of change in a name. After a look-up verb, what is often a noun is taken for its object."""
    looks_up = name.head in lexicon.LOOKUPS
    for index, word in enumerate(name.words):
        met = lexicon.change(word)
        if met is None or met.form is Form.PAST or (met.form is Form.GERUND and index != name.at):
            continue
        if not (looks_up and met.verb in lexicon.AMBIGUOUS):
            yield _sign(lexicon.CHANGES[met.verb], f'"{word}" in the name', personal)


def _personal(words: Iterable[str]) -> bool:
    """Whether the object of a name's verb ("set" in set_light_brightness) belongs to the user alone."""
    nouns: list[str] = []
    for word in words:
        if word in _PREPOSITIONS and nouns:
            break
        if nouns or word not in _PARTICLES:
            nouns.append(lexicon.singular(word))
    while nouns and nouns[-1] in lexicon.INFORMATION:
        nouns.pop()
    return bool(nouns) and nouns[-1] in lexicon.PERSONAL


def _in_parameters(schema: Mapping[str, Any], personal: bool) -> Iterator[Evidence]:
    """What is handed over that a look-up has no use for, at any depth of the schema."""
    waiting: list[Any] = [schema]
    while waiting:
        part: Any = waiting.pop()
        if isinstance(part, list):
            waiting += cast("list[Any]", part)
        if not isinstance(part, dict):
            continue
        node = cast("dict[str, Any]", part)
        properties = node.get("properties")
        if isinstance(properties, dict):
            for name, inner in cast("dict[str, Any]", properties).items():
                about = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
                yield from _in_parameter(name, about, personal)
                waiting.append(about)
        waiting += [node.get(key) for key in ("items", "anyOf", "oneOf", "allOf", "$defs")]


def _in_parameter(name: str, schema: Mapping[str, Any], personal: bool) -> Iterator[Evidence]:
    words = [lexicon.singular(word) for word in words_of(plain(name))]
    what = f'the parameter "{"_".join(words)}"'
    for word in words:
        met = lexicon.change(word)
        if met and met.form in (Form.BASE, Form.THIRD) and met.verb not in lexicon.AMBIGUOUS:
            yield _sign(lexicon.CHANGES[met.verb], what, personal)
        if word in lexicon.CARGO and not lexicon.NARROWS.intersection(words):
            yield _sign(lexicon.CARGO[word], what, personal)
    if len(words) == 1 and words[0] in lexicon.PROGRAMS:
        yield Evidence(Effect.CONFIRM, f"{what} carries a program, which may do anything")
    if len(words) == 1 and words[0] in lexicon.SELECTORS:
        choices = schema.get("enum")
        values = [str(value) for value in cast("list[Any]", choices)] if isinstance(choices, list) else []
        if not values or not all(_only_looks_up(value) for value in values):
            yield Evidence(Effect.CONFIRM, f"{what} chooses what is done, and not every choice is a look-up")
    text = schema.get("description")
    for word, follower in pairwise(TEXT_WORD.findall(plain(text).lower()) if isinstance(text, str) else ()):
        met = lexicon.change(follower) if word == "to" else None
        if (
            met
            and met.form is Form.BASE
            and not (met.verb in lexicon.AMBIGUOUS and lexicon.CHANGES[met.verb] is Change.ALTERS)
        ):
            yield _sign(lexicon.CHANGES[met.verb], f'"to {follower}" at {what}', personal)


def _only_looks_up(value: str) -> bool:
    name = split_name(value, ())
    return name.head in lexicon.LOOKUPS and not any(_in_name(name, personal=False))


def _in_description(sentences: list[list[str]], personal: bool) -> Iterator[Evidence]:
    """Verbs of change in a description, where they stand as verbs and are not denied."""
    for words in sentences:
        head = opening(words)
        for index, word in enumerate(words):
            met = lexicon.change(word)
            if met is not None and stands_as_verb(met, words, index, head):
                yield _sign(lexicon.CHANGES[met.verb], f'"{word}" in the description', personal)


def _doubts(raw: str, name: ToolName, sentences: list[list[str]]) -> Iterator[Evidence]:
    """Why this cannot be taken for a look-up, though nothing speaks of a change."""
    shown = "_".join(name.words)
    if not raw.isascii():
        yield _doubt(f'the name "{shown}" has letters that only look like those of its words')
    if name.head not in lexicon.LOOKUPS:
        if not _only_nouns(name) or not sentences or not _looks_up(sentences[0]):
            yield _doubt(f'no verb that only looks up opens the name "{shown}"')
    else:
        if name.rest and (
            particles := lexicon.NOT_A_LOOKUP.get(name.head, frozenset()).intersection(name.rest)
        ):
            yield _doubt(f'"{name.head} ... {min(particles)}" in the name may be more than a look-up')
        if thing := _obtained(name.head, name.rest):
            yield _doubt(f'"{name.head} {thing}" in the name may mean to obtain one')
    for before, word in pairwise(name.words):
        if before in JOINS and not (word in lexicon.LOOKUPS or lexicon.singular(word) in _KNOWN_NOUNS):
            yield _doubt(f'"{before} {word}" in the name is not known to only look up')
    if sentences and (doubt := _doubtful_opening(sentences[0])):
        yield doubt
    for words in sentences:
        for before, word, after in zip(words, words[1:], words[2:], strict=False):
            if before in JOINS and after in _OBJECTS and not _is_no_verb(word):
                yield _doubt(f'"{before} {word} {after}" in the description is not known to only look up')


def _is_no_verb(word: str) -> bool:
    """Whether a word between "and" and an object cannot be an unknown verb: "and return it", "or in a"."""
    return lexicon.lookup(word) is not None or word in DETERMINERS | _CLAUSE_END | lexicon.INFORMATION


_KNOWN_NOUNS = lexicon.THINGS | lexicon.INFORMATION


def _doubt(text: str) -> Evidence:
    return Evidence(Effect.CONFIRM, text)


def _only_nouns(name: ToolName) -> bool:
    """Whether a name without a verb in front says what it gives: directory_tree, channels_list."""
    *things, last = (name.head, *name.rest)
    return last in lexicon.INFORMATION | lexicon.LOOKUPS and all(
        lexicon.singular(word) in _KNOWN_NOUNS for word in things
    )


def _looks_up(words: list[str]) -> bool:
    at = opening(words)
    return at < len(words) and lexicon.lookup(words[at]) is not None


def _obtained(verb: str, objects: Iterable[str]) -> str | None:
    """What "get" may obtain here, if that is all there is: "get a ride", not "get the price of a ride"."""
    things = [lexicon.singular(word) for word in takewhile(lambda word: word not in _CLAUSE_END, objects)]
    if verb != "get" or lexicon.INFORMATION.intersection(things):
        return None
    return next((thing for thing in things if thing in lexicon.OBTAINED), None)


def _doubtful_opening(words: list[str]) -> Evidence | None:
    """Why the first sentence of a description does not read like that of a look-up, or None."""
    at = opening(words)
    if at == len(words):
        return None
    word, rest = words[at], words[at + 1 :]
    met = lexicon.lookup(word)
    if met is None:
        named = words[0] in DETERMINERS or lexicon.singular(word) in _KNOWN_NOUNS
        return None if named else _doubt(f'"{word}" opens the description, and is not known to only look up')
    beside = {*rest[:1], *rest[-1:]} & lexicon.NOT_A_LOOKUP.get(met.verb, frozenset())
    if beside:
        return _doubt(f'"{word} ... {min(beside)}" in the description may be more than a look-up')
    if thing := _obtained(met.verb, rest):
        return _doubt(f'"{word} {thing}" in the description may mean to obtain one')
    return None
