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

from agents.events import Answered, Event, Notice, SpeakingStarted
from agents.session import Session
from agents.tasks import Task
from app.bench.arms import Arm
from app.bench.runner import Conditions, Stage, Thinker, perform, scored
from app.bench.score import Run
from app.bench.speaking import Utterance
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
    """Play `task` once."""
    path = folder / "request.wav"
    last_sound = say(task, models.voice, path)
    words = tuple(task.said.split())

    async def drive(session: Session) -> None:
        heard = asyncio.Event()
        texts: list[Event] = []

        def listen(event: Event) -> None:
            if isinstance(event, Answered):
                texts.append(event)
            elif isinstance(event, SpeakingStarted) and texts:
                heard.set()

        session.subscribe(listen)
        talking = asyncio.create_task(run_voice(session, path, None, options=VoiceOptions(models=models)))
        hearing = asyncio.create_task(heard.wait())
        await asyncio.wait((talking, hearing), return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            talking.result()
        for each in (talking, hearing):
            each.cancel()
        await asyncio.wait((talking, hearing))

    brain = think(task, Utterance(words, (last_sound,) * len(words)))
    played = await perform(task, stage, arm, conditions, brain, drive)
    notices = (event for event in played.events if isinstance(event, Notice))
    silent = last_sound + next(notice.at for notice in notices if notice.text == _LISTENING)
    return _audible(scored(task, arm, played, speech=silent, end=0.0), played.events, silent)


def _audible(run: Run, events: list[Event], silent: float) -> Run:
    """`run` with the time of the first audio of its answer in the place of its text's."""
    answer = next((place for place, event in enumerate(events) if isinstance(event, Answered)), None)
    if answer is None:
        return run
    heard = (event.at for event in events[answer:] if isinstance(event, SpeakingStarted))
    at = next(heard, None)
    return replace(run, answer_at=None if at is None else at - silent)
