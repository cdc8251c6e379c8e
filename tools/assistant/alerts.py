"""What makes itself heard: timers that ran out, and reminders whose time has come."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.assistant.timers import timer_name
from tools.saying import on_day, say_time, sentence
from tools.store import Store
from tools.tool import ToolContext

_MORNING = "T09:00"  # when what is due on a day without a time is told
_LATE = timedelta(minutes=1)  # from then on it is also told when it was due

# A reminder for today, made in the afternoon, was not missed in the morning: nobody is told of it.
_DUE = f"""
SELECT * FROM (
    SELECT 'timers' AS source, id, due, label AS name, seconds, '' AS created FROM timers WHERE NOT told
    UNION ALL
    SELECT 'reminders', id, due || iif(length(due) = 10, '{_MORNING}', ''), title, 0, created FROM reminders
        WHERE NOT told)
WHERE due <= ? AND due > created ORDER BY due
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """Row `id` of the table `source` is due, and `text` is what there is to say."""

    source: str
    id: int
    text: str


def due_alerts(context: ToolContext) -> list[Alert]:
    """What is due and was not told yet, in the order in which it was due. Raises StoreError."""
    now = context.now()
    rows = context.store.rows(_DUE, now.isoformat(timespec="microseconds"))
    return [Alert(row["source"], row["id"], _text(row, now)) for row in rows]


def tell(store: Store, alert: Alert) -> None:
    """The user knows: it is never told again. Raises StoreError."""
    store.write(f"UPDATE {alert.source} SET told = 1 WHERE id = ?", alert.id)


def _text(row: sqlite3.Row, now: datetime) -> str:
    due = datetime.fromisoformat(row["due"])
    was = ""
    if now - due >= _LATE:
        day = "" if due.date() == now.date() else f"{on_day(due.date(), now)} "
        was = f"{day}at {say_time(due)}"
    if row["source"] == "timers":
        name = timer_name(row["name"], timedelta(seconds=row["seconds"]))
        return sentence(f"{name} was done {was}." if was else f"{name} is done.")
    return (
        f"Your reminder to {row['name']} was due {was}."
        if was
        else f"This is your reminder to {row['name']}."
    )
