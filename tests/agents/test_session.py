from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from agents.actions import Action, Answer, Answering, Call, Pause, Remove
from agents.brain import Interaction
from agents.brains.scripted import ScriptedBrain, Step
from agents.cost import Meter, Usage
from agents.events import (
    Answered,
    CallChanged,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    Event,
    Mode,
    Notice,
    SessionEnded,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnEnded,
    Updated,
    Used,
)
from agents.session import Session
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually


async def talk(
    session: Session, words: str, *, seconds_a_word: float = 0.3, ending: float = 0.5, idle: bool = True
) -> None:
    """Say `words` at an even pace, each stable at once; the end of turn is noticed `ending` later."""
    session.speech_started()
    said = words.split()
    for count in range(1, len(said) + 1):
        await asyncio.sleep(seconds_a_word)
        session.hear(" ".join(said[:count]), "")
    session.speech_ended(session.now())
    await asyncio.sleep(ending)
    session.end_turn(words)
    while idle and not session.is_idle:
        await asyncio.sleep(0.05)


def play(
    script: Sequence[Step] | Callable[[int], Sequence[Step]],
    words: str = "one two three four",
    *,
    mode: Mode = Mode.SPECULATIVE,
    after: Callable[[Session], object] | None = None,
    patience: float = 0.0,
    values: dict[object, str] | None = None,
) -> tuple[list[Event], Recorder]:
    """One turn on a virtual clock: its events and what really ran."""

    async def drive(session: Session) -> None:
        if after is not None:
            session.subscribe(lambda event: after(session) if isinstance(event, ConfirmAsked) else None)
        await talk(session, words)

    return driven(script, drive, mode=mode, patience=patience, values=values)


def driven(
    script: Sequence[Step] | Callable[[int], Sequence[Step]],
    drive: Callable[[Session], Awaitable[None]],
    *,
    mode: Mode = Mode.SPECULATIVE,
    patience: float = 0.0,
    values: dict[object, str] | None = None,
) -> tuple[list[Event], Recorder]:
    """A session that `drive` speaks to, on a virtual clock: its events and what really ran."""
    recorder = Recorder()
    recorder.values.update(values or {})
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(script, patience), toolbox, world, mode=mode)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await drive(session)
            while not session.is_idle:
                await asyncio.sleep(0.05)
            session.close()

    run_virtually(main())
    return events, recorder


E = TypeVar("E")


def of(events: Sequence[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def moment(events: Sequence[Event], call: int, state: CallState) -> float:
    return next(e.at for e in of(events, CallChanged) if (e.call, e.state) == (call, state))


READ_THEN_WRITE = [
    Step(2, [Call(1, "read", {"x": "two"})]),
    Step(3, [Call(2, "write", {"x": "three"})]),
    Step(None, [Answer("$1 $2")]),
]


def test_a_read_starts_while_the_user_speaks_and_a_write_waits_for_commit() -> None:
    events, recorder = play(READ_THEN_WRITE)
    silence = of(events, SpeechEnded)[0].at
    committed = of(events, Committed)[0].at
    assert moment(events, 1, CallState.RUNNING) < silence
    assert moment(events, 2, CallState.HELD) < silence
    assert moment(events, 2, CallState.RUNNING) >= committed
    assert recorder.runs == [("read", {"x": "two"}), ("write", {"x": "three"})]
    assert of(events, Answered)[0].text == "read of two. write of three."


@pytest.mark.parametrize("mode", Mode)
def test_an_answer_that_names_a_fallen_call_says_what_failed(mode: Mode) -> None:
    script = [Step(None, [Call(1, "read", {"x": "bad"}), Call(2, "write", {"x": "$1"}), Answer("$2")])]
    events, recorder = play(script, mode=mode)
    assert of(events, Answered)[0].text == "That went wrong." and not recorder.effects()


@pytest.mark.parametrize("mode", Mode)
def test_an_answer_that_names_only_what_was_withdrawn_is_not_silence(mode: Mode) -> None:
    calls = [Call(1, "read", {"x": "a"}), Call(2, "write", {"x": "$1"})]
    script = [Step(2, calls), Step(None, [Remove(1), Answer("$2")])]
    events, recorder = play(script, mode=mode)
    assert of(events, Answered)[0].text == "Nothing was done." and not recorder.effects()


def test_sequential_mode_does_the_same_later() -> None:
    early, first = play(READ_THEN_WRITE)
    late, second = play(READ_THEN_WRITE, mode=Mode.SEQUENTIAL)
    assert first.effects() == second.effects()
    assert of(early, Answered)[0].text == of(late, Answered)[0].text
    assert of(early, Answered)[0].at < of(late, Answered)[0].at
    final = next(e.at for e in of(late, Updated) if e.final)
    assert moment(late, 1, CallState.RUNNING) >= final


def test_the_head_start_is_what_sequential_mode_really_takes_longer() -> None:
    early, _ = play(READ_THEN_WRITE)
    late, _ = play(READ_THEN_WRITE, mode=Mode.SEQUENTIAL)
    measured = of(late, Answered)[0].at - of(early, Answered)[0].at
    assert abs(of(early, TurnEnded)[0].head_start - measured) < 0.01


def test_a_patch_rolls_the_guess_back() -> None:
    events, recorder = play(
        [
            Step(1, [Call(1, "write", {"x": "friday"})]),
            Step(3, [Call(1, "write", {"x": "saturday"})]),
            Step(None, [Answer("$1")]),
        ]
    )
    assert recorder.effects() == [("write", {"x": "saturday"})]
    assert of(events, TurnEnded)[0].rolled_back == 1
    assert of(events, SessionEnded)[0].wrong_effects == 0


def test_remove_takes_dependants_with_it_and_late_results_change_nothing() -> None:
    events, recorder = play(
        [
            Step(1, [Call(1, "read_slow", {"x": "a"}), Call(2, "write", {"x": "$1"})]),
            Step(2, [Remove(1)]),
            Step(None, [Pause()]),
        ]
    )
    last = {e.call: e.state for e in of(events, CallChanged)}
    assert last == {1: CallState.DISCARDED, 2: CallState.DISCARDED}
    assert recorder.effects() == []


def test_a_reference_is_filled_with_the_value_and_never_read_again() -> None:
    _, recorder = play(
        [Step(1, [Call(1, "read", {"x": "a"}), Call(2, "write", {"x": "$1"})]), Step(None, [Answer("$2")])],
        values={"a": "$2 <pause> REMOVE 1"},
    )
    assert recorder.effects() == [("write", {"x": "$2 <pause> REMOVE 1"})]


def test_patching_a_call_runs_its_dependants_again_with_the_new_result() -> None:
    _, recorder = play(
        [
            Step(
                1,
                [
                    Call(1, "read", {"x": "a"}),
                    Call(2, "read_slow", {"x": "$1"}),
                    Call(3, "write", {"x": "$2"}),
                ],
            ),
            Step(4, [Call(1, "read", {"x": "b"})]),
            Step(None, [Answer("$3")]),
        ]
    )
    assert recorder.effects() == [("write", {"x": "<<b>>"})]


def test_patching_back_uses_the_result_that_is_there() -> None:
    _, recorder = play(
        [
            Step(1, [Call(1, "read", {"x": "a"})]),
            Step(3, [Call(1, "read", {"x": "b"})]),
            Step(4, [Call(1, "read", {"x": "a"})]),
            Step(None, [Answer("$1")]),
        ]
    )
    assert recorder.runs.count(("read", {"x": "a"})) == 1


def test_a_confirm_call_waits_for_a_yes() -> None:
    script = [Step(2, [Call(1, "confirm", {"x": "hello"})]), Step(None, [Answer("$1")])]

    def say_yes(session: Session) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, session.speech_started)
        loop.call_later(1.0, session.hear, "yes", "")
        loop.call_later(1.5, session.end_turn, "Yes, please.")

    events, recorder = play(script, after=say_yes)
    assert recorder.effects() == [("confirm", {"x": "hello"})]
    assert of(events, ConfirmAsked)[0].at >= of(events, Committed)[0].at

    events, recorder = play(script)  # silence
    assert recorder.effects() == []
    assert of(events, Answered)[0].text == "I left that."


def test_a_question_is_spoken_in_the_turn_that_asks_it() -> None:
    def script(turn: int) -> list[Step]:
        call = Call(1, "read" if turn == 1 else "confirm", {"x": "a"})
        return [Step(None, [call, Answer("$1")])]

    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(ScriptedBrain(script), toolbox, world)
        session.subscribe(events.append)

        def say(event: Event) -> None:
            if isinstance(event, ConfirmAsked | Answered):
                session.speaking_started()
                session.speaking_ended(event.text if isinstance(event, Answered) else event.question, False)
            if isinstance(event, ConfirmAsked):
                asyncio.get_running_loop().call_soon(session.confirm, True)

        session.subscribe(say)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "one two")
            await talk(session, "three four")
            session.close()

    run_virtually(main())
    assert [event.turn for event in of(events, SpeakingStarted)] == [1, 2, 2]
    assert [(event.turn, event.heard) for event in of(events, SpeakingEnded)] == [
        (1, "read of a."),
        (2, "confirm a?"),
        (2, "confirm of a."),
    ]


def test_what_is_neither_a_yes_nor_a_no_goes_to_the_brain_and_sends_nothing() -> None:
    def other(session: Session) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, session.speech_started)
        loop.call_later(1.5, session.end_turn, "what time is it in Lisbon")

    script = [
        Step(None, [Call(1, "confirm", {"x": "a"}), Answer("$1")]),
        Step(None, [Answer("Noon.")]),
    ]
    events, recorder = play(script, after=other)
    assert [answer.text for answer in of(events, Answered)] == ["Noon."]
    assert recorder.effects() == []
    assert of(events, SessionEnded)[0].turns == 1


def test_a_correction_of_what_was_asked_is_asked_again() -> None:
    asked = iter([True, False])

    def correct(session: Session) -> None:
        loop = asyncio.get_running_loop()
        if next(asked):
            loop.call_later(0.5, session.speech_started)
            loop.call_later(1.5, session.end_turn, "No, to Ben.")
        else:
            loop.call_later(0.5, session.confirm, True)

    script = [
        Step(None, [Call(1, "confirm", {"x": "ana"}), Answer("$1")]),
        Step(None, [Call(1, "confirm", {"x": "ben"}), Answer("$1")]),
    ]
    events, recorder = play(script, after=correct)
    assert [event.question for event in of(events, ConfirmAsked)] == ["confirm ana?", "confirm ben?"]
    assert recorder.effects() == [("confirm", {"x": "ben"})]
    assert of(events, Updated)[-1].text == "one two three four No, to Ben."


def test_a_noise_is_no_reply() -> None:
    def cough_then_yes(session: Session) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, session.speech_started)
        loop.call_later(1.0, session.end_turn, "")
        loop.call_later(8.0, session.confirm, True)

    script = [Step(None, [Call(1, "confirm", {"x": "a"}), Answer("$1")])]
    _, recorder = play(script, after=cough_then_yes)
    assert recorder.effects() == [("confirm", {"x": "a"})]


def test_effects_run_in_the_order_of_their_ids_and_questions_come_last() -> None:
    def say_yes(session: Session) -> None:
        asyncio.get_running_loop().call_soon(session.confirm, True)

    actions: list[Action] = [
        Call(1, "confirm", {"x": "a"}),
        Call(2, "read_slow", {"x": "b"}),
        Call(3, "write", {"x": "$2"}),
        Call(4, "write", {"x": "c"}),
        Answer("$1 $3 $4"),
    ]
    for mode in Mode:
        _, recorder = play([Step(1, actions[:4]), Step(None, actions[4:])], mode=mode, after=say_yes)
        assert recorder.effects() == [("write", {"x": "<b>"}), ("write", {"x": "c"}), ("confirm", {"x": "a"})]


def test_going_on_before_the_commit_point_reopens_the_turn() -> None:
    recorder = Recorder()
    events: list[Event] = []
    script = [
        Step(2, [Call(1, "write", {"x": "friday"})]),
        Step(4, [Call(1, "write", {"x": "saturday"})]),
        Step(None, [Answer("$1")], seconds=0.2),
    ]

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(script), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "on friday", idle=False)
            await talk(session, "no saturday")
            session.close()

    run_virtually(main())
    assert recorder.effects() == [("write", {"x": "saturday"})]
    assert of(events, SessionEnded)[0].turns == 1


SLOW_ANSWER = [
    Step(None, [Call(1, "write", {"x": "a"}), Answering()], seconds=0.1),
    Step(None, [Answer("It is done: $1")], seconds=3.0),
]


@pytest.mark.parametrize("mode", Mode)
def test_an_effect_does_not_wait_for_the_words_of_the_answer(mode: Mode) -> None:
    events, recorder = play(SLOW_ANSWER, mode=mode)
    (final,) = (update for update in of(events, Updated) if update.final)
    (committed,), (answered,) = of(events, Committed), of(events, Answered)
    assert committed.by == "answer" and committed.at == pytest.approx(final.at + 0.2)
    assert moment(events, 1, CallState.RUNNING) == committed.at
    assert answered.at == pytest.approx(final.at + 3.2) and answered.text.startswith("It is done: ")
    assert recorder.effects() == [("write", {"x": "a"})]


def test_an_answer_that_has_begun_on_a_guess_commits_once_the_user_has_certainly_finished() -> None:
    ended: list[float] = []

    async def drive(session: Session) -> None:
        session.speech_started()
        session.hear("one two", "")
        session.speech_ended(session.now())
        session.guess_end()
        await asyncio.sleep(0.5)
        assert not of(session.events, Committed)
        ended.append(session.now())
        session.end_turn("one two")

    events, _ = driven(SLOW_ANSWER, drive)
    assert moment(events, 1, CallState.RUNNING) == of(events, Committed)[0].at == ended[0]
    assert of(events, Answered)[0].text.startswith("It is done: ")


def test_a_noise_while_the_answer_is_written_does_not_cost_its_words() -> None:
    async def drive(session: Session) -> None:
        await talk(session, "one two", idle=False)
        await asyncio.sleep(1.0)
        assert of(session.events, Committed)
        session.speech_started()
        await asyncio.sleep(0.3)
        session.end_turn("")

    events, recorder = driven(SLOW_ANSWER, drive)
    assert [answer.text for answer in of(events, Answered)][0].startswith("It is done: ")
    assert recorder.effects() == [("write", {"x": "a"})]


def test_whoever_leaves_hears_no_more_and_nobody_else_misses_anything() -> None:
    events: list[Event] = []
    before: list[Event] = []

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(ScriptedBrain([]), toolbox, world)

        def once(event: Event) -> None:
            before.append(event)
            leave()

        leave = session.subscribe(once)
        session.subscribe(events.append)
        session.notice("first")
        session.notice("second")

    run_virtually(main())
    assert [event.text for event in of(before, Notice)] == ["first"]
    assert [event.text for event in of(events, Notice)] == ["first", "second"]


def test_a_brain_that_hangs_costs_the_turn_and_carries_nothing_out() -> None:
    events, recorder = play(
        [Step(1, [Call(1, "write", {"x": "a"})]), Step(None, [Answer("$1")], seconds=1000)]
    )
    assert recorder.effects() == []
    assert len(of(events, TurnEnded)) == 1


def test_a_tool_that_hangs_fails_in_time() -> None:
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        from tools.tool import Effect
        from tools.toolbox import Toolbox

        toolbox = Toolbox([*toolbox, recorder.tool("read_hung", Effect.READ, 1e6)])
        script = [Step(1, [Call(1, "read_hung", {"x": "a"})]), Step(None, [Answer("$1")])]
        session = Session(ScriptedBrain(script), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "one two")
            session.close()

    run_virtually(main())
    assert "did not answer within 10 seconds" in of(events, Answered)[0].text


def test_silence_ends_the_turn_without_a_word() -> None:
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain([]), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            session.end_turn("")
            session.close()

    run_virtually(main())
    assert not of(events, Answered)
    assert len(of(events, TurnEnded)) == 1


def test_closing_in_the_middle_discards_what_is_held() -> None:
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(READ_THEN_WRITE), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            session.hear("one two three", "")
            await asyncio.sleep(0.1)
            session.close()

    run_virtually(main())
    assert recorder.effects() == []
    assert isinstance(events[-1], SessionEnded)


def test_nothing_is_told_after_the_end_not_even_what_a_guess_took() -> None:
    meter = Meter({})
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(ScriptedBrain([]), toolbox, world, meter=meter)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            meter.add(1, "small", Usage(text_in=100), guess=True)
            session.close()
        meter.add(1, "small", Usage(text_in=100, estimated=True), guess=True)

    run_virtually(main())
    assert len(of(events, Used)) == 1 and isinstance(events[-1], SessionEnded)


def stopped(when: CallState) -> tuple[list[Event], Recorder]:
    """A turn that is stopped as its write enters `when`, and the same words once more."""
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(lambda _: READ_THEN_WRITE), toolbox, world)
        session.subscribe(events.append)
        reached = asyncio.Event()
        session.subscribe(
            lambda event: (
                reached.set()
                if isinstance(event, CallChanged) and (event.call, event.state) == (2, when)
                else None
            )
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            assert not session.stop()
            speaking = group.create_task(talk(session, "one two three four", idle=False))
            await reached.wait()
            assert session.stop()
            assert session.is_idle and not session.stop()
            speaking.cancel()
            await asyncio.sleep(5.0)
            await talk(session, "one two three four")
            session.close()

    run_virtually(main())
    return events, recorder


def test_stopping_discards_what_is_held_and_says_nothing() -> None:
    events, recorder = stopped(CallState.HELD)
    assert recorder.effects() == [("write", {"x": "three"})]  # of the second turn
    assert [event.turn for event in of(events, Answered)] == [2]
    assert [event.turn for event in of(events, TurnEnded)] == [1, 2]
    dropped = next(e for e in of(events, CallChanged) if (e.call, e.state) == (2, CallState.DISCARDED))
    assert dropped.reason == "you stopped it"


def test_stopping_does_not_tear_an_effect_that_has_begun() -> None:
    events, recorder = stopped(CallState.RUNNING)
    assert recorder.effects() == [("write", {"x": "three"})] * 2
    assert [event.turn for event in of(events, Answered)] == [2]
    assert [event.turn for event in of(events, Effected)] == [1, 2]


def test_another_brain_takes_over_in_the_middle_of_a_turn() -> None:
    recorder = Recorder()
    events: list[Event] = []
    slow = ScriptedBrain([Step(None, [Call(1, "write", {"x": "slow"}), Answer("$1")], seconds=30.0)])
    quick = ScriptedBrain([Step(None, [Call(1, "write", {"x": "quick"}), Answer("$1")])])

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(slow, toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await talk(session, "one two", idle=False)
            await asyncio.sleep(1.0)
            assert session.change(quick, Mode.SEQUENTIAL) is slow
            while not session.is_idle:
                await asyncio.sleep(0.05)
            session.close()

    run_virtually(main())
    assert recorder.effects() == [("write", {"x": "quick"})]
    assert of(events, Answered)[0].text == "write of quick."


def test_a_turn_of_which_a_part_was_not_heard_does_nothing_and_it_is_told_once() -> None:
    recorder = Recorder()
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(recorder)
        session = Session(ScriptedBrain(lambda _: READ_THEN_WRITE), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            for _ in range(2):
                speaking = group.create_task(talk(session, "one two three four", idle=False))
                await asyncio.sleep(1.1)
                session.audio_lost(5.0)
                speaking.cancel()
                await asyncio.sleep(5.0)
            await talk(session, "one two three four")
            session.audio_lost(5.0)  # and nothing of that turn
            session.close()

    run_virtually(main())
    assert recorder.effects() == [("write", {"x": "three"})]  # of the last turn
    assert [event.turn for event in of(events, TurnEnded)] == [1, 2, 3]
    told = [event.text for event in of(events, Notice) if event.error]
    assert told == ["too busy to listen: 5 s were not heard; please say it again"] * 2  # once, and once again


def test_a_reply_that_was_not_heard_is_no_reply() -> None:
    script = [Step(None, [Call(1, "confirm", {"x": "four"}), Answer("$1")])]

    def answer(session: Session) -> None:
        session.speech_started()
        session.hear("yes", "")
        session.audio_lost(5.0)
        assert session.is_asking

    events, recorder = play(script, after=answer)
    assert not recorder.effects()
    assert not of(events, CallChanged)[-1].text


def test_a_result_does_not_cut_off_an_answer_that_has_begun() -> None:
    reactions: list[int] = []

    class Counted(ScriptedBrain):
        async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
            reactions.append(interaction.turn)
            async for action in super().react(interaction):
                yield action

    script = [
        Step(None, [Call(1, "read", {"x": "a"})]),
        Step(None, [Answering()], seconds=5.0),  # the result comes before that
        Step(None, [Answer("$1")], seconds=0.1),
    ]
    events: list[Event] = []

    async def main() -> None:
        toolbox, world = build(Recorder())
        session = Session(Counted(script), toolbox, world)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            session.speech_started()
            session.end_turn("one")
            while not session.is_idle:
                await asyncio.sleep(0.05)
            session.close()

    run_virtually(main())
    assert of(events, Answered)[0].text == "read of a."
    assert len(reactions) == 1
