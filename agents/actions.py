"""What a brain can do: think, call, remove, pause, speak, begin to answer, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.speech import Speech
from tools.tool import Json


@dataclass(frozen=True, slots=True)
class Think:
    """Reasoning nobody hears. `interrupted` when something new arrived before it was finished."""

    text: str
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Issue a call; the same `id` again replaces (patches) the earlier one.

    A string argument `$2` stands for the value of call 2, wherever it occurs in the arguments.
    """

    id: int
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Remove:
    """Withdraw a call and everything that depends on it."""

    id: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to do until something new arrives."""


@dataclass(frozen=True, slots=True)
class Answering:
    """The answer begins, and `Answer` follows: no more calls do, so that those before it need not wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say. `$2` in the text stands for the spoken result of call 2.

    A text that `is_literal` is said as it stands, "$2" being money.
    """

    text: str
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class Speak:
    """Begin to answer in the brain's own voice; `Answer` with the same words follows when they are known.

    Only in a turn that is committed and whose calls are over; anywhere else it is silenced.
    """

    speech: Speech


Action = Think | Call | Remove | Pause | Speak | Answering | Answer
