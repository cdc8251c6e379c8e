"""The gold brain: knows every plan by heart, so that the machinery is measured apart from a model.

It issues a call as soon as all its arguments have been handed over, never a wrong one, and writes at a
stated speed. Its times say what the machinery allows; its accuracy says nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from agents import protocol, wire
from agents.actions import Action, Answer, Answering, Call, Pause
from agents.brain import Interaction
from agents.events import CallChanged, CallIssued, Updated
from agents.references import References
from agents.tasks import Task
from agents.words import spoken_words
from tools.tool import Json

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Known:
    """A call of a task, and how many words of the request must be known for it."""

    call: Call
    words: int


def known(task: Task, words: Sequence[str]) -> list[Known]:
    """The calls of `task` in the order in which they can be made as its `words` are said.

    An argument is known with the last of its words. One that stands for a result is known with the call
    that gives it; what was not said, such as a choice, with the first word: for a limit that errs on the
    side of too early.
    """
    places: dict[int, int] = {}
    for call in task.calls:
        operands = References.of(call.arguments)
        needed = [places[id] for id in operands.whole | operands.inside if id in places]
        needed += [_place(value, words) for value in call.arguments.values()]
        places[call.id] = max(needed, default=1)
    order = sorted(task.calls, key=lambda call: (places[call.id], call.id))
    return [Known(call, places[call.id]) for call in order]


def _place(value: Json, words: Sequence[str]) -> int:
    """How many of `words` must be said for all the words of `value` to be among them."""
    said: dict[str, int] = {}
    for count, word in enumerate(words, 1):
        for form in (word.casefold(), re.sub(r"['’]s$", "", word.casefold())):
            said.setdefault(form, count)
    return max((said.get(word.casefold(), 1) for word in spoken_words(str(value))), default=1)


def written(action: Action, speed: float) -> float:
    """Seconds to write `action` at `speed` tokens a second; a token is a word or a mark, nearly enough.

    That an answer begins is counted with `Answering`, which comes before it.
    """
    text = action.text if isinstance(action, Answer) else wire.encode(protocol.write(action))
    return len(_TOKEN.findall(text)) / speed


class GoldBrain:
    """Plays one task. `speed` is in tokens a second.

    With `reads` the answer is made of the results, so that it is written when they are there; else it
    names the calls whose results shall be said.
    """

    name = "gold"

    def __init__(self, task: Task, words: Sequence[str], speed: float, *, reads: bool = False) -> None:
        # Who waits for results must be woken by them; who does not finishes what it is writing.
        self.patience = 0.0 if reads else 1.0
        self._plan = known(task, words)
        self._speed = speed
        self._reads = reads
        self._answer = Answer(answer(task))

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Issue what is known and not issued yet; answer the final words."""
        events = interaction.of_turn
        update = next(event for event in reversed(events) if isinstance(event, Updated))
        count = len(spoken_words(update.text))
        issued = {event.call for event in events if isinstance(event, CallIssued)}
        for each in self._plan:
            if each.call.id not in issued and (update.final or each.words <= count):
                await self._write(each.call)
                yield each.call
        over = {event.call for event in events if isinstance(event, CallChanged) and event.state.is_over}
        if not update.final or (self._reads and not all(each.call.id in over for each in self._plan)):
            yield Pause()
        else:
            for action in (Answering(), self._answer):
                await self._write(action)
                yield action

    async def _write(self, action: Action) -> None:
        await asyncio.sleep(written(action, self._speed))

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


def answer(task: Task) -> str:
    """What is to be said, with `$n` for the result of call n."""
    said = task.answer or " ".join(f"${call.id}" for call in task.calls)
    return said or next(iter(task.answer_any), "Well.")
