"""Voice to voice: tasks are spoken by a synthetic voice and go through the whole pipeline in real time.

Times run from the last sound of the request in the file to the first audio of the answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from hibari import SAMPLE_RATE, Hibari

from agents.events import (
    Answered,
    ConfirmAsked,
    EndOfTurn,
    Event,
    Notice,
    SpeakingStarted,
    TurnStarted,
)
from agents.executor import World
from agents.session import Session
from agents.tasks import Performed, Task
from app.bench.arms import SETUPS, Arm, limits_of, tools_of
from app.bench.delays import delays
from app.bench.runner import Conditions, Stage, Thinker
from app.bench.score import Run, score
from app.bench.speaking import Utterance
from app.bench.thinking import OneByOne
from tools.journal import EntryState, Journal
from tools.tool import ToolContext
from voice.models import Models
from voice.pipeline import VoiceOptions, run_voice

ARMS = (Arm.SEQUENTIAL, Arm.FULL)  # the others hold back words, which a recogniser does not
_SILENCE = 0.5  # seconds before the request; a microphone is open before one speaks
_FAINT = 0.01  # of full scale: what is below is silence
_LISTENING = "listening"  # the session's notice when the pipeline has begun to play the file


def say(task: Task, voice: Hibari, path: Path) -> float:
    """Write the request as a sound file; how many seconds from its beginning the last sound is over."""
    speech = voice(task.said)
    sound = np.concatenate([np.zeros(int(_SILENCE * SAMPLE_RATE), np.float32), speech])
    soundfile.write(path, sound, SAMPLE_RATE)
    return float(np.flatnonzero(np.abs(sound) > _FAINT)[-1] / SAMPLE_RATE)


async def attempt(
    task: Task, stage: Stage, arm: Arm, conditions: Conditions, think: Thinker, models: Models, folder: Path
) -> Run:
    """Play `task` once. Every question is answered with yes at once."""
    setup = SETUPS[arm]
    path = folder / "request.wav"
    last_sound = say(task, models.voice, path)
    words = tuple(task.said.split())
    brain = think(task, Utterance(words, (last_sound,) * len(words)))
    tools = tools_of(setup, stage.tools())
    events: list[Event] = []
    answered = asyncio.Event()
    writes: dict[type[Event], int] = {}
    with stage.store(task) as store:
        journal = Journal(store)
        world = World(
            journal,
            ToolContext(store, lambda: task.now),
            delays(conditions.delay, tools, task.id, conditions.seed),
        )
        waiting = OneByOne(brain) if setup.one_by_one else None
        session = Session(waiting or brain, tools, world, mode=setup.mode, limits=limits_of(setup))

        def listen(event: Event) -> None:
            events.append(event)
            match event:
                case TurnStarted() | EndOfTurn():
                    writes.setdefault(type(event), store.changes)
                case ConfirmAsked():
                    session.confirm(True)
                case SpeakingStarted() if any(isinstance(each, Answered) for each in events):
                    answered.set()
                case _:
                    pass

        if waiting is not None:
            session.subscribe(waiting.listen)
        session.subscribe(listen)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            talking = group.create_task(run_voice(session, path, None, options=VoiceOptions(models=models)))
            hearing = group.create_task(answered.wait())
            await asyncio.wait((talking, hearing), return_when=asyncio.FIRST_COMPLETED)
            for each in (talking, hearing):
                each.cancel()
            await asyncio.wait((talking, hearing))
            session.close()
        found = [entry for entry in journal.entries() if entry.state is EntryState.DONE]
        effects = [Performed(entry.tool, dict(entry.arguments)) for entry in found]
    began = next(event.at for event in events if isinstance(event, Notice) and event.text == _LISTENING)
    silent = began + last_sound
    return _audible(
        score(
            task,
            arm,
            events,
            effects,
            speech=silent,
            end=0.0,
            early_writes=writes.get(EndOfTurn, 0) - writes.get(TurnStarted, 0),
        ),
        events,
        silent,
    )


def _audible(run: Run, events: list[Event], silent: float) -> Run:
    """`run` with the time of the first audio of its answer in the place of its text's."""
    answer = next((place for place, event in enumerate(events) if isinstance(event, Answered)), None)
    if answer is None:
        return run
    heard = (event.at for event in events[answer:] if isinstance(event, SpeakingStarted))
    at = next(heard, None)
    return replace(run, answer_at=None if at is None else at - silent)
