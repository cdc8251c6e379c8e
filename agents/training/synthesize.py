"""Utterances with word-level gold: after each word, which calls the speaker wants so far.

Values are kept as indices of words, so that one utterance can be spelled in several ways (lower case,
misheard words) without touching the gold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agents.training import disfluency, talk
from agents.training.lexicon import LISTS
from agents.training.phrasing import CHAINED, NOUNS, SINGLE, SLOT, Phrase, expanded
from agents.training.slots import Part, part, parts
from agents.training.values import Values

FAVOURED = (
    "find_events",
    "create_calendar_event",
    "send_sms",
    "create_reminder",
    "get_weather",
    "search",
    "set_timer",
)
HELD_OUT_PHRASES = ("lunch with ana",)  # belongs to the demonstration
RATHER = {"get_phone_number": ("get_email_address", ("email", "email address")),
          "get_email_address": ("get_phone_number", ("phone number", "number", "phone"))}  # fmt: skip
_MARK = re.compile(r"\*(\d?)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call as far as it is known. Values: indices of words, or the request whose result is meant.

    `clear` when the tool is, `over` when the speaker has gone on to something else, `live` until the
    speaker takes it back.
    """

    tool: str
    arguments: Mapping[str, tuple[int, ...] | int] = field(default_factory=dict[str, "tuple[int, ...] | int"])
    clear: bool = False
    over: bool = False
    live: bool = True


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said. `states[k]` is what is wanted after k words, `asked` whose results are to be told.

    `possessive` are words that lose their 's as values. `reply` is the answer where nothing is told.
    """

    words: tuple[str, ...]
    states: tuple[tuple[Wanted, ...], ...]
    possessive: frozenset[int]
    asked: tuple[int, ...]
    reply: str
    kind: str

    def value(self, indices: Sequence[int], words: Sequence[str]) -> str:
        """The words at `indices` as an argument, spelled as in `words`."""
        said = [words[i] for i in indices]
        if indices[-1] in self.possessive and said[-1].lower().endswith("'s"):
            said[-1] = said[-1][:-2]
        return " ".join(said)


@dataclass(slots=True)
class _Speaker:
    """Says words one by one and keeps the books on what they mean."""

    values: Values
    fillers: float
    words: list[str] = field(default_factory=list[str])
    states: list[tuple[Wanted, ...]] = field(default_factory=lambda: [()])
    wanted: list[Wanted] = field(default_factory=list[Wanted])
    possessive: set[int] = field(default_factory=set[int])
    slots: list[tuple[int, str, list[Part], list[tuple[list[int], list[int]]]]] = field(
        default_factory=list[tuple[int, str, list[Part], list[tuple[list[int], list[int]]]]]
    )

    @property
    def rng(self) -> random.Random:
        return self.values.rng

    def say(self, word: str, filled: bool = True) -> int:
        """Say one word, sometimes after a filler or twice; return its index."""
        if filled and self.rng.random() < self.fillers:
            extra = (
                [word] if self.rng.random() < 0.15 and not word[0].isdigit() else disfluency.filler(self.rng)
            )
            for each in extra:
                self.say(each, filled=False)
        self.words.append(word)
        self.states.append(tuple(self.wanted))
        return len(self.words) - 1

    def mark(self) -> None:
        """What is wanted has changed with the last word."""
        self.states[-1] = tuple(self.wanted)

    def change(self, request: int, **changes: object) -> None:
        self.wanted[request] = replace(self.wanted[request], **changes)  # type: ignore[arg-type]

    def phrase(self, phrase: Phrase, repaired: bool, stop_after: int | None = None) -> None:
        """Say a phrase, correcting one of its slots on the way if `repaired`."""
        first = len(self.wanted)
        text = expanded(phrase.template, self.rng)
        slots = list(SLOT.finditer(text))
        late = set(_MARK.findall(text))
        links = {
            (first + request, parameter): first + source
            for (request, parameter), source in phrase.links.items()
        }
        for at, tool in enumerate(phrase.tools):
            known: dict[str, tuple[int, ...] | int] = {p: s for (r, p), s in links.items() if r == first + at}
            self.wanted.append(Wanted(tool, known, clear=(str(at) if at else "") not in late))
        correct = self.rng.randrange(len(slots)) if repaired and slots else -1
        for request in range(first):
            self.change(request, over=True)
        begun, seen = len(self.words), 0
        for token in _MARK.sub(r" *\1 ", text).replace("}", "} ").split():
            if stop_after is not None and len(self.words) - begun >= stop_after:
                return
            slot = SLOT.match(token)
            if token[0] == "*":
                self.change(first + int(token[1:] or 0), clear=True)
                self.mark()
            elif token == "'s":
                self.words[-1] += "'s"
                self.possessive.add(len(self.words) - 1)
            elif slot is not None:
                self.slot(first + int(slot.group(1) or 0), slot.group(2), slot.group(3), seen == correct)
                seen += 1
            else:
                self.say(token)

    def slot(self, request: int, parameter: str, kind: str, repaired: bool) -> None:
        right = parts(kind, self.values)
        if self.wanted[request].tool == "get_weather" and kind == "day":
            right = [replace(right[0], lead=right[0].lead if self.rng.random() < 0.8 else "")]
        said: list[tuple[list[int], list[int]]] = [([], []) for _ in right]
        wrong_at = self.rng.randrange(len(right)) if repaired else -1
        late = repaired and self.rng.random() < 0.3
        for at, each in enumerate(right):
            if at == wrong_at:
                self.part(request, parameter, said, at, self.other(each))
                if not late:
                    self.correct(request, parameter, said, at, each)
            else:
                self.part(request, parameter, said, at, each)
        if late:
            self.correct(request, parameter, said, wrong_at, right[wrong_at])
        self.slots.append((request, parameter, right, said))

    def other(self, right: Part) -> Part:
        """Something else of the same kind, possibly broken off."""
        while (wrong := part(right.kind, self.values)).value == right.value:
            pass
        words = wrong.value.split()
        if len(words) > 2 and self.rng.random() < 0.4:
            wrong = replace(wrong, value=" ".join(words[: self.rng.randrange(1, len(words))]))
        return wrong

    def correct(
        self, request: int, parameter: str, said: list[tuple[list[int], list[int]]], at: int, right: Part
    ) -> None:
        for word in disfluency.edit_term(self.rng):
            self.say(word, filled=False)
        repeat_lead = self.rng.random() < 0.4
        self.part(request, parameter, said, at, right if repeat_lead else replace(right, lead=""))

    def part(
        self, request: int, parameter: str, said: list[tuple[list[int], list[int]]], at: int, each: Part
    ) -> None:
        lead = [self.say(word) for word in each.lead.split()]
        value: list[int] = []
        for word in each.value.split():
            value.append(self.say(word))
            said[at] = (lead or said[at][0], value)
            arguments = dict(self.wanted[request].arguments)
            arguments[parameter] = tuple(
                i
                for place, (leads, words) in enumerate(said)
                if words
                for i in (leads if place else []) + words
            )
            self.change(request, arguments=arguments)
            self.mark()

    def correct_late(self) -> None:
        """After the request: correct one of its slots."""
        request, parameter, right, said = self.rng.choice(self.slots)
        if not self.wanted[request].live:
            return
        at = self.rng.randrange(len(right))
        self.correct(request, parameter, said, at, self.other(right[at]))

    def rather(self) -> None:
        """After the request: another tool for the same thing."""
        old = self.wanted[0]
        tool, names = RATHER[old.tool]
        for word in disfluency.edit_term(self.rng):
            self.say(word, filled=False)
        for word in self.rng.choice(("", "his", "her", "the", "their", "")).split():
            self.say(word)
        for word in self.rng.choice(names).split():
            self.say(word)
            if len(self.wanted) == 1:
                self.wanted.append(Wanted(tool, old.arguments, clear=True))
                self.change(0, live=False)
                self.mark()

    def drop(self, request: int, noun: str | None) -> None:
        for word in disfluency.dropped(self.rng, noun):
            self.say(word, filled=False)
        self.change(request, live=False)
        self.mark()


def utterances(seed: int, held_out: bool = False) -> Iterator[Utterance]:
    """Utterances without end. The same seed gives the same ones."""
    rng = random.Random(f"{seed} {held_out}")
    values = Values(rng, held_out)
    while True:
        made = _utterance(values)
        text = " ".join(made.words).lower()
        if len(made.words) <= 45 and not any(phrase in text for phrase in HELD_OUT_PHRASES):
            yield made


def _utterance(values: Values) -> Utterance:
    rng = values.rng
    speaker = _Speaker(values, fillers=rng.choice((0.0, 0.0, 0.0, 0.05, 0.15)))
    roll = rng.random()
    if roll < 0.12:
        said, reply = (talk.small_talk if roll < 0.06 else talk.lacking)(values)
        kind = "no-tool" if roll < 0.06 else "question"
        for word in _opener(rng, 0.15) + said.split():
            speaker.say(word)
        return _finished(speaker, kind, reply)
    kind = "filler" if speaker.fillers else "fluent"
    repaired = rng.random() < 0.5
    for word in _opener(rng, 0.3):
        speaker.say(word)
    if rng.random() < 0.05:
        kind = "false-start"
        speaker.phrase(_single(rng), repaired=False, stop_after=rng.randint(1, 6))
        for word in disfluency.broken_off(rng):
            speaker.say(word, filled=False)
        speaker.change(0, live=False)
        speaker.slots.clear()
    count = 1 if roll < 0.68 else 2 if roll < 0.97 else 3
    groups: list[range] = []
    for at in range(count):
        if at:
            for word in rng.choice(disfluency.JOINS).split():
                speaker.say(word)
        first = len(speaker.wanted)
        speaker.phrase(
            rng.choice(CHAINED) if rng.random() < 0.16 else _single(rng),
            repaired and rng.randrange(count) == 0,
        )
        groups.append(range(first, len(speaker.wanted)))
    kind = "self-correction" if repaired else kind
    return _finished(speaker, _afterthought(speaker, groups, kind), rng.choice(disfluency.DECLINED))


def _afterthought(speaker: _Speaker, groups: list[range], kind: str) -> str:
    rng, wanted = speaker.rng, speaker.wanted
    roll = rng.random()
    if roll < 0.11:
        group = rng.choice(groups)
        noun = (
            rng.choice(NOUNS.get(wanted[group[-1]].tool, ("",)))
            if len(groups) > 1 or rng.random() < 0.3
            else None
        )
        same = sum(wanted[g[-1]].tool == wanted[group[-1]].tool for g in groups) > 1
        if noun != "" and not same and len(group) == 1:
            speaker.drop(group[0], noun)
            return "late-cancel"
    elif roll < 0.4 and len(wanted) == 1 and wanted[0].tool in RATHER:
        speaker.rather()
        return "self-correction"
    elif roll < 0.2 and speaker.slots:
        speaker.correct_late()
        return "self-correction"
    return kind


def _opener(rng: random.Random, share: float) -> list[str]:
    return rng.choice(LISTS["openers"]).split() if rng.random() < share else []


def _single(rng: random.Random) -> Phrase:
    tool = rng.choice(FAVOURED) if rng.random() < 0.35 else rng.choice(list(SINGLE))
    return rng.choice(SINGLE[tool])


def _finished(speaker: _Speaker, kind: str, reply: str) -> Utterance:
    end = speaker.wanted
    helpers = {value for w in end if w.live for value in w.arguments.values() if isinstance(value, int)}
    asked = tuple(i for i, w in enumerate(end) if w.live and i not in helpers)
    return Utterance(
        tuple(speaker.words),
        tuple(speaker.states),
        frozenset(speaker.possessive),
        asked,
        "" if asked else reply,
        kind,
    )
