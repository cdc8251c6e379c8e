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


def _taken_back() -> dict[str, dict[str, tuple[str, ...]]]:
    """How requests for each tool are taken back: the parts of a section of `withdrawals.txt`."""
    return {
        tool: {
            part: tuple(each.strip() for each in rest.split(";"))
            for part, _, rest in (line.partition(":") for line in lines)
        }
        for tool, lines in sections("withdrawals.txt").items()
    }


# `nouns` name the call, `back` says that it is not wanted, `kept` that it alone is, `because` why not; in
# all of them {parameter} stands for what was said for it.
TAKEN_BACK = _taken_back()


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
            "the email", "the email address", "email address", "his email", "the email instead",
            "her email", "I meant the email", "{name}'s email", "not the number the email address")),
    ),
    "get_email_address": (
        Instead("get_phone_number", {"name": "name"}, (
            "the phone number", "the number", "phone number", "her number", "the number instead",
            "his number", "I meant the number", "{name}'s number", "not the email the phone number")),
    ),
    "send_sms": (
        Instead("compose_new_email", {"to": "to", "message": "body"}, (
            "email it", "send it as an email", "email that instead", "do that by email", "as an email",
            "email {to}", "email {to} instead", "I meant email", "make that an email", "an email instead",
            "email her", "email him instead", "by email", "I'll email", "send that by email", "an email")),
    ),
    "compose_new_email": (
        Instead("send_sms", {"to": "to", "body": "message"}, (
            "text it", "send it as a text", "text that instead", "do that by text", "as a text message",
            "text {to}", "text {to} instead", "I meant text", "make that a text", "a text instead",
            "text her", "text him instead", "by text", "I'll text", "send that by text", "a message")),
        Instead("reply_to_email", {"to": "to", "body": "body"}, (
            "reply to {to}'s email", "make that a reply", "as a reply", "a reply I mean", "answer her")),
    ),
    "reply_to_email": (
        Instead("compose_new_email", {"to": "to", "body": "body"}, (
            "a new email", "make that a new email", "write a new one", "not a reply a new email")),
        Instead("send_sms", {"to": "to", "body": "message"}, (
            "text {to}", "text {to} instead", "make that a text", "by text", "I meant text")),
    ),
    "forward_email": (
        Instead("reply_to_email", {"to": "to", "body": "body"}, (
            "reply", "I mean reply", "a reply", "reply to it", "answer it instead")),
    ),
    "create_reminder": (
        Instead("create_calendar_event", {"title": "title", "due": "start"}, (
            "put that in my calendar", "put it on my calendar instead", "a calendar event", "as an event",
            "make that a calendar entry", "in the diary", "put it in the calendar", "an event I mean")),
    ),
    "create_calendar_event": (
        Instead("create_reminder", {"title": "title", "start": "due"}, (
            "just remind me", "a reminder instead", "set a reminder for that", "as a reminder",
            "make that a reminder", "I meant a reminder", "don't put it in just remind me")),
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
BUILT_IN: dict[str, Shape] = {
    name: Shape(order, REQUIRED[name], name in READS, TAKEN_BACK[name]["nouns"], TAKEN_BACK[name]["back"])
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
