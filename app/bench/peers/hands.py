"""The tools as another program calls them, and what came of it."""

from __future__ import annotations

import asyncio

from agents.actions import Call
from agents.tasks import Performed, Task
from app.bench.delays import delays
from app.bench.endpoint import call_id, filled
from app.bench.runner import Conditions
from app.bench.score import Run, Span, judged
from tools.store import Store
from tools.tool import Arguments, Effect, Json, ToolContext, ToolError
from tools.toolbox import Toolbox

PATIENCE = 30.0  # seconds after the turn in which an answer must come


class Hands:
    """Runs the calls of one task, each slowed down as in every arm."""

    def __init__(self, tools: Toolbox, store: Store, task: Task, conditions: Conditions) -> None:
        self.tools = tools
        self._runs: list[tuple[Call, float, float]] = []
        self._task = task
        self._values: dict[int, Json] = {}
        self._context = ToolContext(store, lambda: task.now)
        self._delay = delays(conditions.delay, tools, task.id, conditions.seed)

    async def run(self, id: str, name: str, arguments: Arguments) -> dict[str, Json]:
        """Run the call that the endpoint named `id`; what it returns, as the endpoint reads it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(self._delay(name, arguments))
        try:
            result = await self.tools.get(name).run(self._context, self.tools.check(name, arguments))
            text, value = result.text, result.text if result.value is None else result.value
        except ToolError as error:
            text = value = str(error)
        number = call_id(id)
        self._runs.append((self._planned(Call(number, name, arguments)), began, loop.time()))
        self._values[number] = value
        return {"text": text, "value": value}

    def _planned(self, call: Call) -> Call:
        """`call` with `$n` again, where it was one of the plan with the value of call n."""
        for planned in self._task.calls:
            if planned.id == call.id and filled(planned, self._values) == call.arguments:
                return planned
        return call

    def judged(self, peer: str, text: str, *, silent: float, ended: float, answered: float | None) -> Run:
        """The run of the task that came to the answer `text`.

        The user fell `silent`, the turn had `ended` and the answer began at times of the running loop.
        """
        effects = [
            (Performed(call.name, filled(call, self._values)), end)
            for call, _, end in self._runs
            if self.tools.get(call.name).effect is not Effect.READ
        ]
        return judged(
            self._task,
            peer,
            calls=[call for call, _, _ in self._runs],
            effects=[effect for effect, _ in effects],
            text=text,
            answer_at=None if answered is None else answered - silent,
            effect_at=max((at - silent for _, at in effects), default=None),
            spans=[
                Span(call.id, call.name, begin - silent, end - silent, True)
                for call, begin, end in self._runs
            ],
            faults=["something ran before the end of the turn"]
            if any(begin < ended for _, begin, _ in self._runs)
            else [],
        )
