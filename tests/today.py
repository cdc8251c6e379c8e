"""For tests of the whole command, which lives today and not on a day of their choosing."""

from __future__ import annotations

from datetime import datetime

from tools.assistant import assistant_tools
from tools.days import read_day
from tools.demo_data import seed
from tools.saying import say_day
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox


def spoken_day(weekday: str) -> str:
    """How the assistant says the coming `weekday`: on a Friday "Saturday" is "tomorrow"."""
    now = datetime.now()
    day = read_day(weekday.casefold(), now)
    assert day is not None
    return say_day(day, now)


async def plans(weekday: str) -> str:
    """What `find_events` finds in the invented household for the coming `weekday`."""
    now = datetime.now()
    toolbox = Toolbox(assistant_tools())
    with Store.memory() as store:
        seed(store, now)
        arguments = toolbox.check("find_events", {"day": weekday})
        return (await toolbox.get("find_events").run(ToolContext(store, lambda: now), arguments)).text
