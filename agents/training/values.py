"""What people put into the slots of a request: open, compositional, seeded.

Values are said words. Invented names are mixed in on purpose: a model that has met a word can repeat
it from memory, one that has not must copy it. Some values are set aside for evaluation (`held_out`).
"""

from __future__ import annotations

import random
import re

from agents.training import lexicon as lex
from agents.training.lexicon import LISTS
from tools.numbers import spell

_KIND = re.compile(r"(<\w+>(?:'s)?)")
HELD_OUT_SHARE = 8  # every eighth name or thing is never seen in training


class Values:
    """Draws values. Two instances over the same lists, one `held_out`, never share a name or thing."""

    def __init__(self, rng: random.Random, held_out: bool = False) -> None:
        self.rng = rng
        self._held_out = held_out

    def pick(self, words: list[str]) -> str:
        """One of a fixed, closed list."""
        return self.rng.choice(words)

    def open(self, words: list[str]) -> str:
        """One of an open list, from this instance's side of the split."""
        while True:
            at = self.rng.randrange(len(words))
            if (at % HELD_OUT_SHARE == 0) == self._held_out:
                return words[at]

    def invented(self) -> str:
        """A name nobody has."""
        count = self.rng.choice((2, 2, 3))
        return "".join(
            self.rng.choice(LISTS["onsets"]) + self.rng.choice(LISTS["rimes"]) for _ in range(count)
        ).capitalize()

    def name(self) -> str:
        """A person as people name them."""
        roll = self.rng.random()
        if roll < 0.55:
            return self.open(LISTS["first"])
        if roll < 0.68:
            return f"{self.open(LISTS['first'])} {self.open(LISTS['last'])}"
        if roll < 0.80:
            return self.invented()
        if roll < 0.93:
            return self.pick(LISTS["kin"])
        return f"{self.pick(LISTS['titles'])} {self.open(LISTS['last'])}"

    def place(self) -> str:
        """A town or country, at times an invented one."""
        return self.invented() if self.rng.random() < 0.15 else self.open(LISTS["places"])

    def spot(self) -> str:
        """Somewhere one can go."""
        roll = self.rng.random()
        if roll < 0.3:
            return self.place()
        if roll < 0.7:
            return f"the {self.pick(lex.NEAR)} {self.open(LISTS['spots'])}".replace("  ", " ")
        if roll < 0.85:
            number, name = self.rng.randint(2, 190), self.open(LISTS["last"])
            return f"{number} {name} {self.pick(['Street', 'Road', 'Avenue', 'Lane'])}"
        return f"{self.open(LISTS['last'])} {self.open(LISTS['spots'])}"

    def thing(self) -> str:
        """A topic of one to three words."""
        roll = self.rng.random()
        if roll < 0.35:
            return f"{self.open(LISTS['adjectives'])} {self.open(LISTS['nouns'])}"
        if roll < 0.75:
            return self.open(LISTS["nouns"])
        return f"{self.open(LISTS['nouns'])} {self.open(LISTS['heads'])}"

    def task(self) -> str:
        """Something to do."""
        return self.filled(self.template("task"))

    def event(self) -> str:
        """What goes into a calendar."""
        return self.filled(self.template("event"))

    def message(self) -> str:
        """What is written to somebody."""
        return self.filled(self.template("message"))

    def template(self, kind: str) -> str:
        """A value of `kind`, the `<kind>`s in it not yet drawn."""
        match kind:
            case "task":
                verb, what = self.rng.choice(lex.TASKS)
                return f"{verb} {what}".strip()
            case "event":
                roll = self.rng.random()
                if roll < 0.4:
                    return "<meetings> with <name>"
                if roll < 0.55:
                    return f"<nouns> {self.pick(LISTS['event_heads'])}"
                return "<meetings>"
            case "message":
                return self.open(LISTS["messages"])
            case "duration":
                if self.rng.random() < 0.7:
                    return f"<count> {self.pick(['minutes', 'minutes', 'seconds', 'hours'])}"
                return self.pick(LISTS["durations"])
            case _:
                return self.of(kind)

    def pieces(self, text: str) -> tuple[tuple[str, str], ...]:
        """`text` with its `<kind>`s drawn, cut into what is fixed (kind "") and what could be another."""
        made: list[tuple[str, str]] = []
        for piece in filter(str.strip, _KIND.split(text)):
            kind, _, of = piece[1:].partition(">") if piece[0] == "<" else ("", "", "")
            made.append((self.filled(self.of(kind)) + of if kind else piece.strip(), kind))
        return tuple(made)

    def filled(self, text: str) -> str:
        """`text` with its `<kind>`s drawn."""
        while "<" in text:
            kind = text[text.index("<") + 1 : text.index(">")]
            text = text.replace(f"<{kind}>", self.of(kind), 1)
        return text

    def number(self, low: int, high: int) -> str:
        """A number, as digits or in words, the way recognisers write either."""
        value = self.rng.randint(low, high)
        if value > 99 and self.rng.random() < 0.5:
            value = round(value, 1 - len(str(value)))  # people like round ones
        return str(value) if self.rng.random() < 0.5 else in_words(value)

    def clock_time(self) -> str:
        """A time of day."""
        hour = self.rng.randint(1, 12)
        said = str(hour) if self.rng.random() < 0.4 else in_words(hour)
        roll = self.rng.random()
        if roll < 0.33:
            return said
        if roll < 0.48:
            return f"{said} {self.pick(LISTS['halves'])}"
        if roll < 0.56:
            return f"{said} in the {self.pick(['morning', 'evening', 'afternoon'])}"
        if roll < 0.7:
            return f"{hour}:{self.pick(['15', '30', '45', '20', '10', '05', '50'])}"
        if roll < 0.75:
            minutes = self.pick(["30", "15", "45"])
            return f"{hour}:{minutes} {self.pick(['am', 'pm'])}"
        if roll < 0.83:
            return self.pick(["noon", "midnight", "lunchtime", "noon"])
        if roll < 0.92:
            minutes = self.pick(["thirty", "fifteen", "forty five", "twenty", "ten", "fifty"])
            return f"{in_words(hour)} {minutes}"
        if roll < 0.96:
            return f"half past {in_words(hour)}"
        before = self.pick(
            ["quarter past", "quarter to", "a quarter past", "ten past", "twenty to", "ten to"]
        )
        return f"{before} {in_words(hour)}"

    def duration(self) -> str:
        """A length of time."""
        return self.filled(self.template("duration"))

    def of(self, kind: str) -> str:
        """A value of `kind`: the name of a list of the lexicon, or of a method here."""
        made: str | None = {
            "name": self.name, "place": self.place, "spot": self.spot, "thing": self.thing, "task": self.task,
            "event": self.event, "message": self.message, "time": self.clock_time, "duration": self.duration,
            "invented": self.invented,
        }.get(kind, lambda: None)()  # fmt: skip
        if made is not None:
            return made
        match kind:
            case "degrees":
                return self.number(12, 28)
            case "day":
                return self.pick(LISTS["weekdays"])
            case "number":
                return self.number(2, 60)
            case "count":
                return self.number(2, 90)
            case _:
                return self.open(LISTS[kind])


def in_words(value: int) -> str:
    """0 to 99 in words, and round hundreds and thousands; any other in digits."""
    for size, word in ((1000, "thousand"), (100, "hundred")):
        if value >= size:
            count, rest = divmod(value, size)
            return f"{spell(count)} {word}" if rest == 0 and count < 20 else str(value)
    return spell(value)
