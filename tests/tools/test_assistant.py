from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.tools.conftest import NOW
from tools.assistant.alerts import due_alerts, tell
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


@dataclass
class Hand:
    """Uses tools as a session does: checked, reads directly, effects through the journal."""

    context: ToolContext
    box: Toolbox
    journal: Journal

    async def use(self, name: str, /, **arguments: Json) -> ToolResult:
        tool = self.box.get(name)
        given = self.box.check(name, {key.removesuffix("_"): value for key, value in arguments.items()})
        if tool.effect is Effect.READ:
            before = self.context.store.changes
            result = await tool.run(self.context, given)
            assert self.context.store.changes == before, f"{name} is a read, but wrote"
            return result
        key = str(len(self.journal.entries()))
        return (await self.journal.perform(key, tool, self.context, given))[1]

    async def say(self, name: str, /, **arguments: Json) -> str:
        """The text of a use, or of its failure."""
        try:
            return (await self.use(name, **arguments)).text
        except ToolError as error:
            return str(error)

    async def undo(self) -> str:
        latest = self.journal.latest_undoable()
        assert latest is not None
        return (await self.journal.undo(latest.id, self.box, self.context)).text

    def later(self, moment: datetime) -> Hand:
        return Hand(ToolContext(self.context.store, lambda: moment), self.box, self.journal)

    def world(self) -> str:
        """Everything in the store but the journal, and the counters of row IDs."""
        tables = [
            row["name"]
            for row in self.context.store.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            if row["name"] not in ("journal", "sqlite_sequence")
        ]
        return json.dumps(
            {
                table: [tuple(map(str, row)) for row in self.context.store.rows(f"SELECT * FROM {table}")]
                for table in tables
            }
        )


@pytest.fixture
def hand(context: ToolContext, toolbox: Toolbox) -> Hand:
    return Hand(context, toolbox, Journal(context.store))


WRITES: list[tuple[str, dict[str, Json], str, str]] = [
    (
        "create_calendar_event",
        {"title": "lunch with Ana", "start": "Saturday at one"},
        "Lunch with Ana is in your calendar for Saturday the 28th at one.",
        "Lunch with Ana is out of your calendar again.",
    ),
    (
        "create_calendar_event",
        {
            "title": "review",
            "start": "2026-12-11T15:00",
            "end": "half past four",
            "invitees": "Ana, Ben and Mum",
        },
        "Review with Ana, Ben and Mum is in your calendar for Friday the 11th of December at three.",
        "Review is out of your calendar again.",
    ),
    (
        "create_calendar_event",
        {"title": "Ana's birthday", "start": "the 28th", "location": "the park", "notes": "cake"},
        "Ana's birthday is in your calendar for Saturday the 28th.",
        "Ana's birthday is out of your calendar again.",
    ),
    (
        "compose_new_email",
        {"to": "Ana and Ben", "subject": "the flat", "body": "Have a look.", "attachments": "the lease"},
        "Your email to Ana and Ben about the flat is in the drafts, with lease.pdf attached.",
        "I deleted the draft to Ana and Ben.",
    ),
    (
        "reply_to_email",
        {"body": "Sure."},
        "Your reply to Priya about the budget is in the drafts.",
        "I deleted the draft to Priya.",
    ),
    (
        "reply_to_email",
        {"body": "Tuesday is fine.", "to": "tom.becker@example.com"},
        "Your reply to Tom about the boiler is in the drafts.",
        "I deleted the draft to Tom.",
    ),
    (
        "forward_email",
        {"to": "mum", "body": "Look at this."},
        "The email about the budget is in the drafts, to go on to Mum.",
        "I deleted the draft to Mum.",
    ),
    (
        "create_note",
        {"name": "party", "content": "balloons"},
        "I made your note party, saying balloons.",
        "I removed your note party.",
    ),
    ("create_note", {"name": "gift list"}, "I made your gift list.", "I removed your gift list."),
    (
        "append_note_content",
        {"name": "shopping list", "content": "oat milk"},
        "I added oat milk to your shopping list.",
        "I took oat milk off your shopping list again.",
    ),
    (
        "create_reminder",
        {"title": "call the dentist", "due": "tomorrow at nine"},
        "Your reminder to call the dentist is set for tomorrow at nine.",
        'I removed the reminder "call the dentist".',
    ),
    (
        "create_reminder",
        {"title": "buy stamps", "list": "errands"},
        "Your reminder to buy stamps is set on your errands list.",
        'I removed the reminder "buy stamps".',
    ),
    (
        "get_zoom_meeting_link",
        {"topic": "the budget", "start": "Friday at ten", "duration": "half an hour", "invitees": "Sarah"},
        "The meeting link for the budget with Sarah Friday the 27th at ten is ready, "
        "on Jitsi since no Zoom account is connected.",
        "I dropped the meeting link for the budget.",
    ),
    (
        "set_timer",
        {"duration": "ten minutes", "label": "Pasta"},
        "Your pasta timer is set for ten minutes.",
        "I stopped your pasta timer.",
    ),
    (
        "set_timer",
        {"duration": "an hour and a half"},
        "Your timer is set for one hour and thirty minutes.",
        "I stopped your timer.",
    ),
    ("play_music", {"what": "some jazz"}, "Music is set to some jazz.", "The music is no longer set."),
    (
        "set_light",
        {"room": "the kitchen", "state": "on"},
        "The kitchen light is on.",
        "The kitchen light is back to off.",
    ),
    (
        "set_light",
        {"room": "living room lights", "state": "fifty percent"},
        "The living room light is at 50 percent.",
        "The living room light is back to on.",
    ),
    (
        "set_light",
        {"room": "living room", "state": "down a bit"},
        "The living room light is dim.",
        "The living room light is back to on.",
    ),
    (
        "set_thermostat",
        {"degrees": "twenty one"},
        "The thermostat is set to 21 degrees.",
        "The thermostat is back to 19.",
    ),
    (
        "set_thermostat",
        {"degrees": "two degrees warmer"},
        "The thermostat is set to 21 degrees.",
        "The thermostat is back to 19.",
    ),
    (
        "set_thermostat",
        {"degrees": 20.5},
        "The thermostat is set to 20.5 degrees.",
        "The thermostat is back to 19.",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "done", "undone"), WRITES, ids=lambda part: str(part)[:30])
async def test_each_write_is_done_and_undone(
    hand: Hand, name: str, arguments: dict[str, Json], done: str, undone: str
) -> None:
    before = hand.world()
    assert (await hand.use(name, **arguments)).text == done
    assert hand.world() != before
    assert await hand.undo() == undone
    assert hand.world() == before


READS: list[tuple[str, dict[str, Json], str]] = [
    ("get_phone_number", {"name": "Ana"}, "Ana's number is +44 7700 900101."),
    ("get_phone_number", {"name": "anna"}, "Ana's number is +44 7700 900101."),
    ("get_phone_number", {"name": "my mom"}, "Mum's number is +44 7700 900103."),
    ("get_phone_number", {"name": "mother"}, "Mum's number is +44 7700 900103."),
    ("get_phone_number", {"name": "Sara"}, "Sarah's number is +44 7700 900105."),
    ("get_phone_number", {"name": "the dentist"}, "Lucy's number is +44 7700 900110."),
    ("get_phone_number", {"name": "Sam"}, "Which Sam: Sam Novak or Sam Okafor?"),
    ("get_phone_number", {"name": "Sam Okafor"}, "Sam Okafor's number is +44 7700 900106."),
    ("get_phone_number", {"name": "Okafor"}, "Sam Okafor's number is +44 7700 900106."),
    (
        "get_phone_number",
        {"name": "Carter"},
        "Which Carter: Ben Carter, George Carter, Helen Carter or Rose Carter?",
    ),
    ("get_phone_number", {"name": "Zoe"}, 'I found no contact called "Zoe".'),
    ("get_email_address", {"name": "ben's"}, "Ben's email address is ben.carter@example.com."),
    ("find_events", {"day": "Saturday"}, "On Saturday the 28th you have swimming at ten."),
    ("find_events", {"day": "tomorrow"}, "Tomorrow you have the dentist at half past three."),
    ("find_events", {"day": "2026-11-27"}, "Nothing is in your calendar for Friday the 27th."),
    (
        "find_events",
        {"day": "the weekend"},
        "On the weekend you have swimming on Saturday the 28th at ten and dinner at Mum's "
        "on Sunday the 29th at five.",
    ),
    ("find_events", {"query": "dentist"}, "You have the dentist tomorrow at half past three."),
    ("find_events", {"query": "leisure"}, "You have swimming on Saturday the 28th at ten."),
    ("find_events", {"query": "unicorn"}, "Nothing about unicorn is in your calendar."),
    (
        "find_events",
        {"day": "next week", "query": "team meeting"},
        "Next week you have the team meeting on Monday the 30th of November at half past nine.",
    ),
    (
        "find_events",
        {},
        "In the next seven days you have the team meeting today at half past nine, the dentist tomorrow at "
        "half past three, choir practice on Wednesday the 25th at seven, lunch with Priya on Thursday the "
        "26th at half past twelve, swimming on Saturday the 28th at ten and two more.",
    ),
    ("open_note", {"name": "shopping"}, "Your shopping list says: milk, eggs and bread."),
    (
        "open_note",
        {"name": "the garden note"},
        "Your note garden says: plant the tulips before the frost and ask Tom about the fence.",
    ),
    ("open_note", {"name": "taxes"}, 'I found no note called "taxes".'),
    ("open_and_get_file_path", {"name": "the budget"}, "I found budget-2027.pdf."),
    ("open_and_get_file_path", {"name": "boiler manual pdf"}, "I found boiler-manual.pdf."),
    ("open_and_get_file_path", {"name": "diary"}, 'I found no file called "diary".'),
    (
        "summarize_pdf",
        {"path": "Documents/lease.pdf"},
        "lease.pdf says: This lease lets the flat at 4 River Walk until the end of August 2027. "
        "Either side may end it with two months' notice.",
    ),
    ("summarize_pdf", {"path": "/etc/passwd"}, 'I found no file called "/etc/passwd".'),
    ("maps_open_location", {"place": "the dentist"}, "The dentist is at Mill Lane Dental, 14 Mill Lane."),
    ("maps_open_location", {"place": "Harbour Cafe"}, "Harbour Cafe is at 1 Quay Street."),
    ("maps_open_location", {"place": "pizza near me"}, "I have a map link for pizza near me."),
    (
        "maps_show_directions",
        {"to": "work", "from": "home", "mode": "walking"},
        "I have directions to work from home on foot.",
    ),
    (
        "maps_show_directions",
        {"to": "Paris", "mode": "by train"},
        "I have directions to Paris by public transport.",
    ),
    (
        "maps_show_directions",
        {"to": "Paris", "mode": "by unicorn"},
        'I can find the way on foot, by bicycle, by public transport or by car, not "by unicorn".',
    ),
    ("list_timers", {}, "No timer is running."),
]


@pytest.mark.parametrize(("name", "arguments", "text"), READS, ids=lambda part: str(part)[:30])
async def test_each_read(hand: Hand, name: str, arguments: dict[str, Json], text: str) -> None:
    assert await hand.say(name, **arguments) == text


async def test_values_for_dependent_calls(hand: Hand) -> None:
    assert (await hand.use("get_phone_number", name="Ana")).value == "+44 7700 900101"
    assert (await hand.use("get_email_address", name="Ana")).value == "ana.lopez@example.com"
    assert (await hand.use("open_and_get_file_path", name="lease")).value == "Documents/lease.pdf"
    assert (
        await hand.use("create_calendar_event", title="x", start="Saturday at one")
    ).value == "2026-11-28T13:00"
    link = (await hand.use("maps_show_directions", to="work", from_="home", mode="by bike")).value
    assert link == (
        "https://www.google.com/maps/dir/?api=1&destination=20+Station+Square&origin=4+River+Walk"
        "&travelmode=bicycling"
    )
    room = (await hand.use("get_zoom_meeting_link", topic="x")).value
    assert isinstance(room, str) and room.startswith("https://meet.jit.si/")


@pytest.mark.parametrize("to", ["Ana", "ana lopez", "+44 7700 900101", "+447700900101"])
async def test_a_text_asks_and_lands_in_the_outbox(hand: Hand, to: str) -> None:
    question = hand.box.get("send_sms").question
    assert question is not None
    assert question(hand.context, {"to": to, "message": "running late."}) == "Text Ana: running late?"
    assert await hand.say("send_sms", to=to, message="running late.") == "Your text to Ana is in the outbox."
    (row,) = hand.context.store.rows("SELECT * FROM messages")
    assert row["recipient"] == "Ana" and row["body"] == "running late."
    assert row["number"].replace(" ", "") == "+447700900101"


async def test_a_text_to_nobody_in_particular_fails_before_it_asks(hand: Hand) -> None:
    question = hand.box.get("send_sms").question
    assert question is not None
    with pytest.raises(ToolError, match="^Which Sam: Sam Novak or Sam Okafor\\?$"):
        question(hand.context, {"to": "Sam", "message": "hi"})
    assert question(hand.context, {"to": "555 0100", "message": "hi"}) == "Text 555 0100: hi?"
    hand.context.store.write("UPDATE contacts SET phone = NULL, email = NULL WHERE name = 'Ben Carter'")
    assert await hand.say("send_sms", to="Ben", message="hi") == "I have no phone number for Ben."
    assert await hand.say("compose_new_email", to="Ben") == "I have no email address for Ben."


async def test_what_the_calendar_keeps(hand: Hand) -> None:
    for end, finish in (
        ("ninety minutes", "14:30"),
        ("three", "15:00"),
        (None, "14:00"),
        ("2026-11-28T13:30", "13:30"),
    ):
        await hand.use("create_calendar_event", title="x", start="Saturday at one", end=end)
        row = hand.context.store.row("SELECT * FROM events ORDER BY id DESC")
        assert row is not None and row["finish"] == f"2026-11-28T{finish}"
    ends_early = await hand.say(
        "create_calendar_event", title="x", start="Saturday at one", end="2026-11-27T10:00"
    )
    assert ends_early == "The event would end before it starts."
    assert (
        await hand.say("create_calendar_event", title="x", start="banana")
        == 'I could not read "banana" as a time.'
    )
    assert await hand.say("create_calendar_event", title="x", start="noon", invitees="Zoe") == (
        'I found no contact called "Zoe".'
    )


async def test_what_a_draft_keeps(hand: Hand) -> None:
    await hand.use(
        "compose_new_email", to="Ana, ben@else.example", subject="hi", attachments="Documents/lease.pdf"
    )
    row = hand.context.store.row("SELECT * FROM drafts")
    assert row is not None
    assert json.loads(row["recipients"]) == ["ana.lopez@example.com", "ben@else.example"]
    assert json.loads(row["attachments"]) == ["Documents/lease.pdf"]
    await hand.use("forward_email", to="Ana", body="Look.")
    row = hand.context.store.row("SELECT * FROM drafts ORDER BY id DESC")
    assert row is not None and row["subject"] == "Fwd: the budget"
    assert row["body"].startswith("Look.\n\nFrom: Priya Raman <priya.raman@example.com>")
    hand.context.store.write("DELETE FROM mails")
    assert await hand.say("reply_to_email", body="x") == "There is no email to reply to."
    assert await hand.say("reply_to_email", body="x", to="Ana") == "Your reply to Ana is in the drafts."
    assert await hand.say("forward_email", to="Ana") == "There is no email to forward."


async def test_timers_run_down(hand: Hand) -> None:
    await hand.use("set_timer", duration="ten minutes", label="pasta")
    await hand.use("set_timer", duration="an hour")
    later = hand.later(NOW + timedelta(minutes=8, seconds=30))
    assert await later.say("list_timers") == (
        "Your pasta timer has one minute and thirty seconds left and your timer has fifty one minutes "
        "and thirty seconds left."
    )
    assert due_alerts(later.context) == []
    done = hand.later(NOW + timedelta(minutes=10))
    (pasta,) = due_alerts(done.context)
    assert pasta.text == "Your pasta timer is done."
    tell(hand.context.store, pasta)
    assert due_alerts(done.context) == []
    (hour,) = due_alerts(hand.later(NOW + timedelta(hours=1)).context)
    assert hour.text == "Your one-hour timer is done."
    assert await hand.later(NOW + timedelta(hours=1)).say("list_timers") == "No timer is running."


async def test_an_undo_never_takes_away_what_came_later(hand: Hand) -> None:
    await hand.use("set_light", room="kitchen", state="on")
    first = hand.journal.latest_undoable()
    await hand.use("set_light", room="kitchen", state="dim")
    assert first is not None
    with pytest.raises(ToolError, match="has changed since"):
        await hand.journal.undo(first.id, hand.box, hand.context)

    await hand.use("create_note", name="party", content="balloons")
    created = hand.journal.latest_undoable()
    await hand.use("append_note_content", name="party", content="cake")
    added = hand.journal.latest_undoable()
    await hand.use("append_note_content", name="party", content="candles")
    assert created is not None and added is not None
    with pytest.raises(ToolError, match="has changed since"):
        await hand.journal.undo(created.id, hand.box, hand.context)
    await hand.journal.undo(added.id, hand.box, hand.context)
    assert (await hand.use("open_note", name="party")).value == "balloons\ncandles"
    hand.context.store.write("DELETE FROM notes")
    with pytest.raises(ToolError, match="has changed since"):
        await hand.undo()


async def test_bounds(hand: Hand) -> None:
    assert await hand.say("set_thermostat", degrees="70") == (
        "The heating can be set from 5 to 30 degrees Celsius, not to 70."
    )
    assert await hand.say("set_light", room="hall", state="200 percent") == (
        "A light can be set from 0 to 100 percent."
    )
    assert await hand.say("create_note", name="Garden") == "There is already a note called garden."
    assert await hand.say("set_timer", duration="ten") == 'I could not read "ten" as a length of time.'


async def test_files_on_disk(tmp_path: Path, toolbox: Toolbox) -> None:
    with Store.open(tmp_path) as store:
        files = tmp_path / "files"
        files.mkdir()
        (files / "Report.pdf").write_bytes(_pdf("The year went well. Sales rose by a tenth. Costs did not."))
        (files / "ideas.txt").write_text("Paint the door. Fix the gate.\nSleep.")
        (files / "photo.jpg").write_bytes(b"x")
        (files / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
        hand = Hand(ToolContext(store, lambda: NOW), toolbox, Journal(store))
        path = (await hand.use("open_and_get_file_path", name="the report")).value
        assert path == str(files / "Report.pdf")
        assert await hand.say("summarize_pdf", path=path) == (
            "Report.pdf says: The year went well. Sales rose by a tenth."
        )
        assert (
            await hand.say("summarize_pdf", path="ideas") == "ideas.txt says: Paint the door. Fix the gate."
        )
        assert (
            await hand.say("summarize_pdf", path="photo") == "I can read PDF and text files, not photo.jpg."
        )
        assert await hand.say("summarize_pdf", path="broken") == (
            "I cannot read broken.pdf; it may be damaged or locked."
        )


def _pdf(text: str) -> bytes:
    """The smallest one-page PDF that shows `text`."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


async def test_seeding_is_for_an_empty_store_only(hand: Hand) -> None:
    before = hand.world()
    seed(hand.context.store, NOW)
    assert hand.world() == before
    with Store.memory() as store:
        store.write("INSERT INTO contacts (name) VALUES ('Zoe')")
        seed(store, NOW)
        assert len(store.rows("SELECT * FROM contacts")) == 1


@pytest.mark.parametrize("days", range(7))
async def test_the_household_has_the_same_plans_on_whatever_weekday_it_is_made(
    toolbox: Toolbox, days: int
) -> None:
    now = NOW + timedelta(days=days)
    with Store.memory() as store:
        seed(store, now)
        hand = Hand(ToolContext(store, lambda: now), toolbox, Journal(store))
        day = "today" if f"{now:%A}" == "Saturday" else "Saturday"
        assert "swimming at ten" in await hand.say("find_events", day=day)
