"""What is due is told once, and in words that fit when it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.tools.conftest import NOW
from tools.assistant.alerts import due_alerts, tell
from tools.assistant.reminders import create_reminder
from tools.assistant.timers import set_timer
from tools.store import Store
from tools.tool import Arguments, Tool, ToolContext


def at(context: ToolContext, moment: datetime) -> ToolContext:
    return ToolContext(context.store, lambda: moment)


async def due(context: ToolContext, moment: datetime) -> list[str]:
    return [alert.text for alert in due_alerts(at(context, moment))]


async def use(tool: Tool, context: ToolContext, arguments: Arguments) -> None:
    await tool.run(context, arguments)


@pytest.mark.parametrize(
    ("arguments", "late", "text"),
    [
        ({"duration": "ten minutes"}, 0, "Your ten-minute timer is done."),
        ({"duration": "one hour"}, 59, "Your one-hour timer is done."),
        ({"duration": "90 seconds"}, 0, "Your timer for one minute and thirty seconds is done."),
        ({"duration": "ten minutes", "label": "Pasta timer"}, 0, "Your pasta timer is done."),
        ({"duration": "ten minutes"}, 600, "Your ten-minute timer was done at nine ten."),
        ({"duration": "ten minutes"}, 86400, "Your ten-minute timer was done yesterday at nine ten."),
        (
            {"duration": "ten minutes"},
            172800,
            "Your ten-minute timer was done on Monday the 23rd of November at nine ten.",
        ),
    ],
)
async def test_how_a_timer_is_told(
    context: ToolContext, arguments: Arguments, late: float, text: str
) -> None:
    context.store.write("DELETE FROM reminders")
    await use(set_timer, context, arguments)
    row = context.store.row("SELECT due FROM timers")
    assert row is not None
    ends = datetime.fromisoformat(row["due"])
    assert await due(context, ends - timedelta(microseconds=1)) == []
    assert await due(context, ends + timedelta(seconds=late)) == [text]


async def test_how_a_reminder_is_told() -> None:
    with Store.memory() as store:
        context = ToolContext(store, lambda: NOW)
        await use(create_reminder, context, {"title": "call Ben", "due": "noon"})
        await use(create_reminder, context, {"title": "buy milk", "due": "tomorrow"})
        await use(create_reminder, context, {"title": "sleep"})
        noon = NOW.replace(hour=12)
        assert await due(context, noon - timedelta(seconds=1)) == []
        assert await due(context, noon) == ["This is your reminder to call Ben."]
        assert await due(context, noon + timedelta(hours=1)) == ["Your reminder to call Ben was due at noon."]
        morning = NOW + timedelta(days=1)  # nine, when one is told what has no time
        assert await due(context, morning - timedelta(seconds=1)) == [
            "Your reminder to call Ben was due yesterday at noon."
        ]
        assert (await due(context, morning))[1:] == ["This is your reminder to buy milk."]


async def test_a_reminder_for_the_day_that_has_begun_was_not_missed() -> None:
    with Store.memory() as store:
        afternoon = ToolContext(store, lambda: NOW.replace(hour=15))
        await use(create_reminder, afternoon, {"title": "buy milk", "due": "today"})
        assert due_alerts(afternoon) == []


async def test_each_is_told_once_in_the_order_in_which_they_were_due(context: ToolContext) -> None:
    context.store.write("DELETE FROM reminders")
    for minutes in ("three", "one", "two"):
        await use(set_timer, context, {"duration": f"{minutes} minutes"})
    later = at(context, NOW + timedelta(minutes=3))
    found = due_alerts(later)
    assert [alert.text.split()[1] for alert in found] == ["one-minute", "two-minute", "three-minute"]
    tell(context.store, found[1])
    assert due_alerts(later) == [found[0], found[2]]
