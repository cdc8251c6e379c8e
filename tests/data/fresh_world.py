"""The world `fresh`, of which the fresh tasks speak: people, notes and files that are nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

from tools.store import Store

_CONTACTS = (  # name, nickname, relation
    ("Agnieszka Wrona", None, "neighbour"),
    ("Rafa Ortega", None, "flatmate"),
    ("Nkechi Adeyemi", None, "sister"),
    ("Joost van Dijk", None, "landlord"),
    ("Mehmet Yildiz", None, "plumber"),
    ("Siobhan Doyle", None, "boss"),
    ("Kwame Mensah", None, "colleague"),
    ("Bettina Krause", None, "friend"),
    ("Harpreet Gill", None, "accountant"),
    ("Luca Ferri", None, "cousin"),
    ("Eilidh Fraser", None, "physio"),
    ("Dmitri Volkov", None, "coach"),
    ("Vera Adeyemi", "Mum", "mother"),
    ("Stan Adeyemi", "Dad", "father"),
    ("Wei Lin", None, "colleague"),
    ("Joanna Pike", "Auntie Jo", "aunt"),
)
_EVENTS = (  # title, days from today, start and end, place
    ("the stand-up", 0, "10:00", "10:15", None),
    ("physio", 1, "17:15", "18:00", "Castle Street Clinic"),
    ("orchestra", 2, "19:30", "21:30", "Corn Exchange"),
    ("lunch with Bettina", 3, "13:00", "14:00", "Olive Tree"),
    ("the allotment meeting", 4, "11:00", "12:00", "Plot 14"),
    ("the car service", 6, "08:30", "09:30", "Harris Motors"),
)
_NOTES = {
    "grocery list": "porridge oats\nlimes\nbin bags",
    "camping list": "stove\nsleeping mats",
    "reading list": "Middlesex",
    "paint colours": "hall in sage\nkitchen in chalk",
    "Barcelona": "hotel near the Gothic Quarter",
}
_MAILS = (  # sender, subject, text, days ago
    ("Siobhan Doyle", "the rota", "Who can swap with me on Friday?", 0.1),
    ("Joost van Dijk", "the roof", "May the roofer come on Thursday?", 1),
    ("Harpreet Gill", "the invoice", "Invoice 88 is still open.", 2),
    ("Eilidh Fraser", "exercises", "Please do the stretches twice a day.", 3),
)
_FILES = {
    "seating-plan.pdf": "The seating plan has nine tables. The family sits at the first.",
    "tax-return.pdf": "This tax return is for the year to April 2026. The refund is 212 pounds.",
    "survey-report.pdf": "The survey found damp in the north wall. The roof needs work within two years.",
    "tenancy-agreement.pdf": "The tenancy runs for eighteen months. No pets may be kept.",
    "choir-programme.pdf": "The choir sings Faure and Rutter. Doors open at seven.",
    "CV.pdf": "Project manager with ten years in charities. Speaks Igbo and Spanish.",
}
_FACTS = {
    "Lake Titicaca": "Lake Titicaca is up to 281 metres deep.",
    "Treaty of Waitangi": "The Treaty of Waitangi was signed in New Zealand in 1840.",
    "Hedy Lamarr": "Hedy Lamarr, the actress, invented a kind of frequency hopping in 1942.",
    "Sagrada Familia": "The Sagrada Familia in Barcelona was built to plans by Antoni Gaudi.",
    "Axolotl": "An axolotl can live as long as fifteen years.",
    "Mount Erebus": "Mount Erebus in Antarctica is 3,794 metres tall.",
    "Saffron": "Saffron is harvested by hand from the flowers of a crocus.",
}


def furnish(store: Store, now: datetime) -> None:
    """Fill an empty store, its dates around `now`."""
    today, stamp = now.date(), now.isoformat(timespec="seconds")
    emails = {name: f"{name.split()[0].lower()}@example.com" for name, _, _ in _CONTACTS}
    for at, (name, nickname, relation) in enumerate(_CONTACTS):
        store.write(
            "INSERT INTO contacts (name, nickname, phone, email, relation) VALUES (?, ?, ?, ?, ?)",
            *(name, nickname, f"+44 1632 960{201 + at}", emails[name], relation),
        )
    for title, days, start, end, place in _EVENTS:
        day = today + timedelta(days=days)
        store.write(
            "INSERT INTO events (title, start, finish, location) VALUES (?, ?, ?, ?)",
            *(title, f"{day}T{start}", f"{day}T{end}", place),
        )
    for name, content in _NOTES.items():
        store.write("INSERT INTO notes (name, content, created) VALUES (?, ?, ?)", name, content, stamp)
    for sender, subject, body, days_ago in _MAILS:
        received = (now - timedelta(days=days_ago)).isoformat(timespec="seconds")
        store.write(
            "INSERT INTO mails (sender, address, subject, body, received) VALUES (?, ?, ?, ?, ?)",
            *(sender, emails[sender], subject, body, received),
        )
    for name, content in _FILES.items():
        store.write(
            "INSERT INTO files (name, path, content) VALUES (?, ?, ?)", name, f"Papers/{name}", content
        )
    for title, text in _FACTS.items():
        store.write("INSERT INTO facts (title, text) VALUES (?, ?)", title, text)
    store.write(
        "INSERT INTO timers (label, due, seconds) VALUES ('dough', ?, 1800)",
        (now + timedelta(minutes=25)).isoformat(timespec="microseconds"),
    )
