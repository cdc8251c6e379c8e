"""Values of slots as people say them: in parts, each with the words that lead into it.

"on Friday at one" is two parts, ("on", "Friday") and ("at", "one"), and the value "Friday at one": the
first lead is no part of it. A part is what a speaker corrects, or a piece of it: in "call mom" the one
who is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.lexicon import LISTS
from agents.training.values import Values, in_words

FREE_TEXT = frozenset(
    {
        "message",
        "content",
        "quotable",
        "question",
        "task",
        "duration",
        "length",
        "wh",
        "fact",
        "warmer",
        "song",
        "songof",
        "blunt",
        "errand",
        "lookalike",
        "whether",
        "asked",
        "indirect",
        "forbidden",
    }
)
VERBATIM = "'"  # before the values of a kind that is free text
# What nobody corrects afterwards, and after which a closing word would pass for a part of it.
_SENTENCES = FREE_TEXT - {"duration", "length", "warmer", "song"}
# What may sound like an edit term or a cancellation: nobody corrects it, or it could not be told apart.
FIXED = frozenset({"blunt", "lookalike", "quotable"})
LEADS = frozenset({"a", "an", "the", "my", "some"})  # left out of the start of a value


@dataclass(frozen=True, slots=True)
class Part:
    """Words of a value in pieces, each with its kind where it can be another, and the words before them."""

    lead: str
    pieces: tuple[tuple[str, str], ...]
    kind: str

    @property
    def value(self) -> str:
        """All of its words."""
        return " ".join(text for text, _ in self.pieces)


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
                return [part("in", values)]
            return _moment(values, bare=kind == "baredue", by=True)
        case _:
            return [part(kind, values)]


def part(kind: str, values: Values) -> Part:
    """One part of `kind`, its leading article in the lead where it is none of the value."""
    if kind == "weekday":
        return _day(values, bare=False)
    if kind == "bareweekday":
        return _day(values, bare=True)
    if kind == "at":
        return _plain("at", values.clock_time(), "at")
    pieces = values.pieces(_said(kind, values))
    lead: list[str] = []
    first = pieces[0][0].split()
    if kind not in FREE_TEXT and not kind.startswith(VERBATIM):
        while first and first[0] in LEADS and len(first) + len(pieces) > 2:
            lead.append(first.pop(0))
    begun = ((" ".join(first), pieces[0][1]),) if first else ()
    return Part(" ".join(lead), (*begun, *pieces[1:]), kind)


def is_sentence(kind: str) -> bool:
    """Whether a value of `kind` may go on in any words, so that no later word can be meant for it."""
    return kind in _SENTENCES or kind.startswith(VERBATIM)


def _plain(lead: str, value: str, kind: str) -> Part:
    return Part(lead, ((value, kind),), kind)


def _said(kind: str, values: Values) -> str:
    pick, rng = values.pick, values.rng
    if kind.startswith("int_"):
        low, high = kind.removeprefix("int_").split("_")
        return values.number(int(low), int(high))
    if "/" in kind:
        return pick(kind.removeprefix(VERBATIM).split("/")).replace("_", " ")
    match kind:
        case "in":
            return f"in {values.template('duration')}"
        case "place2" | "spotthe":
            return f"the {values.open(LISTS['spots'])}"
        case "barespot":
            return values.open(LISTS["spots"])
        case "tospot":
            return f"to {values.spot()}"
        case "footlike":
            return "foot"
        case "onoff":
            return pick(["on", "off"])
        case "onon":
            return "on"
        case "offoff":
            return "off"
        case "colour":
            return pick(LISTS["colours"])
        case "percent":
            return "<count> percent"
        case "warmer":
            much = pick(["two degrees", "three degrees", "one degree", "a bit", "a little", "2 degrees", ""])
            return f"{much} {pick(['warmer', 'cooler', 'colder', 'hotter'])}".strip()
        case "names":
            return f"{values.name()} and {values.name()}"
        case "upby":
            much = pick(["one degree", "two degrees", "three degrees", "3 degrees", "a bit"])
            return f"{pick(['up', 'down'])} {pick(['by ', '', 'by '])}{much}"
        case "dayfrom":
            return f"{pick(LISTS['soon'])} from {values.clock_time()}"
        case "nearspot":
            return f"{pick(['nearest', 'closest', 'next'])} {values.open(LISTS['spots'])}"
        case "quotable":
            return pick(LISTS["quotable"])
        case "question":
            return pick(LISTS["questions"])
        case "headmeeting":
            return f"{values.open(LISTS['nouns'])} {pick(LISTS['event_heads'])}"
        case "aevent":
            title = values.template("event")
            fixed = values.filled(title) if "<meetings>" in title[:10] else title
            return fixed if fixed.split()[0] in LEADS else f"{pick(['a', 'a', ''])} {fixed}".strip()
        case "content":
            return pick(LISTS["contents"])
        case "length":
            unit = pick(["minute", "minute", "second", "hour"])
            return f"{rng.randint(2, 59)}-{unit}" if rng.random() < 0.1 else f"<count> {unit}"
        case "songof":
            return "<song> by <byartist>"
        case "songby":
            return f"<nouns> by {values.name()}" if rng.random() < 0.5 else f"the {values.thing()} album"
        case _:
            return values.template(kind)


def _day(values: Values, bare: bool) -> Part:
    kind, pick, roll = "bareweekday" if bare else "weekday", values.pick, values.rng.random()
    lead = "" if bare else "on"
    if roll < 0.45:
        return _plain(lead, pick(LISTS["weekdays"]), kind)
    if roll < 0.7:
        return _plain("", pick(LISTS["soon"]), kind)
    if roll < 0.8:
        return _plain("", f"{pick(['next', 'this', 'next', 'this coming'])} {pick(LISTS['weekdays'])}", kind)
    if roll < 0.9:
        time = pick(["morning", "afternoon", "evening", "night"])
        return _plain(lead, f"{pick(LISTS['weekdays'])} {time}", kind)
    day, month = values.rng.randint(1, 28), pick(LISTS["months"])
    number = pick([str(day), in_words(day), LISTS["ordinals"][day - 1], _th(day)])
    if roll < 0.95:
        return _plain(lead, f"{month} {number}", kind)
    ordinal = pick([LISTS["ordinals"][day - 1], _th(day)])
    said = f"{ordinal} of {month}" if roll < 0.98 else ordinal
    return _plain("the" if bare else "on the", said, kind)


def _th(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _moment(values: Values, bare: bool, by: bool = False) -> list[Part]:
    day, time, roll = _day(values, bare), _plain("at", values.clock_time(), "at"), values.rng.random()
    if by and values.rng.random() < 0.08:
        return [Part("by", _day(values, bare=True).pieces, "bareweekday")]
    if roll < 0.45:
        return [day, time]
    if roll < 0.6 and not bare:
        return [time, _day(values, bare=False)]
    return [time] if roll < 0.78 and not bare else [day]
