"""What the best brain writes at any point of a turn, given the words so far.

Issue a call with the words that complete what it requires, patch it with those that change it, remove it
when it is taken back, and after the final update answer at once, with `$n` where a result belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.actions import Action, Answer, Call, Remove
from agents.training.lexicon import LISTS
from agents.training.phrasing import Shape
from agents.training.synthesize import Utterance
from agents.training.wanted import Wanted
from tools.tool import Json

# A value does not end in one of these while the user is speaking: more is coming.
STUBS = frozenset(LISTS["stubs"])
_SHORT = frozenset({"set_light"})  # "on" is a value there


class Policy:
    """The calls of one turn. `apply` follows what was really written: a reaction may be cut short."""

    def __init__(self, utterance: Utterance) -> None:
        self._utterance = utterance
        self.issued: dict[int, Call] = {}  # by request
        self._removed: set[int] = set()
        self._pending: dict[int, Call] = {}  # of the reaction being made

    def changes(self, words: Sequence[str], heard: int, final: bool) -> list[Action]:
        """What is to be done once the first `heard` words are known, spelled as in `words`."""
        self._pending.clear()
        actions: list[Action] = []
        new = 0
        for request, wanted in enumerate(self._utterance.states[heard]):
            if request in self._removed:
                continue
            before = self.issued.get(request)
            if not wanted.live:
                if before is not None:
                    actions.append(Remove(before.id))
                continue
            known = self._known(wanted, words, final)
            if not ready(self._utterance.shapes[wanted.tool], wanted, known, final):
                continue
            new += before is None
            call = Call(before.id if before else len(self.issued) + new, wanted.tool, known)
            if call != before:
                actions.append(call)
                # A later request of the same reaction may need this one's ID.
                self._pending[request] = call
        return actions

    def answer(self) -> Answer:
        """What is said once the user has finished."""
        ids = {**self.issued, **self._pending}
        asked = " ".join(f"${ids[request].id}" for request in self._utterance.asked)
        return Answer(asked or self._utterance.reply)

    def apply(self, action: Action) -> None:
        """The brain has written `action`."""
        match action:
            case Call():
                known = {**self.issued, **self._pending}
                request = next(request for request, call in known.items() if call.id == action.id)
                self.issued[request] = action
            case Remove(id):
                self._removed |= {request for request, call in self.issued.items() if call.id == id}
            case _:
                pass

    @property
    def standing(self) -> tuple[Call, ...]:
        """The calls that were not withdrawn, by ID."""
        kept = [call for request, call in self.issued.items() if request not in self._removed]
        return tuple(sorted(kept, key=lambda call: call.id))

    def _known(self, wanted: Wanted, words: Sequence[str], final: bool) -> dict[str, Json]:
        known: dict[str, Json] = {}
        shape = self._utterance.shapes[wanted.tool]
        for parameter in shape.order:
            value = wanted.arguments.get(parameter)
            if isinstance(value, int):
                source = self._pending.get(value) or self.issued.get(value)
                if source is not None:
                    known[parameter] = f"${source.id}"
            elif value:
                indices = list(value)
                while indices and not final and wanted.tool not in _SHORT and _is_stub(words[indices[-1]]):
                    indices.pop()
                if indices and (said := self._read(shape, parameter, indices, words)) is not None:
                    known[parameter] = said
        return known

    def _read(self, shape: Shape, parameter: str, indices: Sequence[int], words: Sequence[str]) -> Json:
        said = self._utterance.value(indices, words)
        reading = shape.reading.get(parameter)
        return reading(said.lower()) if reading else said


def ready(shape: Shape, wanted: Wanted, known: Mapping[str, object], final: bool) -> bool:
    """Whether enough has been said to issue the call, given the arguments that count as known."""
    if not (wanted.live and wanted.clear):
        return False
    if not all(parameter in known for parameter in shape.required):
        return False
    return bool(shape.required or known or wanted.over or final or not shape.order)


def _is_stub(word: str) -> bool:
    return word.lower() in STUBS
