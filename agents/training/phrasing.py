"""How people ask for each tool.

A template is words with `(a|b)` choices, `[optional]` parts, `{parameter:kind}` slots and `*` where the
tool has become clear, for templates whose first slot comes before that (`*1`: the second tool). In a
chain, slots name the request they belong to (`{1.to:name}`), and `links` feed one request's value to a
parameter of another; the head of its section says so (`1.message=0`), or that two requests share words
(`1.state~0.state`). The templates are in `phrases/`, under their tools; `3x` before these has people use them
three times as often.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.training.lexicon import sections
from tools.tool import Json


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to ask. `links` maps (request, parameter) to the request whose value it takes.

    `shares` maps (request, parameter) to the one in whose words it is said as well.
    """

    tools: tuple[str, ...]
    template: str
    links: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])
    shares: dict[tuple[int, str], tuple[int, str]] = field(
        default_factory=dict[tuple[int, str], tuple[int, str]]
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request for a tool is made of: its parameters in their order, and those it cannot do without.

    `nouns` and `back` are how it is taken back, `say` sentences it returns (empty for a built-in one).
    `reading` turns the words of a parameter that is no text into its value, or None where they are none.
    `parameters` is the JSON schema and `declaration` the line in the stream of one that is declared; both are
    empty for what the model knows by heart.
    """

    order: tuple[str, ...]
    required: tuple[str, ...]
    reads: bool
    nouns: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    reading: Mapping[str, Callable[[str], Json]] = field(default_factory=dict[str, Callable[[str], Json]])
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    declaration: str = ""


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
    "find_events": ("calendar", "schedule"),
    "open_note": ("note",),
    "get_weather": ("weather", "forecast"),
    "maps_show_directions": ("directions", "route"),
    "maps_open_location": ("map",),
    "search": ("search",),
}


@dataclass(frozen=True, slots=True)
class Instead:
    """Another tool for the same thing: its parameters by those of the first, and how that is said."""

    tool: str
    names: Mapping[str, str]
    words: tuple[str, ...]

    def fits(self, arguments: Mapping[str, object]) -> bool:
        """Whether what was said is all that the other tool needs, and nothing it has no place for."""
        given = {self.names[name] for name in arguments if name in self.names}
        return set(REQUIRED[self.tool]) <= given and set(arguments) <= set(self.names)


INSTEAD: dict[str, tuple[Instead, ...]] = {
    "get_phone_number": (
        Instead("get_email_address", {"name": "name"}, (
            "the email", "the email address", "email address", "his email", "the email instead")),
    ),
    "get_email_address": (
        Instead("get_phone_number", {"name": "name"}, (
            "the phone number", "the number", "phone number", "her number", "the number instead")),
    ),
    "send_sms": (
        Instead("compose_new_email", {"to": "to", "message": "body"}, (
            "email it", "send it as an email", "email that instead", "do that by email", "as an email")),
    ),
    "compose_new_email": (
        Instead("send_sms", {"to": "to", "body": "message"}, (
            "text it", "send it as a text", "text that instead", "do that by text", "as a text message")),
    ),
    "create_reminder": (
        Instead("create_calendar_event", {"title": "title", "due": "start"}, (
            "put that in my calendar", "put it on my calendar instead", "a calendar event", "as an event")),
    ),
    "create_calendar_event": (
        Instead("create_reminder", {"title": "title", "start": "due"}, (
            "just remind me", "a reminder instead", "set a reminder for that", "as a reminder")),
    ),
    "maps_open_location": (
        Instead("maps_show_directions", {"place": "to"}, (
            "give me directions", "take me there", "directions there", "how do I get there")),
        Instead("get_weather", {"place": "place"}, ("the weather there", "what's the weather there")),
    ),
    "create_note": (
        Instead("open_note", {"name": "name"}, ("open it", "just read it", "open that note")),
    ),
    "open_note": (
        Instead("open_and_get_file_path", {"name": "name"}, ("the file", "I mean the file", "the document")),
    ),
    "open_and_get_file_path": (
        Instead("open_note", {"name": "name"}, ("the note", "the note I mean", "my note")),
    ),
}  # fmt: skip
TAKE_BACK: dict[str, tuple[str, ...]] = {
    "create_calendar_event": ("don't put it in", "don't add it", "don't schedule it"),
    "compose_new_email": ("don't send it", "don't email them", "don't write it", "no email",
                          "don't email {to}", "don't write to {to}", "don't email it", "don't mail it"),
    "reply_to_email": ("don't reply", "don't answer", "I won't reply"),
    "forward_email": ("don't forward it", "don't send it on", "don't forward it to {to}"),
    "send_sms": ("don't text {to}", "don't message {to}", "don't write to {to}", "don't text it",
                 "don't send it", "don't text him", "don't text her", "don't text them", "don't send that",
                 "I'll call instead", "no text"),
    "create_note": ("don't make a note", "no note", "I don't need a note"),
    "append_note_content": ("don't add it", "don't write that down", "don't add that"),
    "create_reminder": ("don't remind me", "no reminder", "I don't need a reminder", "I'll remember"),
    "get_zoom_meeting_link": ("don't make a link", "no zoom", "no meeting after all"),
    "set_timer": ("no timer", "I don't need a timer", "don't start it", "don't set it"),
    "play_music": ("don't play {what}", "don't play it", "don't play anything", "no music",
                   "I'd rather have silence"),
    "set_light": ("leave it as it is", "leave the lights", "don't touch the lights"),
    "set_thermostat": ("leave it as it is", "leave the temperature", "don't change it"),
    "get_weather": ("don't look it up", "I don't need the weather"),
    "search": ("don't look it up", "don't search"),
}  # fmt: skip

# What is left of two requests when the other is taken back: "just tell me the number".
KEPT: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("tell me the number", "the number", "look the number up", "read me the number"),
    "get_email_address": ("tell me the address", "the address", "look it up", "read me the address"),
    "find_events": ("tell me what's on", "check the calendar", "look at the calendar"),
    "open_note": ("open it", "open the note", "read it to me", "read the note", "show it to me"),
    "open_and_get_file_path": ("look for it", "open it", "open the file", "get the file", "show it to me"),
    "summarize_pdf": ("sum it up", "summarise it", "the summary", "tell me what it says"),
    "get_weather": ("tell me the weather", "the weather", "check the forecast"),
    "search": ("look it up", "tell me the answer", "the answer"),
    "maps_show_directions": ("show me the way", "the directions", "tell me the way"),
    "maps_open_location": ("show it to me", "show me the map", "the map"),
    "get_zoom_meeting_link": ("make the link", "the link", "set up the call"),
    "send_sms": ("send the text", "the text", "text {to}", "the message"),
    "compose_new_email": ("write the email", "the email", "email {to}", "send the mail"),
    "reply_to_email": ("answer it", "the reply", "send the reply"),
    "forward_email": ("forward it", "send it on", "forward it to {to}"),
    "create_note": ("make the note", "the note", "start the note"),
    "append_note_content": ("add it", "write it down"),
    "create_reminder": ("remind me", "the reminder", "set the reminder"),
    "create_calendar_event": ("put it in the calendar", "the calendar", "the appointment"),
    "set_timer": ("the timer", "set the timer", "start the timer"),
    "list_timers": ("tell me the timers", "check the timers"),
    "play_music": ("the music", "play the music", "play {what}"),
    "set_light": ("the light", "the lights", "do the light"),
    "set_thermostat": ("the heating", "the temperature", "change the heating"),
}

BUILT_IN: dict[str, Shape] = {
    name: Shape(order, REQUIRED[name], name in READS, NOUNS.get(name, ()), TAKE_BACK.get(name, ()))
    for name, order in ORDER.items()
}


def _phrases() -> tuple[dict[str, tuple[Phrase, ...]], tuple[tuple[Phrase, ...], ...]]:
    single: dict[str, list[Phrase]] = {}
    chained: list[tuple[Phrase, ...]] = []
    for head, lines in sections("phrases").items():
        tools = tuple(name for name in head.split() if name[0].isalpha())
        links: dict[tuple[int, str], int] = {}
        shares: dict[tuple[int, str], tuple[int, str]] = {}
        for target, how, source in re.findall(r"(\S+)([=~])(\S+)", head):
            request, parameter = target.split(".")
            if how == "=":
                links[int(request), parameter] = int(source)
            else:
                shares[int(request), parameter] = (int(source.split(".")[0]), source.split(".")[1])
        phrases = [Phrase(tools, line, links, shares) for line in lines]
        times = int(found[1]) if (found := re.match(r"(\d+)x ", head)) else 1
        if len(tools) == 1:
            single.setdefault(tools[0], []).extend(phrases * times)
        else:
            chained += [tuple(phrases)] * times
    return {tool: tuple(phrases) for tool, phrases in single.items()}, tuple(chained)


SINGLE, CHAINED = _phrases()

_CHOICE = re.compile(r"\(([^()]*)\)")
_OPTION = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(?:(\d)\.)?(\w+):([\w/'-]+)\}")


def expanded(template: str, rng: random.Random) -> str:
    """`template` with its choices made."""
    while (option := _OPTION.search(template)) is not None:
        kept = option.group(1) if rng.random() < 0.5 else ""
        template = template[: option.start()] + kept + template[option.end() :]
    while (choice := _CHOICE.search(template)) is not None:
        made = rng.choice(choice.group(1).split("|"))
        template = template[: choice.start()] + made + template[choice.end() :]
    return " ".join(template.split())
