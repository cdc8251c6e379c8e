"""The built-in tools, one noun a file, over the local store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools import when
from tools.assistant.calendar import create_calendar_event, find_events
from tools.assistant.contacts import get_email_address, get_phone_number
from tools.assistant.drafts import compose_new_email, forward_email, reply_to_email
from tools.assistant.files import open_and_get_file_path, summarize_pdf
from tools.assistant.home import play_music, set_light, set_thermostat
from tools.assistant.maps import maps_open_location, maps_show_directions
from tools.assistant.meetings import get_zoom_meeting_link
from tools.assistant.messages import send_sms
from tools.assistant.notes import append_note_content, create_note, open_note
from tools.assistant.reminders import create_reminder
from tools.assistant.search import search_tool
from tools.assistant.timers import list_timers, set_timer
from tools.assistant.weather import weather_tool
from tools.tool import Tool

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport


def assistant_tools(transport: AsyncBaseTransport | None = None) -> tuple[Tool, ...]:
    """All built-in tools. Those that go online do so over `transport`; None is the network."""
    return (
        get_phone_number,
        get_email_address,
        find_events,
        create_calendar_event,
        compose_new_email,
        reply_to_email,
        forward_email,
        send_sms,
        create_note,
        open_note,
        append_note_content,
        create_reminder,
        open_and_get_file_path,
        summarize_pdf,
        maps_open_location,
        maps_show_directions,
        get_zoom_meeting_link,
        search_tool(transport),
        weather_tool(transport),
        set_timer,
        list_timers,
        play_music,
        set_light,
        set_thermostat,
    )


def warm_up() -> None:
    """Load what the tools load when first used (about a second), so that no call waits for it."""
    import httpx  # pyright: ignore[reportUnusedImport]  # noqa: F401

    from tools.assistant.people import likeness

    when.warm_up()
    likeness("ana", "anna")
