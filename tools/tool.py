"""What a tool is: a name, a schema, an effect class, and a coroutine that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from tools.errors import HeadstartError

if TYPE_CHECKING:
    from tools.store import Store

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
Arguments: TypeAlias = "Mapping[str, Json]"


def whole_characters(text: str) -> str:
    """`text` with half characters replaced.

    JSON may hold half of a surrogate pair, which Python keeps but can neither store nor print.
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def well_formed(value: Json) -> Json:
    """`value` with half characters replaced in every text."""
    match value:
        case str():
            return whole_characters(value)
        case list():
            return [well_formed(item) for item in value]
        case dict():
            return {whole_characters(key): well_formed(item) for key, item in value.items()}
        case _:
            return value


class Effect(StrEnum):
    """What a call does to the world, and therefore when it may run."""

    READ = "read"  # changes nothing: runs at once, also on half a sentence
    WRITE = "write"  # held until the turn is committed
    CONFIRM = "confirm"  # held until the turn is committed and the user said yes


class Speculate(StrEnum):
    """How far ahead of the user a tool may run."""

    AUTO = "auto"  # a read at once, an effect once the turn is committed
    NEVER = "never"  # a read waits too: half-finished words must not leak to a third party
    EARLY = "early"  # a write runs at once, and is undone where the guess was wrong


class ToolError(HeadstartError):
    """A failure the user can understand. Its message is one plain sentence, fit to be spoken."""

    def __init__(self, message: str) -> None:
        super().__init__(whole_characters(message))


class OutcomeUnknown(ToolError):
    """Nobody can say whether the effect happened. It is reported as unknown and never repeated."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gives back.

    `text` is one short sentence fit to be spoken; `value` is what `$n` stands for in the arguments
    of a dependent call (a phone number, a path; by default the text). `undo` is whatever the tool's
    own undo needs to take the effect back, or None where there is nothing to take back.
    """

    text: str
    value: Json = None
    undo: Json = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", whole_characters(self.text))
        object.__setattr__(self, "value", well_formed(self.value))


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool may use. `now` is the session's local date and time, without a zone."""

    store: Store
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """Bounds of one tool; None where only those of the turn hold."""

    speculative: int | None = None  # runs in a turn before its commit point
    parallel: int | None = None  # runs at the same time
    seconds: float | None = None  # of one run


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `parameters` is a JSON schema object as model APIs expect it.

    Raises ValueError for a tool that shall run early but is no write with an undo.
    """

    name: str
    description: str
    effect: Effect
    parameters: dict[str, Any]
    run: Callable[[ToolContext, Arguments], Awaitable[ToolResult]]
    undo: Callable[[ToolContext, Json], Awaitable[ToolResult]] | None = None
    question: Callable[[ToolContext, Arguments], str] | None = None
    """For CONFIRM tools: the short question asked before the effect ("Text Ana: running late?").

    Raises ToolError where it can already tell that the call cannot succeed (two people fit a name).
    """
    local: bool = False
    """True for a tool that touches nothing but the store and never suspends: its effect and its
    journal entry are then committed together, so that a crash leaves both or neither."""
    speculate: Speculate = Speculate.AUTO
    limits: ToolLimits = ToolLimits()

    def __post_init__(self) -> None:
        if self.speculate is Speculate.EARLY and (self.effect is not Effect.WRITE or self.undo is None):
            raise ValueError(f"{self.name} cannot run early: only a write with an undo can")

    @property
    def required(self) -> frozenset[str]:
        """Names of the parameters that must be given."""
        return frozenset(self.parameters.get("required", ()))
