"""An invented household, for trying the assistant out. Nobody in it exists; its numbers ring nowhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tools.store import Store

_CONTACTS = (
    ("Ana Lopez", None, "+44 7700 900101", "ana.lopez@example.com", "friend"),
    ("Ben Carter", None, "+44 7700 900102", "ben.carter@example.com", "brother"),
    ("Helen Carter", "Mum", "+44 7700 900103", "helen.carter@example.com", "mother"),
    ("George Carter", "Dad", "+44 7700 900104", "george.carter@example.com", "father"),
    ("Sarah Whitfield", None, "+44 7700 900105", "sarah.whitfield@example.com", "colleague"),
    ("Sam Okafor", None, "+44 7700 900106", "sam.okafor@example.com", "colleague"),
    ("Sam Novak", None, "+44 7700 900107", "sam.novak@example.com", "neighbour"),
    ("Priya Raman", None, "+44 7700 900108", "priya.raman@example.com", "manager"),
    ("Tom Becker", None, "+44 7700 900109", "tom.becker@example.com", "landlord"),
    ("Lucy Chen", None, "+44 7700 900110", "lucy.chen@example.com", "dentist"),
    ("Rose Carter", "Grandma", "+44 7700 900111", "rose.carter@example.com", "grandmother"),
    ("Marco Bianchi", None, "+44 7700 900112", "marco.bianchi@example.com", "flatmate"),
    ("Ingrid Dahl", None, "+44 7700 900113", "ingrid.dahl@example.com", "neighbour"),
    ("Paula Reed", None, "+44 7700 900114", "paula.reed@example.com", "friend"),
    ("Yusuf Demir", None, "+44 7700 900115", "yusuf.demir@example.com", "electrician"),
    ("Clara Evans", None, "+44 7700 900116", "clara.evans@example.com", "friend"),
    ("Hannah Moss", None, "+44 7700 900117", "hannah.moss@example.com", "colleague"),
)
_EVENTS = (  # days as if today were a Monday (see `_coming`), start and end, title, place
    (0, "09:30", "10:00", "the team meeting", None),
    (1, "15:30", "16:15", "the dentist", "Mill Lane Dental"),
    (2, "19:00", "21:00", "choir practice", "St Mark's Hall"),
    (3, "12:30", "13:30", "lunch with Priya", "Harbour Cafe"),
    (5, "10:00", "11:00", "swimming", "Leisure centre"),
    (6, "17:00", "19:00", "dinner at Mum's", "12 Orchard Road"),
    (7, "09:30", "10:00", "the team meeting", None),
    (8, "18:00", "19:00", "parents' evening", "Park School"),
    (10, "14:00", "15:00", "the budget review", None),
    (12, "11:00", "12:00", "a haircut", "Barber on Bridge Street"),
)
_NOTES = (
    ("shopping list", "milk\neggs\nbread", None),
    ("packing list", "passport\nswimming things\ncharger", "Travel"),
    ("garden", "plant the tulips before the frost\nask Tom about the fence", "House"),
    ("wifi", "the guest password is on the back of the router", "House"),
)
_REMINDERS = (  # title, days from today, time, list
    ("water the plants", 1, "08:00", None),
    ("pay the electricity bill", 3, "18:00", "Bills"),
    ("renew the library books", 6, None, None),
)
_MAILS = (  # sender, subject, body, days ago
    ("Priya Raman", "the budget", "Could you send me your part of the budget by Thursday?", 0.05),
    ("Tom Becker", "the boiler", "The plumber will look at the boiler next week. Is Tuesday fine?", 1.2),
    ("Ana Lopez", "Saturday", "Shall we have lunch on Saturday?", 2.1),
)
_FILES = (
    (
        "budget-2027.pdf",
        "Documents/budget-2027.pdf",
        "The household budget for 2027 plans to spend 2,400 pounds a month. "
        "Rent is the largest part, at 1,100 pounds. Savings grow to 250 pounds a month from March.",
    ),
    (
        "lease.pdf",
        "Documents/lease.pdf",
        "This lease lets the flat at 4 River Walk until the end of August 2027. "
        "Either side may end it with two months' notice. The rent is due on the first of each month.",
    ),
    (
        "boiler-manual.pdf",
        "Documents/boiler-manual.pdf",
        "This manual explains the heating boiler. If the pressure falls below one bar, open the filling "
        "valve until it reads one and a half. Have the boiler serviced once a year.",
    ),
    (
        "insurance-contract.pdf",
        "Documents/insurance-contract.pdf",
        "This contract insures the contents of the flat against fire, water and theft. "
        "It runs until March and renews for a year unless either side ends it. The excess is 150 pounds.",
    ),
    (
        "holiday-plan.txt",
        "Documents/holiday-plan.txt",
        "Two weeks in Lisbon in June. Book the flights by January.",
    ),
)
_PLACES = (
    ("home", "4 River Walk"),
    ("work", "20 Station Square"),
    ("dentist", "Mill Lane Dental, 14 Mill Lane"),
    ("gym", "Leisure centre, Park Road"),
    ("school", "Park School, 3 Park Road"),
    ("Mum's", "12 Orchard Road"),
    ("Harbour Cafe", "1 Quay Street"),
)
_HOME = (("thermostat", "19"), ("light:kitchen", "off"), ("light:living room", "on"))


def seed(store: Store, now: datetime) -> None:
    """Fill an empty store with the household, its dates around `now`. Any other is left alone."""
    tables = ("contacts", "events", "notes", "reminders", "drafts", "messages", "timers", "home", "journal")
    if any(store.row(f"SELECT 1 FROM {table}") for table in tables):
        return
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    stamp = now.isoformat(timespec="seconds")
    emails = {name: email for name, _, _, email, _ in _CONTACTS}
    with store.transaction():
        for contact in _CONTACTS:
            store.write(
                "INSERT INTO contacts (name, nickname, phone, email, relation) VALUES (?, ?, ?, ?, ?)",
                *contact,
            )
        for days, start, end, title, place in _EVENTS:
            day = _coming(days, now).isoformat()
            store.write(
                "INSERT INTO events (title, start, finish, location) VALUES (?, ?, ?, ?)",
                title,
                f"{day}T{start}",
                f"{day}T{end}",
                place,
            )
        for name, content, folder in _NOTES:
            store.write(
                "INSERT INTO notes (name, content, folder, created) VALUES (?, ?, ?, ?)",
                name,
                content,
                folder,
                stamp,
            )
        for title, days, clock, list_name in _REMINDERS:
            day = (midnight + timedelta(days=days)).date().isoformat()
            store.write(
                "INSERT INTO reminders (title, due, list, created) VALUES (?, ?, ?, ?)",
                title,
                f"{day}T{clock}" if clock else day,
                list_name,
                stamp,
            )
        for sender, subject, body, days_ago in _MAILS:
            received = (now - timedelta(days=days_ago)).isoformat(timespec="seconds")
            store.write(
                "INSERT INTO mails (sender, address, subject, body, received) VALUES (?, ?, ?, ?, ?)",
                sender,
                emails[sender],
                subject,
                body,
                received,
            )
        for file in _FILES:
            store.write("INSERT INTO files (name, path, content) VALUES (?, ?, ?)", *file)
        for place in _PLACES:
            store.write("INSERT INTO places (name, address) VALUES (?, ?)", *place)
        for device in _HOME:
            store.write("INSERT INTO home VALUES (?, ?)", *device)


def _coming(days: int, now: datetime) -> date:
    """`days` after a Monday as seen from `now`: the first such weekday from today on, or weeks after it.

    So the household is as busy whatever day it is tried on: swimming is always on the coming Saturday.
    """
    weeks, weekday = divmod(days, 7)
    return now.date() + timedelta(days=(weekday - now.weekday()) % 7 + 7 * weeks)
