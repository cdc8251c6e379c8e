"""Tasks of the benchmark, voice to voice through the real pipeline."""

from pathlib import Path

from app.bench import spoken, suites
from app.bench.arms import Arm
from app.bench.runner import Conditions, gold
from voice.models import Models


async def test_a_task_is_timed_from_its_last_sound_to_the_first_of_the_answer(
    models: Models, tmp_path: Path
) -> None:
    suite = suites.household("assistant")
    task = next(task for task in suite.tasks if task.id == "flu-003")  # what's on tomorrow
    length = spoken.say(task, models.voice, tmp_path / "request.wav")
    assert 0.8 < length < 4
    think = gold(suite.stage, 300)
    run = await spoken.attempt(task, suite.stage, Arm.FULL, Conditions(delay="0.1"), think, models, tmp_path)
    assert run.right and not run.faults
    assert run.answer_at is not None and run.answer_at > run.spans[-1].end > -length
