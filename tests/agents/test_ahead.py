"""Guesses that are asked for ahead: used where the words and calls are as was told, else never seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from agents.actions import Action, Call
from agents.brain import BrainError, Interaction
from agents.brains.ahead import Ahead
from agents.events import Answered, CallIssued, Committed, EndOfTurn, Event, TurnStarted, Updated
from agents.session import Session
from tests.agents.test_openai import created, double, of
from tests.agents.worlds import Recorder, build
from tests.conftest import run_virtually
from tests.doubles.gemini_play import say, saying
from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace
from tests.doubles.openai_mind import Call as Asked
from tests.doubles.openai_mind import Context, Say
from tests.doubles.openai_play import converse
from tools.tool import Effect

READ, WRITE = Call(1, "read", {"x": "one"}), Call(2, "write", {"x": "two"})
ISSUED = CallIssued(1, 0.5, 1, 1, "read", {"x": "one"}, Effect.READ)


class Slow:
    """Says the same to everything, an action a second."""

    def __init__(self, *actions: Action | BrainError) -> None:
        self.actions = actions
        self.asked: list[str] = []
        self.ended = 0  # those that were not closed early

    async def guess(self, interaction: Interaction) -> AsyncIterator[Action]:
        self.asked.append(next(e.text for e in reversed(interaction.of_turn) if isinstance(e, Updated)))
        for action in self.actions:
            await asyncio.sleep(1.0)
            if isinstance(action, BrainError):
                raise action
            yield action
        self.ended += 1

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


def at(text: str, *more: Event, turn: int = 1, final: bool = True) -> Interaction:
    events = [TurnStarted(turn, 0.0), *more, Updated(turn, 1.0, text, final)]
    return Interaction(build(Recorder())[0], turn, events)


async def take(ahead: Ahead, interaction: Interaction) -> tuple[list[Action], float]:
    """The actions for it, and the seconds they took."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    actions = [action async for action in ahead.guess(interaction)]
    return actions, loop.time() - begun


def test_what_was_asked_ahead_needs_not_be_waited_for() -> None:
    async def main() -> None:
        slow = Slow(READ, WRITE)
        ahead = Ahead(slow)
        ahead.ask(at("read one"))
        assert ahead.is_waiting and ahead.covers(at("Read 1.", final=False))
        await asyncio.sleep(1.5)
        assert await take(ahead, at("Read one!")) == ([READ, WRITE], pytest.approx(0.5))
        assert slow.asked == ["read one"] and not ahead.is_waiting
        assert await take(ahead, at("read one")) == ([], 0.0)  # all is said
        await ahead.close()

    run_virtually(main())


@pytest.mark.parametrize(
    "other",
    [at("read one more"), at("read one", turn=2), at("read one", ISSUED)],
    ids=["words", "turn", "calls"],
)
def test_for_another_situation_it_is_given_up_and_asked_anew(other: Interaction) -> None:
    async def main() -> None:
        slow = Slow(READ, WRITE)
        ahead = Ahead(slow)
        ahead.ask(at("read one"))
        await asyncio.sleep(0.5)
        assert not ahead.covers(other)
        assert await take(ahead, other) == ([READ, WRITE], pytest.approx(2.0))
        assert len(slow.asked) == 2 and slow.ended == 1 and not ahead.is_waiting
        await ahead.close()

    run_virtually(main())


def test_it_is_not_asked_twice_and_only_the_latest_words_count() -> None:
    async def main() -> None:
        slow = Slow(READ)
        ahead = Ahead(slow)
        for text in ("read", "read one", "Read 1"):
            ahead.ask(at(text))
            await asyncio.sleep(0.1)
        assert slow.asked == ["read", "read one"]
        assert ahead.goes_beyond(at("read")) and not ahead.goes_beyond(at("read one"))
        assert not ahead.goes_beyond(at("write")) and not ahead.goes_beyond(at("read", turn=2))
        await ahead.close()
        assert slow.ended == 0

    run_virtually(main())


def test_who_was_interrupted_goes_on_from_there() -> None:
    """The call it has issued meanwhile was told by the guess itself."""

    async def main() -> None:
        slow = Slow(READ, WRITE)
        ahead = Ahead(slow)
        ahead.ask(at("read one"))
        interaction = at("read one", final=False)
        guess = ahead.guess(interaction)
        assert await anext(guess) == READ
        cast("list[Event]", interaction.of_turn).append(ISSUED)
        await guess.aclose()
        assert ahead.is_waiting and not ahead.covers(at("read one"))
        assert (await take(ahead, at("read one", ISSUED)))[0] == [WRITE]
        assert slow.asked == ["read one"]
        await ahead.close()

    run_virtually(main())


def test_who_reads_it_hears_all_of_it_though_other_words_are_asked_about() -> None:
    async def main() -> None:
        slow = Slow(READ, WRITE)
        ahead = Ahead(slow)
        ahead.ask(at("read one"))
        reading = asyncio.create_task(take(ahead, at("read one")))
        await asyncio.sleep(1.5)
        ahead.ask(at("read one more"))
        assert (await reading)[0] == [READ, WRITE]
        # Whoever stops reading what is not wanted any more ends it.
        guess = ahead.guess(at("read one more"))
        assert await anext(guess) == READ
        ahead.drop()
        await guess.aclose()
        await ahead.close()
        assert slow.ended == 1

    run_virtually(main())


def test_a_failure_nobody_waited_for_is_no_answer() -> None:
    async def main() -> None:
        slow = Slow(BrainError("out of order"))
        ahead = Ahead(slow)
        ahead.ask(at("read one"))
        await asyncio.sleep(1.5)
        assert not ahead.is_waiting
        slow.actions = (READ,)
        assert (await take(ahead, at("read one")))[0] == [READ]
        slow.actions = (READ, BrainError("out of order"))
        ahead.ask(at("read two"))
        with pytest.raises(BrainError, match="out of order"):
            await take(ahead, at("read two"))
        await ahead.close()

    run_virtually(main())


# ---- in a conversation -----------------------------------------------------------------------------

FAR = {"pace": Pace(first=0.3, piece=0.01), "network": Network(0.05)}


def words_of(guesses: Sequence[dict[str, list[dict[str, list[dict[str, str]]]]]]) -> list[str]:
    """What the guesses were asked about."""
    return [one["input"][-1]["content"][0]["text"].partition("\n")[0] for one in guesses]


def test_the_last_words_are_asked_about_once_as_the_user_falls_silent() -> None:
    server = double(**FAR)
    said = "read one and write two"
    played = converse(server, saying(said))
    asked = words_of(created(server, oob=True))
    assert [one for one in asked if one.startswith("<final")] == [
        "<final_query_update> read one and write two"
    ]
    (end,), (committed,) = of(played.events, EndOfTurn), of(played.events, Committed)
    assert committed.at == end.at  # nothing was left to wait for
    assert of(played.events, Answered)[0].text == "read of one. write of two."
    assert server.refused == []


def test_words_that_go_on_after_all_are_asked_about_as_any() -> None:
    async def script(session: Session) -> None:
        session.speech_started()
        session.hear("read", "one")
        session.speech_ended(session.now())
        await asyncio.sleep(0.2)
        session.speech_started()
        for text in ("read one and write", "read one and write two"):
            await asyncio.sleep(0.3)
            session.hear(text, "")
        session.speech_ended(session.now())
        await asyncio.sleep(0.5)
        session.end_turn("read one and write two")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    server = double(**FAR)
    played = converse(server, script)
    assert "<final_query_update> read one" in words_of(created(server, oob=True))
    assert played.recorder.effects() == [("write", {"x": "two"})]
    assert of(played.events, Answered)[0].text == "read of one. write of two."


def test_words_that_turn_out_to_be_others_are_what_counts() -> None:
    """What was heard last is recognised otherwise in the end."""

    async def script(session: Session) -> None:
        session.speech_started()
        await asyncio.sleep(0.3)
        session.hear("write", "two")
        session.speech_ended(session.now())
        await asyncio.sleep(0.45)
        session.hear("write three", "")
        await asyncio.sleep(0.05)
        session.end_turn("write three")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    server = double(**FAR)
    played = converse(server, script)
    assert played.recorder.effects() == [("write", {"x": "three"})]
    assert not [one for one in of(played.events, CallIssued) if one.arguments == {"x": "two"}]
    assert server.refused == []


def test_half_a_sentence_that_may_be_all_is_asked_about_again() -> None:
    """A model that puts things anywhere until the sentence is over."""
    server = double(pace=Pace(first=0.05), network=Network(0.0))
    usual = server.mind

    def hasty(context: Context) -> Sequence[Asked | Say]:
        is_half = context.is_guess and not context.words.startswith("<final")
        return [Asked("put", {"x": "wrong"})] if is_half and "six" in context.words else usual(context)

    server.mind = hasty
    played = converse(server, saying("put six"))
    assert [one.arguments for one in of(played.events, CallIssued)][-1] == {"x": "six"}
    assert played.recorder.effects() == [("put", {"x": "six"})]


def test_a_spent_budget_asks_nothing_ahead() -> None:
    server = double(**FAR)

    async def script(session: Session) -> None:
        await say(session, "read one please")
        while not session.is_idle:
            await asyncio.sleep(0.05)

    converse(server, script, budget=0.0)
    assert created(server, oob=True) == []
