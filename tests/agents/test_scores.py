"""The figures of an evaluation, on histories written by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.actions import Action, Answer, Call, Pause, Remove
from agents.brain import BrainError, Interaction
from agents.events import CallChanged, Mode, Updated
from agents.training import evaluate, scores
from agents.training.scores import Outcome, Step, Task
from tools.assistant import assistant_tools
from tools.toolbox import Toolbox

CHANGING = frozenset({"send_sms", "set_timer"})
SAID = "text Ben no Ana that the lunch is ready"  # 9 words
GOLD = (
    Call(1, "get_phone_number", {"name": "Ana"}),
    Call(2, "send_sms", {"to": "$1", "message": "the lunch is ready"}),
)


def outcome(*steps: tuple[int, list[Action]], seconds: float = 0.01) -> Outcome:
    made = [
        Step(heard, tuple(actions), seconds * at, 0.0, 10) for at, (heard, actions) in enumerate(steps, 1)
    ]
    return Outcome(Task("t", SAID, GOLD, "self-correction"), tuple(made), CHANGING)


CORRECTED = outcome(
    (2, [Call(1, "get_phone_number", {"name": "Ben"}), Pause()]),
    (4, [Call(1, "get_phone_number", {"name": "Ana"}), Call(2, "set_timer", {"duration": "ready"}), Pause()]),
    (6, [Remove(2), Pause()]),
    (9, [Call(2, "send_sms", {"to": "$1", "message": "lunch is ready"}), Answer("Done.")]),
)


def test_what_stands_at_the_end_is_compared_with_the_gold_calls() -> None:
    assert CORRECTED.plan and CORRECTED.exact and CORRECTED.state
    wrong_value = outcome((9, [GOLD[0], Call(2, "send_sms", {"to": "$1", "message": "lunch"})]))
    assert wrong_value.plan and not wrong_value.exact and not wrong_value.state
    assert not outcome((9, [GOLD[0]])).plan


def test_a_needless_look_up_spoils_the_plan_and_not_the_state() -> None:
    curious = outcome((9, [*GOLD, Call(3, "search", {"query": "lunch"})]))
    assert curious.state and not curious.plan
    careless = outcome((9, [*GOLD, Call(3, "set_timer", {"duration": "nine minutes"})]))
    assert not careless.state


def test_premature_calls_are_those_patched_or_removed() -> None:
    assert CORRECTED.issued() == (4, 2)
    again = outcome((4, [GOLD[0], Pause()]), (9, [GOLD[0], GOLD[1], Answer("Done.")]))
    assert again.issued() == (2, 0), "the same call again is no patch"
    figures = scores.figures([CORRECTED, again])
    assert (figures["calls"], figures["premature"], figures["stable"]) == (6, 33.3, 50.0)


def test_prefixes_count_right_calls_and_wrong_ones_that_stand() -> None:
    # 25 % of nine words are two, 50 % four, 75 % six.
    assert scores.by_prefix([CORRECTED]) == {
        25: {"issued": 50.0, "wrong": 0.0},
        50: {"issued": 50.0, "wrong": 100.0},
        75: {"issued": 50.0, "wrong": 0.0},
        100: {"issued": 100.0, "wrong": 0.0},
    }
    waiting = outcome((9, [*GOLD, Answer("Done.")]))
    assert [row["issued"] for row in scores.by_prefix([waiting]).values()] == [0.0, 0.0, 0.0, 100.0]
    assert scores.by_prefix([CORRECTED, waiting])[50] == {"issued": 25.0, "wrong": 50.0}


def test_times_are_those_of_the_reactions_and_of_the_last_one() -> None:
    figures = scores.figures([CORRECTED])
    assert (figures["update_ms_p50"], figures["update_ms_p95"], figures["end_ms_p50"]) == (30, 40, 40)
    assert (figures["updates"], figures["tokens_an_update"], figures["failed_updates"]) == (4, 10, 0)


def test_kinds_are_told_apart() -> None:
    lazy = Outcome(Task("u", "hello", GOLD, "fluent"), (Step(1, (Pause(),), 0.1, 0.0, 1),), CHANGING)
    kinds = scores.by_kind([CORRECTED, lazy])
    assert {kind: row["plan"] for kind, row in kinds.items()} == {"fluent": 0.0, "self-correction": 100.0}


class Listener:
    """A brain of rules: it calls for what it hears, gives up at a word, and notes what it was shown."""

    name = "listener"
    patience = 1.0

    def __init__(self) -> None:
        self.heard: list[Updated] = []
        self.results = 0

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        update = next(event for event in reversed(interaction.of_turn) if isinstance(event, Updated))
        self.heard.append(update)
        self.results = sum(isinstance(event, CallChanged) for event in interaction.of_turn)
        if update.text.endswith("unspeakable"):
            raise BrainError("It cannot say that.")
        if len(self.heard) == 1:
            yield Call(1, "get_phone_number", {"name": "Ana"})
        yield Answer("Done.") if update.final else Pause()

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


BOX = Toolbox(assistant_tools())


async def test_the_sequential_mode_hears_everything_at_once() -> None:
    task = Task("t", SAID, GOLD[:1], "fluent")
    waiting, listening = Listener(), Listener()
    one = await evaluate.attempt(waiting, BOX, task, mode=Mode.SEQUENTIAL)
    many = await evaluate.attempt(listening, BOX, task)
    assert [update.text for update in waiting.heard] == [SAID] and waiting.heard[0].final
    assert len(listening.heard) > 3 and [update.final for update in listening.heard].count(True) == 1
    assert listening.results == 1, "what was read is news to a brain that listens"
    assert one.exact and many.exact and one.answer == many.answer == "Done."
    assert "send_sms" in one.changing and "get_phone_number" not in one.changing


async def test_a_brain_that_gives_up_loses_that_reaction_alone() -> None:
    made = await evaluate.attempt(Listener(), BOX, Task("t", f"{SAID} unspeakable", GOLD[:1], "fluent"))
    assert made.failures == 1 and made.exact and made.answer == ""


def test_a_larger_sample_holds_the_smaller_one() -> None:
    made = [Task(str(at), "hello", (), "no-tool") for at in range(50)]
    small, large = evaluate.sample(made, 5, seed=3), evaluate.sample(made, 20, seed=3)
    assert large[:5] == small and len({task.id for task in large}) == 20
    assert evaluate.sample(made, 99, seed=3) != made and len(evaluate.sample(made, 99, seed=3)) == 50
    assert small != evaluate.sample(made, 5, seed=4)


def test_questions_are_searched_for_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text('{"q": {"original": "Who wrote Emma?", "disfluent": "Who sang no wrote Emma?"}}')
    written, asked = evaluate.questions(file)
    assert (written[0].said, asked[0].said) == ("Who wrote Emma", "Who sang no wrote Emma")
    assert written[0].calls == asked[0].calls == (Call(1, "search", {"query": "Who wrote Emma"}),)
    with pytest.raises(ValueError):
        file.write_text("{")
        evaluate.questions(file)
