"""The user goes on after all: before anything began, after something was done, after the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from agents.actions import Action, Answer, Call, Pause, Remove
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import (
    Answered,
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Continued,
    Effected,
    EndOfTurn,
    Event,
    LateResult,
    Notice,
    Reopened,
    SessionEnded,
    TurnEnded,
    UndoFailed,
    Undone,
    Updated,
)
from agents.port import Limits
from agents.protocol import render
from agents.session import Session
from tests.agents.test_session import moment, of, play, talk
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually
from tools.journal import EntryState
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from tools.toolbox import Toolbox

Speech = Callable[[Session], Awaitable[None]]


def converse(
    script: Callable[[int], Sequence[Step]] | Sequence[Step],
    speech: Speech,
    *,
    limits: Limits | None = None,
    states: list[EntryState] | None = None,
) -> tuple[list[Event], Recorder]:
    """A session in which `speech` drives the user: its events, and what really ran."""
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(script), toolbox, world, limits=limits)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await speech(session)
            session.close()
        if states is not None:
            states.extend(entry.state for entry in world.journal.entries())

    run_virtually(main())
    return events, recorder


async def until(session: Session, kind: type[Event]) -> None:
    """Wait for the next event of a kind."""
    seen = asyncio.Event()
    session.subscribe(lambda event: seen.set() if isinstance(event, kind) else None)
    await seen.wait()


# ---- before the answer ---------------------------------------------------------------------------


def test_a_released_call_that_has_not_started_is_held_again() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "one two", idle=False)
        await until(session, Effected)  # the first of two; the second starts at once
        await asyncio.sleep(0.1)
        await talk(session, "three four")

    script = [
        Step(
            None, [Call(1, "write", {"x": "a"}), Call(2, "write", {"x": "b"}), Call(3, "write", {"x": "c"})]
        ),
        Step(None, [Pause()]),
        Step(4, [Remove(3)]),
        Step(None, [Answer("Done.")]),
    ]
    events, recorder = converse(script, speech)
    assert [call[1]["x"] for call in recorder.effects()] == ["a", "b"]
    assert len(of(events, Committed)) == 2 and len(of(events, Reopened)) == 1
    assert of(events, SessionEnded)[0].turns == 1


def test_what_was_done_can_be_corrected_before_the_answer() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await until(session, Effected)
        await talk(session, "no saturday")

    script = [
        Step(None, [Call(1, "put", {"x": "friday"}), Call(2, "read_slow", {"x": "menu"}), Answer("$1 $2")]),
        Step(4, [Call(1, "put", {"x": "saturday"})]),
        Step(None, [Answer("$1 $2")]),
    ]
    events, recorder = converse(script, speech)
    assert [call[1]["x"] for call in recorder.effects()] == ["friday", "saturday"]
    assert recorder.standing() == [("put", {"x": "saturday"})]
    assert of(events, Undone)[0].at >= of(events, Committed)[1].at, "an undo is an effect: held until commit"
    assert of(events, Answered)[-1].text == "put of saturday. read_slow of menu."
    assert of(events, SessionEnded)[0].wrong_effects == 0


def test_patching_back_before_the_second_commit_touches_nothing() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await until(session, Effected)
        await talk(session, "no saturday no friday was right")

    script = [
        Step(None, [Call(1, "put", {"x": "friday"}), Call(2, "read_slow", {"x": "menu"}), Answer("$1 $2")]),
        Step(4, [Call(1, "put", {"x": "saturday"})]),
        Step(6, [Call(1, "put", {"x": "friday"})]),
        Step(None, [Answer("$1")]),
    ]
    events, recorder = converse(script, speech)
    assert recorder.effects() == [("put", {"x": "friday"})] and not recorder.undone
    assert of(events, Answered)[-1].text == "put of friday."


def test_an_effect_under_way_is_corrected_once_it_is_done() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", seconds_a_word=0.05, ending=0.1, idle=False)
        await asyncio.sleep(0.05)
        await talk(session, "no saturday", seconds_a_word=0.02, ending=0.02)

    script = [
        Step(None, [Call(1, "put", {"x": "friday"}), Answer("$1")]),
        Step(4, [Call(1, "put", {"x": "saturday"})]),
        Step(None, [Answer("$1")]),
    ]
    events, recorder = converse(script, speech)
    patched = next(event.at for event in of(events, CallIssued) if event.version == 2)
    assert patched < of(events, Effected)[0].at, "the schedule is not what this test is about"
    assert recorder.standing() == [("put", {"x": "saturday"})]
    assert len(recorder.effects()) == 2


def test_removing_what_was_done_says_so() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await until(session, Effected)
        await talk(session, "no forget it")

    script = [
        Step(None, [Call(1, "put", {"x": "friday"}), Call(2, "read_slow", {"x": "menu"}), Answer("$1 $2")]),
        Step(5, [Remove(1)]),
        Step(None, [Answer("All right.")]),
    ]
    events, recorder = converse(script, speech)
    assert recorder.standing() == []
    assert of(events, Answered)[-1].text == "All right. put of friday is gone."


def test_what_cannot_be_undone_is_refused_and_told() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await until(session, Effected)
        await talk(session, "no saturday")

    script = [
        Step(None, [Call(1, "write", {"x": "friday"}), Call(2, "read_slow", {"x": "menu"}), Answer("$1 $2")]),
        Step(4, [Call(1, "write", {"x": "saturday"})]),
        Step(None, [Answer("$1")]),
    ]
    events, recorder = converse(script, speech)
    assert recorder.effects() == [("write", {"x": "friday"})]
    assert any("cannot be undone" in event.text for event in of(events, Notice))


def test_an_undo_that_fails_is_told_in_the_answer_and_counts_as_wrong() -> None:
    states: list[EntryState] = []

    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await until(session, Effected)
        await talk(session, "no saturday")

    script = [
        Step(None, [Call(1, "put", {"x": "stuck"}), Call(2, "read_slow", {"x": "menu"}), Answer("$1 $2")]),
        Step(4, [Call(1, "put", {"x": "saturday"})]),
        Step(None, [Answer("$1")]),
    ]
    events, _ = converse(script, speech, states=states)
    assert of(events, Answered)[-1].text == "put of saturday. I could not take that back: It is stuck."
    assert len(of(events, UndoFailed)) == 1
    assert of(events, SessionEnded)[0].wrong_effects == 1
    assert states == [EntryState.DONE, EntryState.DONE]


def test_a_cough_after_the_end_changes_nothing() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "one two", idle=False)
        await until(session, Effected)
        session.speech_started()
        await asyncio.sleep(0.5)
        session.end_turn("")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    script = [Step(None, [Call(1, "write", {"x": "a"}), Call(2, "write", {"x": "b"}), Answer("$1 $2")])]
    events, recorder = converse(script, speech)
    assert len(recorder.effects()) == 2
    assert of(events, Answered)[0].text == "write of a. write of b."
    assert len(of(events, Updated)) == len({event.text for event in of(events, Updated)}) + 1


def test_a_brain_that_has_not_seen_the_second_end_cannot_commit_it() -> None:
    """It goes on writing, within its patience, what it began when the first end was all it knew."""
    recorder = Recorder()
    events: list[Event] = []
    script = [
        Step(None, [Call(1, "write", {"x": "friday"})], seconds=0.1),
        Step(None, [Pause()], seconds=1.5),
        Step(4, [Call(1, "write", {"x": "saturday"})]),
        Step(None, [Answer("$1")]),
    ]

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(script, patience=5.0), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "lunch friday", ending=0.1, idle=False)
            await asyncio.sleep(0.05)  # it has begun by then
            await talk(session, "no saturday", ending=0.1)
            session.close()

    run_virtually(main())
    assert recorder.effects() == [("write", {"x": "saturday"})]


# ---- an end that is likely before it is certain --------------------------------------------------


def likely(final: str, goes_on: str = "", seconds: float = 0.0) -> tuple[list[Event], Recorder]:
    """Three words and, 0.1 s later, a likely end; then `goes_on` is said; `final` is certain 0.5 s later."""
    script = [
        Step(None, [Call(1, "write", {"x": "a"}), Answer("$1")], seconds=seconds),
        Step(5, [Call(1, "write", {"x": "b"})]),
        Step(None, [Answer("$1")]),
    ]

    async def speech(session: Session) -> None:
        session.speech_started()
        await asyncio.sleep(0.9)
        session.hear("one two", "three")
        session.speech_ended(session.now())
        await asyncio.sleep(0.1)
        session.guess_end()
        if goes_on:
            await asyncio.sleep(0.3)
            session.speech_started()
            session.hear(f"one two three {goes_on}", "")
            session.speech_ended(session.now())
        await asyncio.sleep(0.5)
        session.end_turn(final)
        while not session.is_idle:
            await asyncio.sleep(0.01)

    return converse(script, speech)


def test_what_the_brain_made_of_a_likely_end_holds_once_it_is_certain() -> None:
    events, recorder = likely("One, two, 3.")
    assert recorder.effects() == [("write", {"x": "a"})]
    assert of(events, Committed)[0].at == of(events, EndOfTurn)[0].at, "no time lost, and none gained"
    assert [event.final for event in of(events, Updated)] == [False, True]


def test_an_answer_still_being_written_at_the_certain_end_commits_when_it_is() -> None:
    events, recorder = likely("one two three", seconds=0.4)
    assert recorder.effects() == [("write", {"x": "a"})]
    assert of(events, Committed)[0].at > of(events, EndOfTurn)[0].at
    assert [event.final for event in of(events, Updated)] == [False, True]


def test_words_after_a_likely_end_take_it_back() -> None:
    events, recorder = likely("one two three four five", goes_on="four five")
    assert recorder.effects() == [("write", {"x": "b"})]
    assert [event.final for event in of(events, Updated)] == [False, True, False, True]
    assert of(events, TurnEnded)[0].rolled_back == 1


def test_a_likely_end_with_other_words_than_the_certain_one_counts_for_nothing() -> None:
    events, recorder = likely("one two three for five")
    assert recorder.effects() == [("write", {"x": "b"})]
    assert of(events, Committed)[0].at >= of(events, EndOfTurn)[0].at


# ---- after the answer ----------------------------------------------------------------------------


def first_friday_then(words: str, after: float = 1.0) -> Speech:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday")
        await asyncio.sleep(after)
        await talk(session, words)

    return speech


def friday_then(*actions: Action) -> Callable[[int], Sequence[Step]]:
    first = [Step(None, [Call(1, "put", {"x": "friday"}), Answer("$1")])]
    return lambda turn: first if turn == 1 else [Step(None, actions)]


def test_a_correction_after_the_answer_undoes_what_was_done() -> None:
    script = friday_then(Call(1, "put", {"x": "saturday"}), Answer("$1"))
    events, recorder = converse(script, first_friday_then("no saturday"))
    assert recorder.standing() == [("put", {"x": "saturday"})]
    assert [event.of for event in of(events, Continued)] == [1]
    assert of(events, Updated)[-1].text == "lunch friday no saturday"
    ended = of(events, TurnEnded)
    assert len(ended) == 2 and ended[1].calls == 1 and ended[1].rolled_back == 0
    assert of(events, SessionEnded)[0].wrong_effects == 0


def test_the_brain_is_shown_one_stream_of_both_turns() -> None:
    script = friday_then(Call(1, "put", {"x": "saturday"}), Answer("$1"))
    events, _ = converse(script, first_friday_then("no saturday"))
    stream = render([event for event in events if getattr(event, "turn", None) == 2])
    assert stream.startswith(
        '<partial_query_update> lunch friday<tool_call> 1 put(x="friday")<pause>'
        "<tool_result> 1 put of friday.<partial_query_update> no"
    )


def test_another_request_after_the_answer_is_a_turn_of_its_own() -> None:
    script = friday_then(Call(1, "put", {"x": "saturday"}), Answer("$1"))
    events, recorder = converse(script, first_friday_then("dinner saturday"))
    assert not of(events, Continued)
    assert [call[1]["x"] for call in recorder.standing()] == ["friday", "saturday"]


def test_a_correction_comes_too_late_after_a_while() -> None:
    script = friday_then(Call(1, "put", {"x": "saturday"}), Answer("$1"))
    events, _ = converse(script, first_friday_then("no saturday", after=20.0))
    assert not of(events, Continued)


def test_without_a_commit_of_the_correction_everything_stays_as_it_was() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday")
        session.speech_started()
        session.hear("no saturday", "")
        await asyncio.sleep(1)

    def script(turn: int) -> list[Step]:
        return (
            [Step(None, [Call(1, "put", {"x": "friday"}), Answer("$1")])]
            if turn == 1
            else [Step(4, [Call(1, "put", {"x": "saturday"})])]
        )

    events, recorder = converse(script, speech)
    assert recorder.effects() == [("put", {"x": "friday"})] and not recorder.undone
    assert of(events, SessionEnded)[0].wrong_effects == 0


# ---- undo that -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["undo that", "please take that back", "Undo it.", "no wait undo that please"]
)
def test_spoken_undo_takes_the_latest_effect_back(words: str) -> None:
    script = friday_then(Call(1, "put", {"x": "wrong"}), Answer("$1"))
    events, recorder = converse(script, first_friday_then(words, after=30.0))
    assert recorder.standing() == []
    assert [answer.text for answer in of(events, Answered)][1] == "put of friday is gone."
    assert ("put", {"x": "wrong"}) not in recorder.effects()


def test_undo_that_while_the_effect_happens_waits_for_it() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday", idle=False)
        await asyncio.sleep(0.01)
        session.speech_started()
        session.end_turn("undo that")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    events, recorder = converse([Step(None, [Call(1, "put", {"x": "friday"}), Answer("$1")])], speech)
    assert recorder.effects() == [("put", {"x": "friday"})] and recorder.standing() == []
    assert of(events, Answered)[-1].text == "put of friday is gone."


def test_a_correction_of_what_was_undone_just_does_it_anew() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "lunch friday")
        await talk(session, "undo that")
        await talk(session, "no saturday")

    def script(turn: int) -> list[Step]:
        day = {1: "friday", 2: "never", 3: "saturday"}[turn]
        return [Step(None, [Call(1, "put", {"x": day}), Answer("$1")])]

    events, recorder = converse(script, speech)
    assert recorder.standing() == [("put", {"x": "saturday"})]
    assert not of(events, UndoFailed)


def test_undo_without_anything_to_undo_says_so() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "undo that")

    events, _ = converse([Step(None, [Answer("no")])], speech)
    assert of(events, Answered)[-1].text == "There is nothing to undo."


# ---- early writes --------------------------------------------------------------------------------


def test_an_early_write_happens_before_commit_and_stays_when_it_was_right() -> None:
    states: list[EntryState] = []

    async def speech(session: Session) -> None:
        await talk(session, "one two three")

    script = [Step(1, [Call(1, "put_early", {"x": "a"})]), Step(None, [Answer("$1")])]
    events, recorder = converse(script, speech, states=states)
    assert of(events, Effected)[0].at < of(events, Committed)[0].at
    assert recorder.standing() == [("put_early", {"x": "a"})]
    assert states == [EntryState.DONE]
    assert of(events, SessionEnded)[0].wrong_effects == 0


def test_a_wrong_early_write_is_undone_at_once_and_the_journal_shows_both() -> None:
    states: list[EntryState] = []

    async def speech(session: Session) -> None:
        await talk(session, "one two three four five six")

    script = [
        Step(1, [Call(1, "put_early", {"x": "a"})]),
        Step(3, [Call(1, "put_early", {"x": "b"})]),
        Step(None, [Answer("$1")]),
    ]
    events, recorder = converse(script, speech, states=states)
    assert recorder.standing() == [("put_early", {"x": "b"})]
    assert states == [EntryState.UNDONE, EntryState.DONE]
    assert of(events, Undone)[0].at < of(events, Committed)[0].at
    assert moment(events, 1, CallState.UNDONE) < of(events, Effected)[1].at


def test_an_early_write_of_a_turn_that_never_commits_is_undone() -> None:
    states: list[EntryState] = []

    async def speech(session: Session) -> None:
        session.speech_started()
        session.hear("one", "")
        await asyncio.sleep(1.0)

    script = [Step(1, [Call(1, "put_early", {"x": "a"})])]
    _, recorder = converse(script, speech, states=states)
    assert recorder.standing() == [] and states == [EntryState.UNDONE]


def test_an_early_write_waits_behind_an_effect_that_is_held() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "one two three")

    script = [
        Step(1, [Call(1, "write", {"x": "a"}), Call(2, "put_early", {"x": "b"})]),
        Step(None, [Answer("$1 $2")]),
    ]
    _, recorder = converse(script, speech)
    assert [name for name, _ in recorder.effects()] == ["write", "put_early"]


# ---- limits --------------------------------------------------------------------------------------


def test_a_tool_that_must_not_hear_half_a_sentence_waits_for_the_end() -> None:
    events, recorder = play([Step(1, [Call(1, "read_late", {"x": "secret"})]), Step(None, [Answer("$1")])])
    assert moment(events, 1, CallState.HELD) < of(events, Committed)[0].at
    assert moment(events, 1, CallState.RUNNING) >= of(events, Committed)[0].at
    assert of(events, Answered)[0].text == "read_late of secret."
    assert recorder.runs == [("read_late", {"x": "secret"})]


def test_a_tool_guesses_no_more_often_than_it_may_and_says_why() -> None:
    script = [
        Step(1, [Call(1, "read_twice", {"x": "a"})]),
        Step(2, [Call(1, "read_twice", {"x": "b"})]),
        Step(3, [Call(1, "read_twice", {"x": "c"})]),
        Step(None, [Answer("$1")]),
    ]
    events, recorder = play(script)
    held = next(event for event in of(events, CallChanged) if event.state is CallState.HELD)
    assert held.reason == "read_twice may guess 2 times a turn; until you finish"
    assert of(events, Answered)[0].text == "read_twice of c."
    assert recorder.runs[-1] == ("read_twice", {"x": "c"})


def test_a_tool_runs_no_more_often_at_a_time_than_it_may() -> None:
    script = [
        Step(1, [Call(1, "read_twice", {"x": "a"}), Call(2, "read_twice", {"x": "b"})]),
        Step(None, [Answer("$1 $2")]),
    ]
    events, _ = play(script)
    assert any(event.reason == "read_twice runs 1 at a time" for event in of(events, CallChanged))
    assert moment(events, 2, CallState.RUNNING) >= moment(events, 1, CallState.READY)


def test_a_turn_guesses_no_more_often_than_it_may() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "one two three")

    script = [
        Step(1, [Call(1, "read", {"x": "a"}), Call(2, "read", {"x": "b"})]),
        Step(None, [Answer("$1 $2")]),
    ]
    events, _ = converse(script, speech, limits=Limits(speculative=1))
    assert moment(events, 2, CallState.RUNNING) >= of(events, Committed)[0].at


def test_equal_reads_share_a_run_and_its_owner_may_go() -> None:
    script = [
        Step(1, [Call(1, "read_slow", {"x": "a"}), Call(2, "read_slow", {"x": " A "})]),
        Step(2, [Remove(1)]),
        Step(None, [Answer("$2")]),
    ]
    events, recorder = play(script)
    assert recorder.runs == [("read_slow", {"x": "a"})]
    assert of(events, Answered)[0].text == "read_slow of a."


def test_the_same_effect_twice_in_a_row_happens_once() -> None:
    script = [
        Step(1, [Call(1, "write", {"x": "a"}), Call(2, "write", {"x": "a"}), Call(3, "write", {"x": "b"})]),
        Step(2, [Call(4, "write", {"x": "a"})]),
        Step(None, [Answer("$1 $2 $3 $4")]),
    ]
    _, recorder = play(script)
    assert [call[1]["x"] for call in recorder.effects()] == ["a", "b", "a"]


def test_what_was_read_before_an_effect_is_read_again_after_it() -> None:
    async def speech(session: Session) -> None:
        await talk(session, "one two", idle=False)
        await until(session, Effected)
        await talk(session, "three")

    script = [
        Step(
            1, [Call(1, "read", {"x": "a"}), Call(2, "write", {"x": "b"}), Call(3, "read_slow", {"x": "c"})]
        ),
        Step(None, [Answer("$3")]),
        Step(3, [Call(4, "read", {"x": "a"})]),
        Step(None, [Answer("$4")]),
    ]
    _, recorder = converse(script, speech)
    assert recorder.runs.count(("read", {"x": "a"})) == 2


def test_a_late_result_is_recorded_and_changes_nothing() -> None:
    recorder = Recorder()
    events: list[Event] = []

    async def stubborn(context: ToolContext, arguments: Arguments) -> ToolResult:
        try:
            await asyncio.sleep(2)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
        return ToolResult(f"Late {arguments['x']}.")

    async def main() -> None:
        toolbox, world = build(recorder)
        read = toolbox.get("read")
        tool = Tool("stubborn", "Never gives up.", Effect.READ, read.parameters, stubborn)
        script = [
            Step(1, [Call(1, "stubborn", {"x": "a"})]),
            Step(2, [Call(1, "read", {"x": "b"})]),
            Step(None, [Answer("$1")]),
        ]
        session = Session(ScriptedBrain(script), Toolbox([*toolbox, tool]), world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "one two three")
            session.close()

    run_virtually(main())
    assert [event.text for event in of(events, LateResult)] == ["Late a."]
    assert of(events, Answered)[0].text == "read of b."
