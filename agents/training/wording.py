r"""How people say what they want, from annotated commands: rules that make templates of `phrasing` of them.

A rule is a block of lines under the name of a tool:

    take: alarm_set; set
    fill title: event_name
    plain: alarm_type general_frequency
    cue: alarm; wake up
    never: \bradio\b
    > (?:.* )?remind me to (?P<title>.+?)(?: on {due})?

`take` are the intents it is for, `fill` what a parameter is filled with: `to-person` is a person after "to",
`2-person` the second one. `plain` is what may be named without being a value; a command that names anything
else is left out, as is one that `never` finds something in, or that has none of the forms behind `>`, where
there are some. Their groups are values in so many words. With all words of a `cue` said the tool is clear,
else at the end; where there is no cue at all, from the start.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from agents.training.lexicon import LISTS
from agents.training.slots import VERBATIM

LINE = re.compile(r"(?:take|plain|cue|never|fill \w+):|>")
_OTHERS = 8  # values of other commands that may stand in for one
_ENTITY = re.compile(r"\[(\w+) : ([^\]]+)\]|(\S+)")
_WORD = re.compile(r"[a-z][a-z']*")
_CALLED = re.compile(r"^(?:(?:hey |ok )?(?:olly|siri|alexa|google|assistant) )+| (?:olly|siri|alexa)$")
# Words within one value: "tomorrow morning at eight", "Queen and Abba".
_WITHIN = frozenset({"", "at", "in the", "in", "on", "and", "by", "with", "with my", "of", "from"})
_NAMES = frozenset({"person", "place_name", "artist_name", "business_name", "transport_agency"})
_COMMON = frozenset(
    "the of and in home town city house beach airport downtown station train railway groomer store office "
    "area street road nearest closest local state library mall world".split()
)
_TIMES = frozenset({"date", "time", "timeofday"})
_UNITS = frozenset({"minutes", "hours", "hour"})
_PLACES = frozenset({"place_name", "business_name", "business_type"})
_OWNERS = frozenset({*_NAMES, "relation", "date", "timeofday"})  # who may have something: "mom's number"
_DATES = frozenset(LISTS["weekdays"]) | frozenset(LISTS["months"])


class _Said(NamedTuple):
    """A word, or a value of a parameter in its words. `pool` is the same for those that may replace it."""

    words: str
    parameter: str = ""
    pool: str = ""
    owner: bool = False  # 's follows

    @property
    def form(self) -> str:
        """How a form shows it."""
        if not self.parameter:
            return self.words
        return f"{{{self.parameter}}}'s" if self.owner else f"{{{self.parameter}}}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes a command a request for a tool, and its words values."""

    intents: Set[str]
    fill: Mapping[str, str]
    plain: Set[str]
    cues: Sequence[Set[str]]
    never: re.Pattern[str] | None
    forms: Sequence[re.Pattern[str]]

    @staticmethod
    def of(lines: Sequence[str], fill: Mapping[str, str]) -> Rule:
        """The rule of some lines, with what they do not say of what parameters are filled with."""
        filled = {
            kind: line.removeprefix("fill ").partition(":")[0]
            for line in lines
            if line.startswith("fill ")
            for kind in line.partition(":")[2].split()
        }
        never = "|".join(given(lines, "never"))
        return Rule(
            frozenset(given(lines, "take")),
            {**fill, **filled},
            frozenset(" ".join(given(lines, "plain")).split()),
            [frozenset(cue.split()) for cue in given(lines, "cue")],
            _pattern(never) if never else None,
            [_pattern(line[1:].strip()) for line in lines if line[0] == ">"],
        )

    def templates(self, commands: Sequence[tuple[str, str]], required: Set[str]) -> tuple[str, ...]:
        """Templates of those `commands`, intents and annotated words, that name all that is `required`."""
        made = [self._said(text) for intent, text in commands if intent in self.intents]
        kept = [each for each in made if each and required <= {said.parameter for said in each}]
        pools: dict[str, set[str]] = defaultdict(set)
        for said in kept:
            for each in said:
                pools[each.pool].add(each.words)
        ordered = {pool: sorted(values) for pool, values in pools.items()}
        return tuple(dict.fromkeys(self._template(each, ordered) for each in kept))

    def _said(self, annotated: str) -> list[_Said]:
        """An annotated command in values and words; none where it does not say clearly what is wanted."""
        made: list[_Said] = []
        seen: dict[str, int] = defaultdict(int)
        for kind, value, word in _ENTITY.findall(_CALLED.sub("", annotated.strip())):
            if not kind:
                made.append(_Said(word))
                continue
            seen[kind] += 1
            while made and not made[-1].parameter and _leads(made[-1].words, kind, value):
                value = f"{made.pop().words} {value}"
            value = _cased(value, kind)
            roles = (f"{made[-1].words if made else ''}-{kind}", f"{seen[kind]}-{kind}", kind)
            parameter = next((self.fill[role] for role in roles if role in self.fill), "")
            if parameter:
                owner = kind in _OWNERS and value.endswith("'s")
                value = value.removesuffix("'s") if owner else value
                made.append(_Said(value, parameter, f"{parameter} {kind}", owner))
            elif kind in self.plain:
                made += map(_Said, value.split())
            else:
                return []
        made = self._formed(_joined(made))
        filled = [each.parameter for each in made if each.parameter]
        words = " ".join(each.words for each in made).lower().split()
        if not all(map(_WORD.fullmatch, words)) or len(set(filled)) < len(filled):
            return []
        return [each if each.parameter else _Said(_cased(each.words)) for each in made]

    def _formed(self, said: list[_Said]) -> list[_Said]:
        """`said` with what the form that it has makes a value of; nothing where it has none."""
        tokens = [each.form for each in said]
        text = " ".join(tokens)
        if self.never and any(map(self.never.search, (text, " ".join(each.words for each in said)))):
            return []
        if not self.forms:
            return said
        starts = [len(" ".join([*tokens[:place], ""])) for place in range(len(tokens))]
        for at, form in enumerate(self.forms):
            if (found := form.fullmatch(text)) is not None:
                return _grouped(said, starts, found, at)
        return []

    def _template(self, said: Sequence[_Said], pools: Mapping[str, Sequence[str]]) -> str:
        tokens: list[str] = []
        heard: set[str] = set()
        clear = not self.cues
        for each in said:
            heard |= set(each.words.lower().split())
            tokens.append(_slot(each, pools[each.pool]) if each.parameter else each.words)
            if not clear and any(cue <= heard for cue in self.cues):
                clear = True
                tokens.append("*")
            if each.owner:
                tokens.append("'s")
        return " ".join(tokens if clear else [*tokens, "*"])


def given(lines: Sequence[str], key: str) -> list[str]:
    """What the lines of `key` list."""
    rest = ";".join(line.partition(":")[2] for line in lines if line.startswith(f"{key}:"))
    return [each.strip() for each in rest.split(";") if each.strip()]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("{", r"\{"), re.IGNORECASE)


def _grouped(said: list[_Said], starts: list[int], found: re.Match[str], form: int) -> list[_Said]:
    """`said`, whose words have these `starts` in the text that was matched, with its groups as values."""
    made: list[_Said] = []
    for place, each in enumerate(said):
        name = next((key for key in found.groupdict() if _within(starts[place], found.span(key))), "")
        if not name:
            made.append(each)
        elif each.parameter or (starts[place] != found.start(name) and not made[-1].parameter == name):
            return []
        elif starts[place] == found.start(name):
            made.append(_Said(_cased(each.words), name, f"{name} {form}"))
        else:
            made[-1] = made[-1]._replace(words=f"{made[-1].words} {_cased(each.words)}")
    return made


def _within(place: int, span: tuple[int, int]) -> bool:
    return span[0] <= place < span[1]


def _joined(said: Sequence[_Said]) -> list[_Said]:
    """`said` with neighbouring values of one parameter as one: "tomorrow" "at" "eight"."""
    made: list[_Said] = []
    for each in said:
        last = next((at for at in range(len(made) - 1, -1, -1) if made[at].parameter), None)
        if last is None or made[last].owner:
            made.append(each)
            continue
        between = " ".join(word.words for word in made[last + 1 :])
        before = made[last]
        if not between and each.words == "o'clock":
            made[last] = before._replace(words=f"{before.words} o'clock")
        elif each.parameter == before.parameter and between in _WITHIN:
            words = " ".join([before.words, *between.split(), each.words])
            made[last:] = [_Said(words, each.parameter, f"{each.parameter} joined", each.owner)]
        else:
            made.append(each)
    return made


def _leads(word: str, kind: str, value: str) -> bool:
    """Whether `word` before a value is a part of it: "next Monday", "in two hours", "nearest bank"."""
    if kind in _TIMES:
        return word in ("next", "this") or (word == "in" and value.split()[-1] in _UNITS)
    return kind in _PLACES and word in ("nearest", "closest")


def _slot(said: _Said, pool: Sequence[str]) -> str:
    """`said` as a slot: mostly what was said there, else something that is as long."""
    count = len(said.words.split())
    alike = [each for each in pool if each != said.words and len(each.split()) == count]
    near = random.Random(said.words).sample(alike, min(_OTHERS, len(alike)))
    words = [said.words] * max(2, 2 * len(near)) + near
    free = VERBATIM if said.pool.split()[-1].isdigit() else ""
    return f"{{{said.parameter}:{free}{'/'.join(each.replace(' ', '_') for each in words)}}}"


def _cased(words: str, kind: str = "") -> str:
    """`words` as recognisers write them."""
    made: list[str] = []
    for word in words.split():
        name = kind in _NAMES and word not in _COMMON
        dated = kind == "date" and word.removesuffix("'s").capitalize() in _DATES
        made.append(word.capitalize() if name or dated or word == "i" or word[:2] == "i'" else word)
    return " ".join(made)
