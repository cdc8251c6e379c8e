"""The comparison of arms: it is fair, it cannot be fooled, and the runtime keeps its promises in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.actions import Action, Answer, Call, Pause
from agents.brain import Brain, Interaction
from agents.events import Updated
from agents.session import Session
from agents.tasks import Task
from app.bench import runner, suites
from app.bench.arms import Arm
from app.bench.clock import run_virtually
from app.bench.delays import delays
from app.bench.gold import GoldBrain, known
from app.bench.player import Clock, Thinks, player
from app.bench.runner import Conditions, Stage, attempt, gold, oracle
from app.bench.score import Run
from app.bench.speaking import Pace, Utterance, certain, speak, utterance
from app.bench.thinking import RealLoop, Replayed
from app.settings import SettingsError
from tools.store import Store
from tools.tool import Arguments, Effect, ToolContext, ToolResult
from tools.toolbox import Toolbox

SUITES = {name: suites.household(name) for name in ("assistant", "disfluent")} | {
    "services": suites.services()
}
SPEED = 60.0
USUAL = Conditions()


def played(task: Task, stage: Stage, arm: Arm, conditions: Conditions = USUAL) -> Run:
    if arm is Arm.ORACLE:
        return oracle(task, stage, conditions)
    return run_virtually(attempt(task, stage, arm, conditions, gold(stage, SPEED)))


def by_brain(task: Task, stage: Stage, arm: Arm, brain: Brain) -> Run:
    return run_virtually(attempt(task, stage, arm, USUAL, lambda task, said: brain))


def task_of(id: str) -> tuple[Task, Stage]:
    for suite in SUITES.values():
        for task in suite.tasks:
            if task.id == id:
                return task, suite.stage
    raise LookupError(id)


# ---- fair ---------------------------------------------------------------------------------------

HARD = (
    USUAL,
    Conditions(Pace(chunk=3), delay="tail", seed=2),
    Conditions(Pace(rate=4.6), delay="0", network=0.3, seed=3),
)


@pytest.mark.parametrize("conditions", HARD)
@pytest.mark.parametrize("name", SUITES)
def test_with_perfect_plans_no_arm_beats_the_oracle_and_all_are_right(
    name: str, conditions: Conditions
) -> None:
    suite = SUITES[name]
    for task in suite.sample(10, conditions.seed).tasks:
        runs = {arm: played(task, suite.stage, arm, conditions) for arm in Arm}
        limit = runs[Arm.ORACLE].answer_at
        assert limit is not None and limit >= conditions.pace.end - 1e-9
        for arm, run in runs.items():
            assert run.right and not run.faults, (arm, run)
            assert run.answer_at is not None and run.answer_at >= limit - 1e-9, (arm, run)
        sequential = runs[Arm.SEQUENTIAL].answer_at
        assert sequential is not None
        if not conditions.network:  # with one, the last words may find the brain busy with those before
            assert all((run.answer_at or 0) <= sequential + 1e-9 for run in runs.values())


def test_a_call_takes_as_long_in_every_arm() -> None:
    suite = SUITES["assistant"]
    for task in [task for task in suite.tasks if len(task.calls) > 1][::4]:
        taken = [
            {span.call: round(span.end - span.begin, 6) for span in played(task, suite.stage, arm).spans}
            for arm in Arm
        ]
        assert all(each == taken[0] for each in taken), task.id


def test_delays_depend_on_what_a_call_means_and_on_the_seed() -> None:
    box = Toolbox([])

    def seconds(seed: int, task: str, text: str, kind: str = "0.5-1") -> float:
        return delays(kind, box, task, seed)("send_sms", {"to": text})

    assert seconds(1, "a", "Ana") == seconds(1, "a", " ANA ") != seconds(1, "a", "Ben")
    assert len({seconds(1, "a", "Ana"), seconds(2, "a", "Ana"), seconds(1, "b", "Ana")}) == 3
    assert all(0.5 <= seconds(1, str(n), "Ana") <= 1 for n in range(50))
    assert seconds(1, "a", "Ana", "2") == 2
    tail = sorted(seconds(1, str(n), "Ana", "tail") for n in range(400))
    assert tail[200] == pytest.approx(0.75, rel=0.25) and tail[396] > 4 and tail[-1] <= 9


def test_one_call_at_a_time_waits_for_each_and_parallel_does_not() -> None:
    task, stage = task_of("chn-048")  # two reads that do not need one another

    def overlap(arm: Arm) -> bool:
        first, second = sorted(played(task, stage, arm).spans, key=lambda span: span.begin)
        return second.begin < first.end

    assert not overlap(Arm.SEQUENTIAL)
    assert overlap(Arm.PARALLEL) and overlap(Arm.ASYNC) and overlap(Arm.EAGER)


def test_only_speculation_starts_reads_before_the_end_and_nothing_starts_effects() -> None:
    task, stage = task_of("chn-019")  # read a note, text it
    begins = {arm: sorted(span.begin for span in played(task, stage, arm).spans) for arm in Arm}
    for arm in (Arm.SEQUENTIAL, Arm.PARALLEL, Arm.EAGER, Arm.ASYNC):
        assert begins[arm][0] >= USUAL.pace.end
    assert begins[Arm.ORACLE][0] < begins[Arm.FULL][0] < USUAL.pace.end
    assert all(effect >= USUAL.pace.end for _, effect in begins.values())


def test_a_call_is_known_with_the_last_word_of_its_arguments() -> None:
    task, _ = task_of("flu-011-self-correction")
    words = task.said.split()  # make it eighteen no nineteen degrees in here please
    assert [each.words for each in known(task, words)] == [words.index("nineteen") + 1]


def test_words_are_certain_only_after_they_were_said() -> None:
    said = Utterance(("a", "b", "c", "d", "e", "f", "g"), (0.2, 0.5, 1.4, 1.6, 1.9, 2.0, 2.1))
    for pace in (Pace(), Pace(chunk=1), Pace(chunk=3), Pace(lag=0.0, chunk=1)):
        for at, count in certain(said, pace):
            assert said.times[count - 1] + pace.lag <= at + 1e-9 < said.times[-1] + pace.likely_end
    assert list(certain(said, Pace(lag=0.0, chunk=3))) == [(1.4, 3), (2.0, 6)]


def test_a_task_that_brings_its_times_is_spoken_at_them() -> None:
    task = next(task for task in SUITES["disfluent"].tasks if task.words)
    at_pace = utterance(task, Pace(), 1)
    assert at_pace.times == tuple(time for _, time in task.words)
    slow = utterance(task, Pace(rate=1.65), 1)
    assert slow.times == pytest.approx([2 * time for time in at_pace.times])


# ---- not fooled ---------------------------------------------------------------------------------


class Quick:
    """Answers whatever it hears, and never does anything."""

    name = "quick"
    patience = 0.0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        yield Answer("Done.")

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


def test_a_brain_that_answers_before_it_knows_is_fast_and_wrong() -> None:
    task, stage = task_of("flu-002")
    run = by_brain(task, stage, Arm.FULL, Quick())
    assert run.answer_at == pytest.approx(USUAL.pace.end)  # not a moment before the turn is over
    assert not run.plan and not run.answered and not run.right


def test_a_write_that_passes_for_a_read_is_noticed() -> None:
    task, stage = task_of("flu-001")

    def mislabelled() -> Toolbox:
        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            context.store.write("INSERT INTO notes (name, content, created) VALUES ('x', 'y', 'z')")
            return ToolResult("Your text to Marco is on its way.")

        return Toolbox(
            replace(tool, effect=Effect.READ, run=run) if tool.name == "send_sms" else tool
            for tool in stage.tools()
        )

    early = replace(SUITES["assistant"], stage=replace(stage, tools=mislabelled))
    for suite in (early, suites.undoable_early(early)):
        spoiled = by_brain(
            replace(task, said=f"{task.said} as soon as you have a moment thank you very much indeed"),
            suite.stage,
            Arm.FULL,
            told(task),
        )
        assert spoiled.faults == ["something was changed before the end of the turn"]
        assert not spoiled.state
        assert not by_brain(task, suite.stage, Arm.SEQUENTIAL, told(task)).faults


def told(task: Task) -> GoldBrain:
    return GoldBrain(task, task.said.split(), SPEED)


def test_a_harness_that_skips_the_end_of_the_turn_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    task, stage = task_of("flu-001")

    async def hurried(session: Session, said: Utterance, pace: Pace, *, partly: bool, eager: bool) -> None:
        await speak(session, said, replace(pace, likely_end=0.0, end=0.1), partly=partly, eager=eager)

    async def late(session: Session, said: Utterance, pace: Pace, *, partly: bool, eager: bool) -> None:
        """Says that the user fell silent later than they did."""
        silent = replace(said, times=tuple(time + 0.3 for time in said.times))
        await speak(session, silent, replace(pace, likely_end=0.0, end=0.1), partly=partly, eager=eager)

    honest = played(task, stage, Arm.FULL)
    assert not honest.faults
    for cheat in (hurried, late):
        monkeypatch.setattr(runner, "speak", cheat)
        assert played(task, stage, Arm.FULL).faults == ["the end of the turn was not waited for"]


class Hasty:
    """Texts and looks up whatever has been said so far, and thinks better of it with every word."""

    name = "hasty"

    def __init__(self, patience: float, seconds: float) -> None:
        self.patience = patience
        self._seconds = seconds

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        update = next(event for event in reversed(interaction.of_turn) if isinstance(event, Updated))
        yield Call(1, "get_phone_number", {"name": update.text})
        await asyncio.sleep(self._seconds)
        yield Call(2, "send_sms", {"to": "Marco", "message": update.text})
        await asyncio.sleep(self._seconds)
        yield Answer("$2") if update.final else Pause()

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize("patience", [0.0, 1.0])
@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.6])
def test_wrong_guesses_are_waste_and_never_effects(patience: float, seconds: float) -> None:
    task, stage = task_of("flu-001")
    full = by_brain(task, stage, Arm.FULL, Hasty(patience, seconds))
    waiting = by_brain(task, stage, Arm.SEQUENTIAL, Hasty(patience, seconds))
    assert full.calls == waiting.calls
    assert full.wrong_effects == waiting.wrong_effects == 0
    assert not full.faults and not waiting.faults
    assert [span.name for span in full.spans if span.name == "send_sms"] == ["send_sms"]
    wasted = {span.name for span in full.wasted if span.end > span.begin}
    assert wasted == {"get_phone_number"}


# ---- writes that may run early -------------------------------------------------------------------

EARLY = {name: suites.undoable_early(suite) for name, suite in SUITES.items()}


def test_only_where_it_is_opted_in_an_undoable_write_runs_before_the_end() -> None:
    note, text = (task_of(id)[0] for id in ("flu-024", "flu-001"))  # a new note; a text, which asks
    for task, is_early in ((note, True), (text, False)):
        runs = {arm: played(task, EARLY["assistant"].stage, arm) for arm in Arm}
        held = {arm: played(task, SUITES["assistant"].stage, arm) for arm in Arm}
        assert all(run.right and not run.faults for run in runs.values())
        for arm in Arm:
            if arm in (Arm.FULL, Arm.ORACLE) and is_early:
                assert runs[arm].spans[0].begin < USUAL.pace.end <= held[arm].spans[0].begin
            else:
                assert runs[arm] == held[arm]


@pytest.mark.parametrize("name", EARLY)
def test_with_perfect_plans_nothing_that_ran_early_is_taken_back(name: str) -> None:
    suite = EARLY[name]
    for task in suite.sample(10, 3).tasks:
        runs = {arm: played(task, suite.stage, arm) for arm in (Arm.FULL, Arm.ORACLE)}
        assert all(run.right and not run.faults and not run.taken_back for run in runs.values())
        assert (runs[Arm.FULL].answer_at or 0) >= (runs[Arm.ORACLE].answer_at or 0) - 1e-9
        assert (runs[Arm.FULL].answer_at or 0) <= (played(task, SUITES[name].stage, Arm.FULL).answer_at or 0)


class Scribbler:
    """Writes down whatever has been said so far, and thinks better of it with every word."""

    name = "scribbler"
    patience = 0.0

    def __init__(self, task: Task) -> None:
        self._right = task.calls[0]

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        update = next(event for event in reversed(interaction.of_turn) if isinstance(event, Updated))
        yield self._right if update.final else replace(self._right, arguments={"name": update.text})
        yield Answer("$1") if update.final else Pause()

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


def test_wrong_writes_that_ran_early_are_taken_back_and_counted() -> None:
    task, stage = task_of("flu-101")  # create a note
    brain = Scribbler(task)
    early = by_brain(task, EARLY["assistant"].stage, Arm.FULL, brain)
    assert early.right and not early.faults and not early.wrong_effects and early.taken_back
    assert len(early.wasted) >= early.taken_back
    assert not by_brain(task, EARLY["assistant"].stage, Arm.SEQUENTIAL, brain).taken_back
    held = by_brain(task, stage, Arm.FULL, brain)
    assert held.right and not held.taken_back and not held.wasted


# ---- clocks and brains --------------------------------------------------------------------------


def test_a_brain_that_is_replayed_takes_its_time_on_the_virtual_clock() -> None:
    task, stage = task_of("flu-002")
    thread = RealLoop()
    try:
        slow = Replayed(GoldBrain(task, task.said.split(), float("inf")), thread, speed=SPEED)
        assert by_brain(task, stage, Arm.FULL, slow) == played(task, stage, Arm.FULL)
    finally:
        thread.close()


def test_the_real_clock_says_what_the_virtual_one_says() -> None:
    task, stage = task_of("flu-010")
    brisk = Conditions(Pace(rate=10, cadence=0.02, lag=0.0, likely_end=0.02, end=0.05), delay="0")
    runs: list[Run] = []
    for clock in Clock:
        with player(Thinks.GOLD, clock, stage, brisk, 1000) as play:
            runs.append(play(task, Arm.FULL))
    virtual, real = runs
    assert real.right and not real.faults
    assert (virtual.calls, virtual.said) == (real.calls, real.said)


# ---- HotpotQA -----------------------------------------------------------------------------------


def hotpot(folder: Path) -> Path:
    question = {
        "id": "q1",
        "question": "Which is older, the Rialto Bridge or Tower Bridge?",
        "answer": "the Rialto Bridge",
        "gold_titles": ["Rialto Bridge", "Tower Bridge"],
    }
    passages = [
        {"title": "Rialto Bridge", "text": "It was finished in 1591."},
        {"title": "Tower Bridge", "text": "It was finished in 1894."},
        {"title": "Lentils", "text": "A pulse."},
    ]
    (folder / "questions.jsonl").write_text(json.dumps(question))
    (folder / "passages.jsonl").write_text("\n".join(map(json.dumps, passages)))
    return folder


def test_questions_are_answered_once_the_passages_are_found(tmp_path: Path) -> None:
    suite = suites.hotpotqa(hotpot(tmp_path))
    (task,) = suite.tasks
    runs = {arm: played(task, suite.stage, arm) for arm in Arm}
    for run in runs.values():
        assert run.right and run.exact and run.f1 == 1 and not run.faults
        assert len(run.spans) == 2 and max(span.end for span in run.spans) <= (run.answer_at or 0)
    times = [runs[arm].answer_at or 0 for arm in (Arm.ORACLE, Arm.FULL, Arm.PARALLEL, Arm.SEQUENTIAL)]
    assert times == sorted(times)
    assert not by_brain(task, suite.stage, Arm.FULL, Quick()).right


def test_a_search_finds_the_passage_that_is_meant(tmp_path: Path) -> None:
    suite = suites.hotpotqa(hotpot(tmp_path))
    with Store.memory() as store:
        context = ToolContext(store, lambda: suite.tasks[0].now)
        found = run_virtually(suite.stage.tools().get("search").run(context, {"query": "tower bridge"}))
    assert found.text == "Tower Bridge: It was finished in 1894."


def test_a_folder_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not hold HotpotQA"):
        suites.hotpotqa(tmp_path)
