"""What is known of a session at some place of its log."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from agents.events import CallIssued, CallState
from agents.words import spoken_words
from tests.agents.fuzz.plan import Plan, Wanted
from tests.agents.fuzz.stage import Run
from tests.agents.fuzz.world import Desk
from tools.tool import Effect, Tool

TOOLBOX = Desk(lambda item: None).toolbox()
_BEGUN = (CallState.RUNNING, CallState.READY)

Mark = tuple[int, int]  # a call's ID and version


@dataclass
class Turn:
    """What is known of one turn at some place of the log."""

    number: int
    chain: list[int]  # the turns it continues, and itself
    wanted: dict[int, Wanted] = field(default_factory=dict[int, Wanted])
    issues: int = 0
    known: set[int] = field(default_factory=set[int])  # IDs ever issued
    states: dict[Mark, CallState] = field(default_factory=dict[Mark, CallState])
    early: set[Mark] = field(default_factory=set[Mark])
    correctable: set[int] = field(default_factory=set[int])
    stale: set[Mark] = field(default_factory=set[Mark])
    under_way: set[Mark] = field(default_factory=set[Mark])  # effects
    happened: set[Mark] = field(default_factory=set[Mark])
    since: dict[Mark, int] = field(default_factory=dict[Mark, int])
    readers: set[Mark] = field(default_factory=set[Mark])  # not those that share
    read: set[str] = field(default_factory=set[str])  # what is read, or was, since the last effect
    guesses: list[str] = field(default_factory=list[str])
    reopened: int = -1  # place in the log
    reopened_at: float = -9.0  # seconds
    released: int = -1  # the highest ID that may run; -1 before the commit
    text: str = ""  # all words heard
    certain_text: str = ""  # ... before the turn was reopened
    moved_on: int = -1  # place in the log where the words last became others
    has_coughed: bool = False  # after the turn was reopened
    is_certain: bool = False  # the user has finished
    settled: int = -1  # the place of the words the brain knew when it was done; -1 while it is not
    saved: int = -1  # what a cough gives back
    answered: Mark | None = None  # the call and version that the user said yes to
    is_committed: bool = False
    commits: int = 0
    has_failed: bool = False  # an effect, so that what came before it may be done again
    changed: bool = False  # the brain changed its mind after a commit
    is_over: bool = False
    loose: str = ""  # why what must stand in the end cannot be told

    def state(self, id: int) -> CallState | None:
        """How the wanted version of a call stands."""
        return self.states.get((id, self.wanted[id].version))


class Ledger:
    """The turns so far, what went wrong, and how often the world changed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.limits = run.setting.limits
        self.violations: list[str] = []
        self.turns: dict[int, Turn] = {}
        self.changes = 0  # effects and undos

    def wrong(self, rule: str, text: str) -> None:
        """A rule was broken."""
        self.violations.append(f"{rule}: {text}")

    def turn(self, number: int) -> Turn:
        """A turn by its number."""
        return self.turns.setdefault(number, Turn(number, [number]))

    def plan(self, turn: Turn) -> Plan:
        """What the brain wants of a turn."""
        return Plan(turn.wanted, TOOLBOX, self.run.setting.delays)

    def drop(self, turn: Turn, gone: set[int]) -> None:
        """Calls are wanted no more."""
        turn.wanted = {id: call for id, call in turn.wanted.items() if id not in gone}

    def keep(self, turn: Turn, early: Mark) -> None:
        """An effect that happened early is committed."""
        turn.early.discard(early)
        if early[0] in turn.wanted and turn.wanted[early[0]].version == early[1]:
            self.bind(turn, early[0])

    def bind(self, turn: Turn, id: int) -> None:
        """The call is carried out for good: what it, or an operand, mentions of no call stays as it is."""
        for bound in {id, *self.plan(turn).needs_in_all(id)} & turn.wanted.keys():
            call = turn.wanted[bound]
            turn.wanted[bound] = replace(call, literal=call.literal | (mentioned(call) - turn.wanted.keys()))

    def has_begun(self, turn: Turn, id: int) -> bool:
        """Whether the effect of a call happens, or has happened."""
        return is_effect(turn.wanted[id].tool) and turn.state(id) in _BEGUN


def said(text: str) -> list[str]:
    """The words of a text, to be compared."""
    return [word.casefold() for word in spoken_words(text)]


def mentioned(call: Wanted) -> set[int]:
    """Every number in the arguments that could name a call."""
    return {int(number) for number in re.findall(r"\$(\d+)\b", str(call.arguments))}


def wanted(event: CallIssued) -> Wanted:
    """The call as it was issued."""
    return Wanted(event.turn, event.call, event.version, event.name, event.arguments)


def tool(name: str) -> Tool:
    """A tool by its name."""
    return TOOLBOX.get(name)


def is_effect(name: str) -> bool:
    """Whether a tool changes the world."""
    return tool(name).effect is not Effect.READ


def rank(call: Wanted) -> tuple[bool, int]:
    """The place of an effect among the others of its turn."""
    return tool(call.tool).effect is Effect.CONFIRM, call.id
