"""Values of slots as people say them: in parts, each with the words that lead into it.

"on Friday at one" is two parts, ("on", "Friday") and ("at", "one"), and the value "Friday at one": the
first lead is no part of it. A part is what a speaker corrects.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.lexicon import LISTS
from agents.training.values import Values, in_words

FREE_TEXT = frozenset({"message", "content", "quotable", "question", "task", "duration", "length", "wh"})
LEADS = frozenset({"a", "an", "the", "my", "some"})  # left out of the start of a value


@dataclass(frozen=True, slots=True)
class Part:
    """Words of a value, the words that lead into it, and how to say something else instead."""

    lead: str
    value: str
    kind: str


def parts(kind: str, values: Values) -> list[Part]:
    """A value of a slot of `kind`, as parts."""
    match kind:
        case "day":
            return [_day(values, bare=False)]
        case "bareday":
            return [_day(values, bare=True)]
        case "start":
            return _moment(values, bare=False)
        case "barestart":
            return _moment(values, bare=True)
        case "due" | "baredue":
            if values.rng.random() < 0.2:
                return [Part("", f"in {values.duration()}", "in")]
            return _moment(values, bare=kind == "baredue")
        case _:
            return [part(kind, values)]


def part(kind: str, values: Values) -> Part:
    """One part of `kind`, its leading article in the lead where it is none of the value."""
    if kind == "weekday":
        return _day(values, bare=False)
    if kind == "bareweekday":
        return _day(values, bare=True)
    if kind == "at":
        return Part("at", values.clock_time(), "at")
    words = values.filled(_said(kind, values)).split()
    lead = 0
    if kind not in FREE_TEXT:
        while lead < len(words) - 1 and words[lead] in LEADS:
            lead += 1
    return Part(" ".join(words[:lead]), " ".join(words[lead:]), kind)


def _said(kind: str, values: Values) -> str:
    pick, rng = values.pick, values.rng
    match kind:
        case "in":
            return f"in {values.duration()}"
        case "place2" | "spotthe":
            return f"the {values.open(LISTS['spots'])}"
        case "barespot":
            return values.open(LISTS["spots"])
        case "onoff":
            return pick(["on", "off"])
        case "colour":
            return pick(["red", "blue", "green", "purple", "warm white", "yellow", "dim", "bright"])
        case "quotable":
            return pick(LISTS["quotable"])
        case "question":
            return pick(LISTS["questions"])
        case "headmeeting":
            return f"{values.open(LISTS['nouns'])} {pick(LISTS['event_heads'])}"
        case "aevent":
            title = values.event()
            return title if title.split()[0] in LEADS else f"{pick(['a', 'a', ''])} {title}"
        case "content":
            items = [
                "<item>",
                "<item>",
                "<item> and <item>",
                "call <name>",
                "<adjectives> <nouns>",
                "<nouns> <heads>",
            ]
            return pick(items)
        case "length":
            unit = pick(["minute", "minute", "second", "hour"])
            said = values.number(2, 59)
            return f"{said}-{unit}" if said.isdigit() and rng.random() < 0.2 else f"{said} {unit}"
        case "songby":
            return f"<nouns> by {values.name()}" if rng.random() < 0.5 else f"the {values.thing()} album"
        case _:
            return values.of(kind)


def _day(values: Values, bare: bool) -> Part:
    kind, pick, roll = "bareweekday" if bare else "weekday", values.pick, values.rng.random()
    lead = "" if bare else "on"
    if roll < 0.5:
        return Part(lead, pick(LISTS["weekdays"]), kind)
    if roll < 0.72:
        return Part(
            "",
            pick(["today", "tomorrow", "tomorrow", "tonight", "this weekend", "next week", "this evening"]),
            kind,
        )
    if roll < 0.84:
        return Part("", f"{pick(['next', 'this', 'next'])} {pick(LISTS['weekdays'])}", kind)
    if roll < 0.94:
        time = pick(["morning", "afternoon", "evening", "night"])
        day = pick(["tomorrow", *LISTS["weekdays"]])
        return Part("" if day == "tomorrow" else lead, f"{day} {time}", kind)
    day = values.rng.randint(1, 28)
    return Part(lead, f"{pick(LISTS['months'])} {day if values.rng.random() < 0.5 else in_words(day)}", kind)


def _moment(values: Values, bare: bool) -> list[Part]:
    day, time, roll = _day(values, bare), Part("at", values.clock_time(), "at"), values.rng.random()
    if roll < 0.5:
        return [day, time]
    if roll < 0.62 and not bare:
        return [time, _day(values, bare=False)]
    return [time] if roll < 0.78 and not bare else [day]
