"""Timers and reminders in a session, on a virtual clock: due when they are, told once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from agents.actions import Answer
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import AlertDue, AlertTold, Event, Notice
from agents.executor import World
from agents.session import Session
from tests.agents.test_session import of, talk
from tests.agents.worlds import NOW
from tests.conftest import run_virtually
from tools.assistant.timers import set_timer
from tools.journal import Journal
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox


def live(store: Store, scene: Callable[[Session], Awaitable[object]], begun: float = 0.0) -> list[Event]:
    """A session that begins `begun` seconds after nine, as long as the scene; its events."""
    events: list[Event] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        context = ToolContext(store, lambda: NOW + timedelta(seconds=begun + loop.time()))
        world = World(Journal(store), context, None)
        brain = ScriptedBrain([Step(None, [Answer("Well.")])])
        session = Session(brain, Toolbox([set_timer]), world, rings=True)
        session.subscribe(events.append)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            await asyncio.sleep(0)
            await scene(session)
            session.close()

    run_virtually(main())
    return events


async def ten_minutes(store: Store) -> None:
    await set_timer.run(ToolContext(store, lambda: NOW), {"duration": "ten minutes"})


def set_in(store: Store) -> None:
    run_virtually(ten_minutes(store))


TEXT = "Your ten-minute timer is done."


def test_it_is_due_on_time_and_told_once() -> None:
    async def scene(session: Session) -> None:
        await asyncio.sleep(590)
        assert not session.is_ringing
        await asyncio.sleep(11.5)
        assert session.is_ringing
        assert session.take_alert() == TEXT
        session.alert_told(TEXT, False)
        assert not session.is_ringing
        await asyncio.sleep(3600)
        assert not session.is_ringing

    with Store.memory() as store:
        set_in(store)
        events = live(store, scene)
        (due,) = of(events, AlertDue)
        assert due.text == TEXT and 600 <= due.at <= 601.1
        assert [(told.text, told.interrupted) for told in of(events, AlertTold)] == [(TEXT, False)]


def test_it_waits_for_the_end_of_the_turn() -> None:
    async def scene(session: Session) -> None:
        await asyncio.sleep(598)
        speaking = asyncio.create_task(talk(session, "a b c d e f g h i j k l m n o p q r s t"))
        await asyncio.sleep(4)
        assert not session.is_idle and not session.is_ringing
        await speaking
        assert session.is_ringing

    with Store.memory() as store:
        set_in(store)
        (due,) = of(live(store, scene), AlertDue)
        assert due.at < 602  # it is shown at once


def test_what_was_due_while_it_was_off_is_told_when_it_is_on_again_once() -> None:
    async def nobody(session: Session) -> None:
        await asyncio.sleep(610)  # no voice takes it: as if it had crashed

    async def told(session: Session) -> None:
        await asyncio.sleep(0.1)
        text = session.take_alert()
        session.alert_told(text, False)

    async def nothing(session: Session) -> None:
        await asyncio.sleep(5)
        assert not session.is_ringing

    with Store.memory() as store:
        set_in(store)
        live(store, nobody)
        (due,) = of(live(store, told, begun=7200), AlertDue)
        assert due.text == "Your ten-minute timer was done at nine ten." and due.at < 1
        assert not of(live(store, nothing, begun=7300), AlertDue)


def test_a_timer_that_was_taken_back_is_silent() -> None:
    async def scene(session: Session) -> None:
        await asyncio.sleep(602)
        assert session.is_ringing
        store.write("DELETE FROM timers")
        await asyncio.sleep(2)
        assert not session.is_ringing

    with Store.memory() as store:
        set_in(store)
        live(store, scene)


def test_what_comes_due_while_another_is_told_is_told_after_it() -> None:
    async def scene(session: Session) -> None:
        await set_timer.run(ToolContext(store, lambda: NOW), {"duration": "605 seconds", "label": "tea"})
        await asyncio.sleep(602)
        first = session.take_alert()
        await asyncio.sleep(5)
        session.alert_told(first, False)
        assert session.is_ringing and session.take_alert() == "Your tea timer is done."

    with Store.memory() as store:
        set_in(store)
        live(store, scene)


def test_a_store_that_cannot_be_read_is_told_and_the_talk_goes_on() -> None:
    async def scene(session: Session) -> None:
        store.write("DROP TABLE timers")
        await asyncio.sleep(3)
        await talk(session, "a b")

    with Store.memory() as store:
        events = live(store, scene)
        told = [event.text for event in of(events, Notice) if event.error]
        assert len(told) == 1 and told[0].startswith("Timers and reminders are not heard any more: ")
