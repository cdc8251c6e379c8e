"""How people ask for each tool.

A template is words with `(a|b)` choices, `[optional]` parts, `{parameter:kind}` slots and `*` where the
tool has become clear, for templates whose first slot comes before that (`*1`: the second tool). In a
chain, slots name the request they belong to (`{1.to:name}`), and `links` feed one request's value to a
parameter of another. The templates are in `phrases.txt`, under their tools.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from agents.training.lexicon import sections


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to ask. `links` maps (request, parameter) to the request whose value it takes."""

    tools: tuple[str, ...]
    template: str
    links: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])


REQUIRED: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("name",),
    "get_email_address": ("name",),
    "find_events": (),
    "create_calendar_event": ("title", "start"),
    "compose_new_email": ("to",),
    "reply_to_email": ("body",),
    "forward_email": ("to",),
    "send_sms": ("to", "message"),
    "create_note": ("name",),
    "open_note": ("name",),
    "append_note_content": ("name", "content"),
    "create_reminder": ("title",),
    "open_and_get_file_path": ("name",),
    "summarize_pdf": ("path",),
    "maps_open_location": ("place",),
    "maps_show_directions": ("to",),
    "get_zoom_meeting_link": ("topic",),
    "search": ("query",),
    "get_weather": ("place",),
    "set_timer": ("duration",),
    "list_timers": (),
    "play_music": ("what",),
    "set_light": ("room", "state"),
    "set_thermostat": ("degrees",),
}
ORDER: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("name",),
    "get_email_address": ("name",),
    "find_events": ("day", "query"),
    "create_calendar_event": ("title", "start", "end", "invitees", "location", "notes"),
    "compose_new_email": ("to", "subject", "body", "attachments"),
    "reply_to_email": ("body", "to"),
    "forward_email": ("to", "body"),
    "send_sms": ("to", "message"),
    "create_note": ("name", "content", "folder"),
    "open_note": ("name",),
    "append_note_content": ("name", "content"),
    "create_reminder": ("title", "due", "notes", "list"),
    "open_and_get_file_path": ("name",),
    "summarize_pdf": ("path",),
    "maps_open_location": ("place",),
    "maps_show_directions": ("to", "from", "mode"),
    "get_zoom_meeting_link": ("topic", "start", "duration", "invitees"),
    "search": ("query",),
    "get_weather": ("place", "day"),
    "set_timer": ("duration", "label"),
    "list_timers": (),
    "play_music": ("what",),
    "set_light": ("room", "state"),
    "set_thermostat": ("degrees",),
}
READS = frozenset(
    "get_phone_number get_email_address find_events open_note open_and_get_file_path summarize_pdf "
    "maps_open_location maps_show_directions search get_weather list_timers".split()
)
NOUNS: dict[str, tuple[str, ...]] = {
    "create_calendar_event": ("event", "appointment", "calendar entry"),
    "compose_new_email": ("email", "mail"),
    "reply_to_email": ("reply",),
    "forward_email": ("forward",),
    "send_sms": ("text", "message"),
    "create_note": ("note",),
    "append_note_content": ("note",),
    "create_reminder": ("reminder",),
    "get_zoom_meeting_link": ("zoom meeting", "zoom call"),
    "set_timer": ("timer",),
    "play_music": ("music",),
    "set_light": ("light", "lights"),
    "set_thermostat": ("thermostat", "heating"),
}


def _link(text: str) -> dict[tuple[int, str], int]:
    target, source = text.split("=")
    request, parameter = target.split(".")
    return {(int(request), parameter): int(source)}


def _phrases() -> tuple[dict[str, tuple[Phrase, ...]], tuple[Phrase, ...]]:
    single: dict[str, tuple[Phrase, ...]] = {}
    chained: list[Phrase] = []
    for head, lines in sections("phrases.txt").items():
        *tools, last = head.split()
        if tools:
            chained += [Phrase(tuple(tools), line, _link(last)) for line in lines]
        else:
            single[last] = tuple(Phrase((last,), line) for line in lines)
    return single, tuple(chained)


SINGLE, CHAINED = _phrases()

_CHOICE = re.compile(r"\(([^()]*)\)")
_OPTION = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(?:(\d)\.)?(\w+):(\w+)\}")


def expanded(template: str, rng: random.Random) -> str:
    """`template` with its choices made."""
    while (option := _OPTION.search(template)) is not None:
        kept = option.group(1) if rng.random() < 0.5 else ""
        template = template[: option.start()] + kept + template[option.end() :]
    while (choice := _CHOICE.search(template)) is not None:
        made = rng.choice(choice.group(1).split("|"))
        template = template[: choice.start()] + made + template[choice.end() :]
    return " ".join(template.split())
