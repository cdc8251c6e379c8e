"""Tools that are not built in, for streams in which tools are declared: families of them, and draws.

A family is one kind of tool: names it may have, descriptions, parameters and their names, and how people
ask for it. Each draw is another tool, so that a model learns to read what is declared and not to
remember it. The families are in `families/`, one block each:

    [table_booking]
    effect: write
    twins: table_cancel table_show
    beside: create_calendar_event
    names: book_table; reserve_table
    about: Book a table at a restaurant.; Reserve a table for eating out.
    param restaurant!: restaurant | venue, place | The restaurant's name.
    param area: choice inside=inside|indoors; outside=outside|in the garden | seating | Where to sit.
    noun: table; booking
    back: don't book it
    say: Your table at {restaurant} is booked.
    > (book|reserve) a table at {restaurant}[ {area}]
    ? book us a table => At which restaurant?

`!` marks what is required. `twins` are families that do something else with the same things and are often
declared with it, `beside` built-in tools that could be taken for it and are often asked for then. A kind is
one of `slots`, a list of `lists/`, `int LOW-HIGH`, `number LOW-HIGH`, `choice value=words|words; ...`, or
`bool true=words|words; false=words`. Templates are those of `phrasing`; a slot may have a kind of its own
(`{area:terrace/bar}`). What stands behind the last bar of a parameter is for whoever reads the file:
declarations do not have it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents import protocol
from agents.training.lexicon import sections
from agents.training.phrasing import BUILT_IN, Phrase, Shape
from agents.words import resembles
from tools.numbers import digits
from tools.tool import Effect, Json

MOST = 24  # tools declared at once
HELD_OUT_SHARE = 8  # every eighth family, and command of `slurp`, is never seen in training
_SLOT = re.compile(r"\{(\w+)(?::([\w/'-]+))?\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a family. `kind` names a slot; `schema` is its JSON type without a description."""

    name: str
    required: bool
    kind: str
    others: tuple[str, ...]
    schema: Mapping[str, Any]
    read: Callable[[str], Json] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One kind of tool. `templates` hold its own names of parameters, `lacking` requests and questions."""

    name: str
    domain: str
    effect: Effect
    twins: tuple[str, ...]
    beside: tuple[str, ...]
    names: tuple[str, ...]
    about: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    nouns: tuple[str, ...]
    back: tuple[str, ...]
    say: tuple[str, ...]
    templates: tuple[str, ...]
    lacking: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tool of a family as it is declared once: the family's parameters go by other `names` here.

    Parameters that are not among the names are not offered.
    """

    name: str
    family: Family
    names: Mapping[str, str]
    shape: Shape

    def phrase(self, rng: random.Random) -> Phrase:
        """One way to ask for it."""
        left_out = {each.name for each in self.family.parameters} - self.names.keys()
        while not (template := _without(rng.choice(self.family.templates), left_out)):
            pass
        return Phrase((self.name,), self._slots(template))

    def lacking(self, rng: random.Random) -> tuple[Phrase, str]:
        """A request that leaves out what is required, and what is asked back."""
        said, question = rng.choice(self.family.lacking)
        return Phrase((self.name,), self._slots(said)), question

    def _slots(self, template: str) -> str:
        kinds = {each.name: each.kind for each in self.family.parameters}
        return _SLOT.sub(
            lambda slot: f"{{{self.names.get(slot[1], slot[1])}:{slot[2] or kinds[slot[1]]}}}",
            template,
        )


def load(files: Iterable[Path]) -> tuple[Family, ...]:
    """The families of some files. Raises ValueError, which names the family, where one makes no sense."""
    return tuple(
        described(head, file.stem, lines) for file in files for head, lines in sections(str(file)).items()
    )


def described(head: str, domain: str, lines: Sequence[str]) -> Family:
    """The family that some lines describe. Raises ValueError, which names it, where they make no sense."""
    given: dict[str, list[str]] = {}
    parameters: list[Parameter] = []
    templates: list[str] = []
    lacking: list[tuple[str, str]] = []
    for line in lines:
        if line[0] == ">":
            templates.append(line[1:].strip())
        elif line[0] == "?":
            said, _, question = line[1:].partition("=>")
            lacking.append((said.strip(), question.strip()))
        elif line.startswith("param "):
            parameters.append(_parameter(head, line))
        else:
            key, _, rest = line.partition(":")
            given[key] = [each.strip() for each in rest.split(";") if each.strip()]
    known = {parameter.name for parameter in parameters}
    for template in templates:
        if unknown := _slots(template) - known:
            raise ValueError(f"family {head}: {template!r} names {', '.join(sorted(unknown))}")
    try:
        return Family(
            head,
            domain,
            Effect(given["effect"][0]),
            _names(given, "twins"),
            _names(given, "beside"),
            tuple(given["names"]),
            tuple(given["about"]),
            tuple(parameters),
            tuple(given.get("noun", ())),
            tuple(given.get("back", ())),
            tuple(given.get("say", ())),
            tuple(templates),
            tuple(lacking),
        )
    except KeyError as error:
        raise ValueError(f"family {head}: {error.args[0]} is missing") from error


def _slots(template: str) -> set[str]:
    """The parameters that `template` names."""
    return {slot[1] for slot in _SLOT.finditer(template)}


def _names(given: Mapping[str, Sequence[str]], key: str) -> tuple[str, ...]:
    return tuple(" ".join(given.get(key, ())).split())


def _parameter(head: str, line: str) -> Parameter:
    name, _, rest = line.removeprefix("param ").partition(":")
    # The bars between the forms of a choice stand without spaces around them.
    kind, *more = [each.strip() for each in rest.split(" | ")]
    others = tuple(each.strip() for each in more[0].split(",")) if more else ()
    required = name.endswith("!")
    word, _, detail = kind.partition(" ")
    schema: dict[str, Any] = {"type": "string"}
    read: Callable[[str], Json] | None = None
    if word in ("int", "number"):
        schema = {"type": "integer" if word == "int" else "number"}
        kind, read = f"int_{detail.replace('-', '_')}", number
    elif word in ("choice", "bool"):
        pairs = [
            (value.strip(), form.strip())
            for value, _, said in (each.partition("=") for each in detail.split(";"))
            for form in said.split("|")
        ]
        forms: dict[str, Json]
        if word == "bool":
            schema = {"type": "boolean"}
            forms = {form: value == "true" for value, form in pairs}
        else:
            schema = {"enum": list(dict.fromkeys(value for value, _ in pairs))}
            # What may be left out is only chosen in its own words: the grammar holds a brain to that.
            forms = {form: value for value, form in pairs if required or resembles(value, form.split())}
        said = [form.replace(" ", "_") for form in forms]
        kind, read = "/".join(said if len(said) > 1 else 2 * said), forms.get
    if " " in kind or not re.fullmatch(r"[\w/'-]+", kind):
        raise ValueError(f"family {head}: {name} is of no kind I know: {kind!r}")
    return Parameter(name.rstrip("!"), required, kind, others, schema, read)


def number(words: str) -> Json:
    """The whole number that `words` say, or None."""
    said = digits(words, ordinals=False)
    return int(said) if said.isdecimal() else None


FAMILIES = load(sorted((Path(__file__).parent / "families").glob("*.txt")))


def known(held_out: bool) -> list[Family]:
    """The families of one side of the split."""
    return [each for at, each in enumerate(FAMILIES) if (at % HELD_OUT_SHARE == 0) == held_out]


def drawn(rng: random.Random, held_out: bool) -> dict[str, Drawn]:
    """Tools to declare together, by name: few or many, alike or not."""
    mine = known(held_out)
    first = rng.choice(mine)
    near = [each for each in mine if each.domain == first.domain]
    rng.shuffle(near)
    count = rng.choice((1, 2, 3, 5, 8, 10, 12, 15, 17, 19, 21, MOST))
    alike = near[: rng.randint(0, min(len(near), count))]
    others = rng.sample(mine, min(count, len(mine)))
    # Mostly first one with its twins: which of them is meant, a word in the request decides.
    leading = [first] if first.twins and rng.random() < 0.7 else []
    named = {each.name: each for each in mine}
    each_with_twins = [
        each
        for family in [*leading, *alike, *others]
        for each in (family, *(named[twin] for twin in family.twins if twin in named and rng.random() < 0.7))
    ]
    made: dict[str, Drawn] = {}
    for family in dict.fromkeys(each_with_twins):
        tool = draw(family, rng)
        if tool.name not in made and tool.name not in BUILT_IN and len(made) < count:
            made[tool.name] = tool
    names = list(made)
    rng.shuffle(names)
    return {name: made[name] for name in names}


def draw(family: Family, rng: random.Random) -> Drawn:
    """A tool of `family`: a name, a description, parameters, each one of those it may have."""
    # Some programmers offer less than others.
    kept = [each for each in family.parameters if each.required or rng.random() < 0.85]
    left_out = {each.name for each in family.parameters} - {each.name for each in kept}
    if not any(_without(each, left_out) for each in family.templates):
        kept = list(family.parameters)
    names: dict[str, str] = {}
    for each in kept:
        names[each.name] = rng.choice(
            [name for name in (each.name, *each.others) if name not in names.values()]
        )
    name = rng.choice(family.names)
    required = tuple(names[each.name] for each in kept if each.required)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {names[each.name]: each.schema for each in kept},
        "required": required,
    }
    shape = Shape(
        tuple(names.values()),
        required,
        family.effect is Effect.READ,
        family.nouns,
        family.back,
        tuple(
            _SLOT.sub(lambda slot: f"{{{names.get(slot.group(1), slot.group(1))}}}", each)
            for each in family.say
        ),
        {names[each.name]: each.read for each in kept if each.read is not None},
        schema,
        protocol.declare(name, rng.choice(family.about), schema),
    )
    return Drawn(name, family, names, shape)


def _without(template: str, parameters: set[str]) -> str:
    """`template` without its options that say one of `parameters`; empty where it needs one of them."""
    for parameter in parameters:
        template = re.sub(rf"\[[^\[\]]*\{{{parameter}[:}}][^\[\]]*\]", "", template)
    return "" if parameters & _slots(template) else template
