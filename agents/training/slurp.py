"""Real commands as raw material: how people ask for things, in their own words.

SLURP (Bastianelli et al., 2020; CC BY 4.0) holds commands with their intents and with what they name. It is
read where it lies and is no part of this project. `slurp/` has the rules of `wording` for it: `built_in.txt`
for built-in tools, `declared.txt` for tools that are declared. These are families as in `families`, but what
people say to them are the commands: the kind of a parameter is what fills it, and `rivals` are the tools that
could be asked for in the same words. Where there is something to `ask`, a command lacks what is required.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from agents.training import families, wording
from agents.training.families import Drawn, Family
from agents.training.lexicon import sections
from agents.training.phrasing import REQUIRED, Phrase
from agents.training.wording import Rule

TIMES = 30  # turns that are made for each command
_T = TypeVar("_T")
_DECLARED_SHARE = 0.85  # of the commands where a tool is declared that some are for


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands as ways to ask: `phrases` by built-in tool, `families` whose templates they are.

    `lacking` are commands that leave out what is required, and what is asked back. `rivals` has, by family,
    what may not be asked for or declared with it. `size` counts the others.
    """

    phrases: Mapping[str, tuple[Phrase, ...]]
    families: tuple[Family, ...]
    lacking: Mapping[str, tuple[tuple[Phrase, str], ...]]
    rivals: Mapping[str, frozenset[str]]
    size: int

    def declared(self, others: Mapping[str, Drawn], rng: random.Random) -> dict[str, Drawn]:
        """Some of the families drawn, among `others`."""
        first = rng.choice(self.families)
        near = [each for each in self.families if each.name in first.twins and rng.random() < 0.7]
        more = rng.sample(self.families, min(rng.choice((0, 1, 2, 4, 6)), len(self.families)))
        mine: list[Drawn] = []
        for family in dict.fromkeys([first, *near, *more]):
            if family.name not in self.rivals_of(mine):
                mine.append(families.draw(family, rng))
        rivals = self.rivals_of(mine)
        kept = [tool for tool in others.values() if tool.family.name not in rivals]
        tools = {tool.name: tool for tool in [*kept, *mine][-families.MOST :]}
        names = rng.sample(list(tools), len(tools))
        return {name: tools[name] for name in names}

    def rivals_of(self, tools: Iterable[Drawn]) -> frozenset[str]:
        """What could be asked for in the words in which `tools` are."""
        return frozenset[str]().union(*(self.rivals.get(tool.family.name, ()) for tool in tools))

    def phrase(self, declared: Mapping[str, Drawn], rng: random.Random) -> Phrase:
        """A command for one of the `declared` tools or a built-in one."""
        mine = [tool for tool in declared.values() if tool.family in self.families]
        if mine and rng.random() < _DECLARED_SHARE:
            often = [len(tool.family.templates) ** 0.5 for tool in mine]
            return rng.choices(mine, often)[0].phrase(rng)
        return _drawn(list(self.phrases.values()), rng)

    def question(self, rivals: Set[str], rng: random.Random) -> tuple[Phrase, str] | None:
        """A command that lacks something, and the question to ask; None where one of `rivals` would do."""
        able = [each for tool, each in self.lacking.items() if tool not in rivals]
        return _drawn(able, rng) if able else None


def read(path: Path, held_out: bool) -> Commands:
    """The commands of a file of SLURP, those of one side of the split.

    Raises OSError, or ValueError for a file that is none.
    """
    mine = [said for id, said in _annotated(path) if (id % families.HELD_OUT_SHARE == 0) == held_out]
    phrases: dict[str, tuple[Phrase, ...]] = defaultdict(tuple)
    lacking: dict[str, tuple[tuple[Phrase, str], ...]] = defaultdict(tuple)
    for head, lines in sections("slurp/built_in.txt").items():
        tool = head.split()[0]
        questions = tuple(wording.given(lines, "ask"))
        templates = Rule.of(lines, {}).templates(mine, set() if questions else set(REQUIRED[tool]))
        made = [Phrase((tool,), each) for each in templates]
        if questions:
            lacking[tool] += tuple(itertools.product(made, questions))
        else:
            phrases[tool] += tuple(made)
    known: list[Family] = []
    rivals: dict[str, frozenset[str]] = {}
    for head, lines in sections("slurp/declared.txt").items():
        lines_of_family = [line for line in lines if not wording.LINE.match(line)]
        family = families.described(head, "commands", lines_of_family)
        fill = {kind: each.name for each in family.parameters for kind in each.kind.split("/")}
        required = {each.name for each in family.parameters if each.required}
        known.append(replace(family, templates=Rule.of(lines, fill).templates(mine, required)))
        rivals[head] = frozenset(" ".join(wording.given(lines, "rivals")).split())
    used = {tool: each for tool, each in phrases.items() if each}
    declared = tuple(each for each in known if each.templates)
    if not used or not declared:
        raise ValueError(f"{path} holds too few commands of SLURP to learn from")
    asking = {tool: each for tool, each in lacking.items() if each}
    size = sum(len(each.templates) for each in declared) + sum(map(len, used.values()))
    return Commands(used, declared, asking, rivals, size)


def _drawn(kinds: Sequence[Sequence[_T]], rng: random.Random) -> _T:
    """One thing, of the kinds that there are much of not quite as often as their number has it."""
    return rng.choice(rng.choices(kinds, [len(each) ** 0.7 for each in kinds])[0])


def _annotated(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """The ID of each command, its intent and its annotated words."""
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row: Any = json.loads(line)
            yield int(row["slurp_id"]), (str(row["intent"]), str(row["sentence_annotation"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no file of SLURP: a line of it has slurp_id, intent and sentence_annotation"
        ) from error
