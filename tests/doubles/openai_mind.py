"""What the model behind the OpenAI doubles thinks: scripted by the test, but only from what it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.native import REMOVE, REVISE

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function."""

    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Say:
    """Say something."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """A call in the context, with what it returned; None while that has not been told."""

    name: str
    arguments: Arguments
    output: str | None


@dataclass(frozen=True, slots=True)
class Context:
    """What the model is shown: the user's latest words, and the calls since then."""

    words: str
    calls: Sequence[Done] = ()
    is_guess: bool = False  # an out-of-band response, or a chat completion
    functions: Sequence[str] = ()
    items: Sequence[Mapping[str, Any]] = field(default=(), repr=False)


Mind = Callable[[Context], Sequence[Call | Say]]

# What the words so far ask for: calls by a name for their purpose, in order.
Wishes = Callable[[str], Mapping[str, Call]]

_OPEN = re.compile(r"^open call (\d+) (\S+?)\((\{.*?\})\): ", re.MULTILINE)


def wishing(wishes: Wishes, idle: str = "Sorry, what?") -> Mind:
    """A model that wants certain calls for certain words, and guesses and answers accordingly.

    In a guess it reads the open calls out of the update, as a model would, and calls what is missing,
    revises what is wrong and removes what nobody wants. To answer, it calls what has not been called and
    then says what the calls returned. `idle` is said where there is nothing to say.
    """

    def think(context: Context) -> Sequence[Call | Say]:
        return _guess(context) if context.is_guess else _answer(context)

    def _guess(context: Context) -> Sequence[Call | Say]:
        open_calls = [
            (int(id), name, json.loads(arguments)) for id, name, arguments in _OPEN.findall(context.words)
        ]
        out: list[Call | Say] = []
        for wish in wishes(_said(context.words)).values():
            same = next((one for one in open_calls if one[1:] == (wish.name, dict(wish.arguments))), None)
            other = next((one for one in open_calls if one[1] == wish.name), None)
            if same is not None:
                open_calls.remove(same)
            elif other is not None:
                open_calls.remove(other)
                out.append(Call(REVISE, {"id": other[0], "arguments": dict(wish.arguments)}))
            else:
                out.append(Call(wish.name, wish.arguments))
        out += [Call(REMOVE, {"id": id}) for id, _, _ in open_calls]
        return out or [Say("ok")]

    def _answer(context: Context) -> Sequence[Call | Say]:
        missing = [
            wish
            for wish in wishes(context.words).values()
            if not any((done.name, done.arguments) == (wish.name, wish.arguments) for done in context.calls)
        ]
        told = " ".join(done.output or "" for done in context.calls if done.name not in (REVISE, REMOVE))
        return missing or [Say(told.strip() or idle)]

    return think


def _said(update: str) -> str:
    """The user's words in an update."""
    return update.partition("\n")[0].partition("> ")[2]
