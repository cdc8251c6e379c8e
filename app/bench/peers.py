"""A stock Pipecat bot beside this project: the same words, end of turn, tools, delays and model.

The bot is Pipecat's own: its context aggregators, its OpenAI service, its function calling, driven as by a
recogniser that decides on turns itself. The model is the gold brain over HTTP on this machine. There is no
sound: what a microphone, a recogniser and a voice add is added to everybody.

What cannot be made equal: Pipecat's model answers in a second request, made of the results, which ours
names while it writes the calls; HTTP adds a few milliseconds; and where a call must be confirmed Pipecat's
bot asks nobody, while ours gets its yes at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from enum import StrEnum

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    EndFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    ProposedUserStartedSpeakingFrame,
    ProposedUserStoppedSpeakingFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.turns.user_turn_strategies import EagerUserTurnStrategies, ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from agents.actions import Call
from agents.tasks import Performed, Task
from app.bench.delays import delays
from app.bench.endpoint import GoldEndpoint, call_id, filled
from app.bench.runner import Conditions, Stage
from app.bench.score import Run, Span, judged
from app.bench.speaking import utterance
from tools.store import Store
from tools.tool import Effect, Json, ToolContext, ToolError
from tools.toolbox import Toolbox

PATIENCE = 30.0  # seconds after the turn in which an answer must come


class Peer(StrEnum):
    """How Pipecat takes its turns."""

    STOCK = "pipecat"  # the model is asked once the turn is over
    EAGER = "pipecat eager"  # ... when it is likely over; where it then wants a tool, asked again at the end


class _Ear(FrameProcessor):
    """Notes when the answer begins and ends, and lets everything pass."""

    def __init__(self) -> None:
        super().__init__()
        self.began: float | None = None
        self.text = ""
        self.done = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            self.began = self.began or asyncio.get_running_loop().time()
            self.text += frame.text
        elif isinstance(frame, LLMFullResponseEndFrame) and self.text:
            self.done.set()
        await self.push_frame(frame, direction)


class _Hands:
    """The tools as Pipecat calls them, each slowed down as in every arm; and what they did."""

    def __init__(self, tools: Toolbox, store: Store, task: Task, conditions: Conditions) -> None:
        self.runs: list[tuple[Call, float, float]] = []
        self._task = task
        self._values: dict[int, Json] = {}
        self._tools = tools
        self._context = ToolContext(store, lambda: task.now)
        self._delay = delays(conditions.delay, tools, task.id, conditions.seed)

    def schema(self) -> ToolsSchema:
        return ToolsSchema(
            [
                FunctionSchema(
                    tool.name, tool.description, tool.parameters.get("properties", {}), sorted(tool.required)
                )
                for tool in self._tools
            ]
        )

    async def run(self, params: FunctionCallParams) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        name, arguments = params.function_name, dict(params.arguments)
        await asyncio.sleep(self._delay(name, arguments))
        try:
            result = await self._tools.get(name).run(self._context, self._tools.check(name, arguments))
            text, value = result.text, result.text if result.value is None else result.value
        except ToolError as error:
            text = value = str(error)
        id = call_id(params.tool_call_id)
        self.runs.append((self._planned(Call(id, name, arguments)), began, loop.time()))
        self._values[id] = value
        await params.result_callback({"text": text, "value": value})

    def _planned(self, call: Call) -> Call:
        """`call` with `$n` again, where it was one of the plan with the value of call n."""
        for planned in self._task.calls:
            if planned.id == call.id and filled(planned, self._values) == call.arguments:
                return planned
        return call

    def effects(self) -> list[tuple[Performed, float]]:
        """What was changed, and when."""
        return [
            (Performed(call.name, filled(call, self._values)), end)
            for call, _, end in self.runs
            if self._tools.get(call.name).effect is not Effect.READ
        ]


async def attempt(
    task: Task, stage: Stage, peer: Peer, conditions: Conditions, endpoint: GoldEndpoint, url: str
) -> Run:
    """Say `task` once to a fresh bot."""
    endpoint.task = task
    said = utterance(task, conditions.pace, conditions.seed)
    ear = _Ear()
    with stage.store(task) as store:
        hands = _Hands(stage.tools(), store, task, conditions)
        worker = _bot(peer, hands, ear, url)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        started = asyncio.Event()

        @worker.event_handler("on_pipeline_started")
        async def _on_started(*_: object) -> None:
            started.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            await started.wait()
            began = asyncio.get_running_loop().time()
            silent = began + said.times[-1]
            await worker.queue_frame(ProposedUserStartedSpeakingFrame())
            if peer is Peer.EAGER:
                await _until(silent + conditions.pace.likely_end)
                await worker.queue_frame(EagerTranscriptionFrame(said.text, "user", ""))
            await _until(silent + conditions.pace.end)
            ended = asyncio.get_running_loop().time()
            await worker.queue_frames(
                [
                    TranscriptionFrame(said.text, "user", "", finalized=True),
                    ProposedUserStoppedSpeakingFrame(),
                ]
            )
            with contextlib.suppress(TimeoutError):  # one that does not answer is wrong, and counts as slow
                async with asyncio.timeout(PATIENCE):
                    await ear.done.wait()
            await worker.queue_frame(EndFrame())
    effects = hands.effects()
    early = any(begin < ended for _, begin, _ in hands.runs)
    return judged(
        task,
        peer,
        calls=[call for call, _, _ in hands.runs],
        effects=[effect for effect, _ in effects],
        text=ear.text,
        answer_at=None if ear.began is None else ear.began - silent,
        effect_at=max((at - silent for _, at in effects), default=None),
        spans=[
            Span(call.id, call.name, begin - silent, end - silent, True) for call, begin, end in hands.runs
        ],
        faults=["something ran before the end of the turn"] if early else [],
    )


def _bot(peer: Peer, hands: _Hands, ear: _Ear, url: str) -> PipelineWorker:
    model = OpenAILLMService(api_key="none", base_url=url, settings=OpenAILLMService.Settings(model="gold"))
    model.register_function(None, hands.run)
    turns = EagerUserTurnStrategies() if peer is Peer.EAGER else ExternalUserTurnStrategies()
    both = LLMContextAggregatorPair(
        LLMContext(tools=hands.schema()), user_params=LLMUserAggregatorParams(user_turn_strategies=turns)
    )
    return PipelineWorker(
        Pipeline([both.user(), model, ear, both.assistant()]), enable_rtvi=False, idle_timeout_secs=None
    )


async def _until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
