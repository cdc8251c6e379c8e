"""What the model behind the Gemini double thinks: scripted by the test, but only from what it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LINE = re.compile(r"^(\w+)\((\{.*?\})\): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ask:
    """Call a function. Asks of one generation that stand together go out in one message."""

    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """Speak."""

    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the client answered to a call."""

    name: str
    args: Mapping[str, Any]
    response: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The output, or the error."""
        return str(self.response.get("output", self.response.get("error", "")))


@dataclass(slots=True)
class History:
    """What stands in the model's context. A resumed session goes on with the one of its handle.

    `audio` counts the bytes heard in the current turn of the user, `heard` all of them: they are read, and
    paid for, with every generation.
    """

    texts: list[tuple[str, str]] = field(default_factory=list)  # role, text
    audio: int = 0
    results: list[Result] = field(default_factory=list)  # since the user's turn began
    said: list[str] = field(default_factory=list)  # whole utterances of the model
    heard: int = 0

    def listen(self, samples: bytes) -> None:
        """The user speaks."""
        self.audio += len(samples)
        self.heard += len(samples)

    def begin_turn(self) -> None:
        """The user begins a turn."""
        self.audio = 0
        self.results = []

    def told(self, text: str) -> None:
        """The user's turn brings results, in lines of a function and what it returned."""
        self.results += [
            Result(name, json.loads(args), {"output": output}) for name, args, output in _LINE.findall(text)
        ]

    def copy(self) -> History:
        """As it is now."""
        return History(list(self.texts), self.audio, list(self.results), list(self.said), self.heard)

    def result(self, name: str) -> Result | None:
        """The latest result of this function in the current turn."""
        return next((one for one in reversed(self.results) if one.name == name), None)


# What one generation does, given the context.
Mind = Callable[[History], Sequence[Ask | Say]]


def plan(*asks: Ask, answer: str = "") -> Mind:
    """Ask for one thing after the other, each once its predecessor was answered, then say all results.

    `answer` is said instead of them where there are none.
    """

    def think(history: History) -> Sequence[Ask | Say]:
        for ask in asks:
            if not any(done.name == ask.name and done.args == ask.args for done in history.results):
                return [ask]
        return [Say(" ".join(result.text for result in history.results) or answer)]

    return think


def together(*asks: Ask, answer: str = "") -> Mind:
    """Ask for everything in one message, then say all results."""

    def think(history: History) -> Sequence[Ask | Say]:
        missing = [
            ask
            for ask in asks
            if not any(done.name == ask.name and done.args == ask.args for done in history.results)
        ]
        return missing or [Say(" ".join(result.text for result in history.results) or answer)]

    return think
