"""Result sentences such as the read tools give, for the streams models are trained on."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from agents.actions import Call
from agents.training.phrasing import BUILT_IN, Shape
from agents.training.values import Values

_SAID: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("{name}'s number is {digits}.", "{name}: {digits}."),
    "get_email_address": ("{name}'s address is {first}@example.org.",),
    "find_events": (
        "You have nothing {day}.",
        "{day}: {event} at {time}.",
        "{event} at {time} and {event2} at {time2}.",
        "You have one event: {event} at {time}.",
    ),
    "open_note": ("The note {name} says: {text}.", "{name}: {text}."),
    "open_and_get_file_path": ("I found {name}.pdf.", "{name} is in Documents."),
    "maps_open_location": ("{place} is on the map.",),
    "maps_show_directions": ("It is {number} minutes to {to}.", "{to} is {number} kilometres away."),
    "search": ("{text}.", "According to Wikipedia, {text}.", "I found nothing about that."),
    "get_weather": ("{place}: {sky}, {number} degrees.", "It will be {sky} in {place}, {number} degrees."),
    "list_timers": ("No timer is running.", "One timer is running, {number} minutes left."),
}
_FAILED = (
    "I know no {name}.",
    "{name} is not in your contacts.",
    "there is no internet.",
    "I found nothing.",
)


def spoken(call: Call, rng: random.Random, shapes: Mapping[str, Shape] = BUILT_IN) -> str:
    """A result of `call` as news, rarely a failure. `shapes` are those of the tools there are."""
    values = Values(rng)
    say = shapes[call.name].say if call.name in shapes else ()
    text = rng.choice(_FAILED if rng.random() < 0.08 else _SAID.get(call.name) or say or ("Done.",))
    known = {key: str(value) for key, value in call.arguments.items()}
    facts = {
        "name": "That",
        "place": "It",
        "to": "there",
        "day": "today",
        "number": str(rng.randint(2, 40)),
        "digits": "".join(rng.choice("0123456789") for _ in range(7)),
        "first": values.invented().lower(),
        "sky": rng.choice(("sunny", "cloudy", "rain", "light snow", "clear", "windy")),
        "text": values.message(),
        "event": values.event(),
        "event2": values.event(),
        "time": values.clock_time(),
        "time2": values.clock_time(),
    } | known
    made = re.sub(r"\{(\w+)\}", lambda slot: facts.get(slot.group(1), "it"), text)
    return f"failed: {made}" if text in _FAILED else made
