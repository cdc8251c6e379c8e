"""A stock Pipecat bot: its own context aggregators, OpenAI service and function calling.

It is driven as by a recogniser that decides on turns itself.
"""

from __future__ import annotations

import asyncio
import contextlib

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

from agents.tasks import Task
from app.bench.endpoint import GoldEndpoint
from app.bench.peers import Peer
from app.bench.peers.hands import PATIENCE, Hands
from app.bench.runner import Conditions, Stage
from app.bench.score import Run
from app.bench.speaking import utterance


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


async def attempt(
    task: Task, stage: Stage, peer: Peer, conditions: Conditions, endpoint: GoldEndpoint, url: str
) -> Run:
    """Say `task` once to a fresh bot."""
    endpoint.task = task
    said = utterance(task, conditions.pace, conditions.seed)
    ear = _Ear()
    with stage.store(task) as store:
        hands = Hands(stage.tools(), store, task, conditions)
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
            if peer is Peer.PIPECAT_EAGER:
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
    return hands.judged(peer, ear.text, silent=silent, ended=ended, answered=ear.began)


def _bot(peer: Peer, hands: Hands, ear: _Ear, url: str) -> PipelineWorker:
    async def run(params: FunctionCallParams) -> None:
        arguments = dict(params.arguments)
        await params.result_callback(await hands.run(params.tool_call_id, params.function_name, arguments))

    schema = ToolsSchema(
        [
            FunctionSchema(
                tool.name, tool.description, tool.parameters.get("properties", {}), sorted(tool.required)
            )
            for tool in hands.tools
        ]
    )
    model = OpenAILLMService(api_key="none", base_url=url, settings=OpenAILLMService.Settings(model="gold"))
    model.register_function(None, run)
    turns = EagerUserTurnStrategies() if peer is Peer.PIPECAT_EAGER else ExternalUserTurnStrategies()
    both = LLMContextAggregatorPair(
        LLMContext(tools=schema), user_params=LLMUserAggregatorParams(user_turn_strategies=turns)
    )
    return PipelineWorker(
        Pipeline([both.user(), model, ear, both.assistant()]), enable_rtvi=False, idle_timeout_secs=None
    )


async def _until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
