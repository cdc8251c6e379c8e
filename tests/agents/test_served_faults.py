"""A brain behind HTTP when the way to it fails: a real model, real sessions, broken connections."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import pytest

from agents.port import Limits
from tests.cable import Cable, Fault, cable
from tests.served import served
from tests.talking import talking

PATIENCE = Limits(reaction_seconds=4.0)
WORDS = ("set a timer", "set a timer for ten minutes", "set a timer for ten minutes and text Ana hello")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as server:
        yield int(server.rpartition(":")[2])


@pytest.fixture
async def way(port: int) -> AsyncGenerator[Cable]:
    async with cable(port) as way:
        yield way


async def test_without_a_fault_all_of_it_is_done(way: Cable) -> None:
    async with talking(way.url, PATIENCE) as talk:
        assert "ten minutes" in await talk.say(*WORDS)
        talk.keeps_its_promises()
        assert [entry.tool for entry in talk.journal.entries()] == ["set_timer", "send_sms"]
        assert talk.errors == []


@pytest.mark.parametrize(
    ("fault", "count"), [*((Fault.CUT, count) for count in (0, 300, 2500, 6000)), (Fault.SILENT, 300)]
)
async def test_a_way_that_fails_ends_the_turn_in_words(way: Cable, fault: Fault, count: int) -> None:
    async with talking(way.url, PATIENCE) as talk:
        await talk.brain.warm_up()
        way.break_after(fault, count)
        said = await talk.say(*WORDS)
        assert way.broken
        assert said.startswith("Sorry, something went wrong.")
        assert talk.errors
        talk.keeps_its_promises()
        way.mend()
        assert "five minutes" in await talk.say("set a timer for five minutes")
        talk.keeps_its_promises()
        done = [dict(entry.arguments) for entry in talk.journal.entries()]
        assert done[-1] == {"duration": "five minutes"}


async def test_a_way_that_is_mended_while_you_speak_costs_nothing_but_the_guess(way: Cable) -> None:
    async with talking(way.url, PATIENCE) as talk:
        await talk.brain.warm_up()
        way.break_after(Fault.CUT, 1000)
        await talk.say(*WORDS, then=way.mend)
        assert way.broken
        assert "broke off in the middle of a reaction" in talk.errors[0]
        assert [entry.tool for entry in talk.journal.entries()] == ["set_timer", "send_sms"]
        talk.keeps_its_promises()


async def test_where_nothing_listens_it_says_what_to_start(way: Cable) -> None:
    await way.close()
    async with talking(way.url, PATIENCE) as talk:
        said = await talk.say("set a timer for five minutes")
        assert f"there is no server at 127.0.0.1:{way.port}; start one with `headstart serve`" in said
        talk.keeps_its_promises()
