"""The GBNF grammar of one reaction: what a text brain may write now, in wire form.

A small model is held to tools that exist, parameters they declare, words the user said, and IDs that
make sense. What is left to it is what it was trained for: which, when, and what it means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from agents import protocol, wire
from agents.events import CallIssued, CallRemoved, Event, Updated
from agents.words import resembles, spoken_words
from tools.numbers import digits
from tools.tool import Tool
from tools.toolbox import Toolbox

NEW_CALLS = 6  # in one reaction
ANSWER_LIMIT = 120  # characters of free text
_CALL = wire.TOKENS[protocol.TOOL_CALL]
_SIZES = ("hundred", "thousand")  # what makes another number of the one before


@dataclass(frozen=True, slots=True)
class Situation:
    """What a reaction may refer to: the words said, and the calls issued with their tools.

    `words` holds each of them once, as often as it was spelled differently; `sentence` them all, in order.
    `calls` holds all that were issued in the turn, `live` the IDs that were not withdrawn.
    """

    words: tuple[str, ...] = ()
    calls: Mapping[int, str] = field(default_factory=dict[int, str])
    live: frozenset[int] = frozenset()
    final: bool = False
    sentence: tuple[str, ...] = ()

    @staticmethod
    def of(events: Iterable[Event]) -> Situation:
        """The situation at the end of the events of one turn."""
        shown: list[str] = []
        sentence: list[str] = []
        calls: dict[int, str] = {}
        removed: set[int] = set()
        final = False
        for event in events:
            match event:
                case Updated(text=text):
                    sentence = spoken_words(text)
                    shown += sentence
                    final = event.final
                case CallIssued():
                    calls[event.call] = event.name
                    removed.discard(event.call)
                case CallRemoved():
                    removed.add(event.call)
                case _:
                    pass
        # The model saw a word as it was spelled when it came, and may copy either spelling.
        now = {word.casefold() for word in sentence}
        said = dict.fromkeys(word for word in shown if word.casefold() in now)
        return Situation(tuple(said), calls, frozenset(calls) - removed, final, tuple(sentence))


def grammar(toolbox: Toolbox, situation: Situation) -> str:
    """What may be written in `situation`: `call* pause` before the final update, `call* answer` after it."""
    rules: list[str] = []
    tools = list(toolbox)
    next_id = max(situation.calls, default=0) + 1
    words = _words(situation.words)
    numbers = _numbers(situation.sentence)
    ids = [*sorted(situation.live), *range(next_id, next_id + NEW_CALLS)]
    if words:
        rules.append(f"word ::= {' | '.join(_literal(' ' + word) for word in words)}")
    rules.append(f'ref ::= " $" {_any(map(str, ids))}')
    rules.append(f'text ::= "\\"" ({"word+ | " if words else ""}ref) "\\""')
    for at, tool in enumerate(tools):
        rules.append(
            f'tool-{at} ::= {_literal(tool.name + "(")} {_arguments(tool, situation.words, numbers)} ")"'
        )
    new = _any_rule([f"tool-{at}" for at in range(len(tools))])
    names = {tool.name: at for at, tool in enumerate(tools)}
    old = [
        f"{_literal(f' {_CALL} {id} ')} tool-{names[situation.calls[id]]}"
        for id in sorted(situation.live)
        if situation.calls[id] in names
    ]
    old += [_literal(f" {_CALL} REMOVE {id}") for id in sorted(situation.live)]
    if tools:
        rules.append(f"new ::= {new}")
    if old:
        rules.append(f"old ::= {_any_rule(old)}")
    steps = NEW_CALLS if tools else 0
    for step in range(steps + 1):
        known = [*sorted(situation.live), *range(next_id, next_id + step)]
        ways = [f"old step-{step}"] if old else []
        if step < steps:
            ways.append(f"{_literal(f' {_CALL} {next_id + step} ')} new step-{step + 1}")
        rules.append(f"step-{step} ::= {' | '.join([*ways, _end(situation.final, known)])}")
    if situation.final:
        rules.append(f"spoken ::= [^$\\n<>…|:] {{1,{ANSWER_LIMIT}}}")
    return "\n".join(["root ::= step-0", *rules]) + "\n"


def _end(final: bool, known: Sequence[int]) -> str:
    if not final:
        return _literal(f" {wire.TOKENS[protocol.PAUSE]}")
    if not known:
        return f'{_literal(f" {wire.TOKENS[protocol.ANSWER]} ")} spoken "\\n"'
    told = f'" $" {_any(map(str, known))}'
    return f'{_literal(f" {wire.TOKENS[protocol.ANSWER]}")} (({told})+ | " " spoken) "\\n"'


def _words(said: Sequence[str]) -> list[str]:
    """Words as they may stand in a value: as said, and without the 's of a possessive."""
    forms: dict[str, None] = {}
    for word in said:
        forms[word] = None
        for mark in ("'s", "’s"):
            if word.lower().endswith(mark) and len(word) > len(mark):
                forms[word[: -len(mark)]] = None
    return [json.dumps(form, ensure_ascii=False)[1:-1] for form in forms]


def _arguments(tool: Tool, said: Sequence[str], numbers: Sequence[str]) -> str:
    """Declared parameters in their order, each at most once, the required ones always."""
    properties = cast("Mapping[str, Mapping[str, Any]]", tool.parameters.get("properties", {}))
    options = {name: _options(schema, said, name in tool.required) for name, schema in properties.items()}
    names = [name for name in properties if options[name] != []]
    one = {
        name: f"{_literal(name + '=')} {_value(properties[name], numbers, options[name])}" for name in names
    }
    after = [""] * (len(names) + 1)  # what may follow once something was given
    first = [""] * (len(names) + 1)
    for at in range(len(names) - 1, -1, -1):
        name = names[at]
        more = f'", " {one[name]}'
        if name in tool.required:
            after[at] = f"{more} {after[at + 1]}"
            first[at] = f"{one[name]} {after[at + 1]}"
        else:
            after[at] = f"({more})? {after[at + 1]}"
            skipped = first[at + 1]
            first[at] = f"({one[name]} {after[at + 1]} | {skipped})" if skipped else f"({one[name]})?"
    return first[0].strip()


def _options(schema: Mapping[str, Any], said: Sequence[str], required: bool) -> list[Any] | None:
    """The choices that may be made now; None where the parameter is no choice.

    What may be left out is left out where nobody said it: a small model likes to choose.
    """
    choices = protocol.choices(schema)
    if not choices:
        return None
    return choices if required else [each for each in choices if resembles(str(each), said)]


def _value(schema: Mapping[str, Any], numbers: Sequence[str], options: list[Any] | None) -> str:
    """A value of a parameter. What is neither a number nor a list nor a choice is words."""
    if options:
        return _any_rule([_literal(_on_wire(json.dumps(option, ensure_ascii=False))) for option in options])
    kinds = {schema.get("type")} | {
        cast("Mapping[str, Any]", each).get("type") for each in cast("list[Any]", schema.get("anyOf", []))
    }
    if "string" in kinds:
        return "text"
    if kinds & {"integer", "number"}:
        if "number" in kinds:
            return _any(numbers) if numbers else '"-"? [0-9]+ ("." [0-9]+)?'
        whole = [each for each in numbers if each.isdecimal()]
        return _any(whole) if whole else '"-"? [0-9]+'
    if "boolean" in kinds:
        return '("true" | "false")'
    if "array" in kinds:
        return '"[" text (", " text)* "]"'
    return "text"


def _numbers(said: Sequence[str]) -> list[str]:
    """Numbers that were said, in digits or in words, alone or together ("twenty five" is 20, 5 and 25).

    Together also where something stands between them: people stop to think in the middle of a number.
    """
    each = [digits(word, ordinals=False) for word in said]
    parts = [
        word for word, number in zip(said, each, strict=True) if _is_number(number) or word.lower() in _SIZES
    ]
    together = [digits(" ".join(words), ordinals=False) for words in (said, parts)]
    return [text for text in dict.fromkeys([*" ".join(together).split(), *each]) if _is_number(text)]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _on_wire(value: str) -> str:
    """A JSON value as it stands behind `parameter=`."""
    return wire.encode(f"={value}")[1:]


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _any(texts: Iterable[str]) -> str:
    return _any_rule([_literal(text) for text in texts])


def _any_rule(rules: Sequence[str]) -> str:
    return f"({' | '.join(rules)})"
