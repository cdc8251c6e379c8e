"""Says a request word by word, with what goes wrong in saying it, and keeps the books on what it means.

Values are kept as indices of words, so that one utterance can be spelled in several ways (lower case,
misheard words) without touching the gold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.training import disfluency
from agents.training.lexicon import LISTS
from agents.training.phrasing import SLOT, Phrase, Shape, expanded
from agents.training.slots import FIXED, VERBATIM, Part, is_sentence, part, parts
from agents.training.values import Values
from agents.training.wanted import Said, Slot, Wanted

_MARK = re.compile(r"\*(\d?)")
_STUBS = frozenset(LISTS["stubs"])
_GROWING = frozenset(
    {"at", "name", "weekday", "bareweekday", "thing", "spot", "document", "paper", "listing"}
)


@dataclass(slots=True)
class Speaker:
    """`words` said so far, what was `wanted` after each (`states`), and the `slots` filled.

    `shapes` are those of the tools there are.
    """

    values: Values
    shapes: Mapping[str, Shape]
    fillers: float
    words: list[str] = field(default_factory=list[str])
    states: list[tuple[Wanted, ...]] = field(default_factory=lambda: [()])
    wanted: list[Wanted] = field(default_factory=list[Wanted])
    possessive: set[int] = field(default_factory=set[int])
    slots: list[Slot] = field(default_factory=list[Slot])
    shares: dict[tuple[int, str], list[tuple[int, str]]] = field(
        default_factory=dict[tuple[int, str], list[tuple[int, str]]]
    )

    @property
    def rng(self) -> random.Random:
        """The one source of chance."""
        return self.values.rng

    def say(self, word: str, filled: bool = True) -> int:
        """Say one word, sometimes after a filler or twice; return its index."""
        if filled and self.rng.random() < self.fillers:
            twice = self.rng.random() < 0.15 and not word[0].isdigit()
            for each in [word] if twice else disfluency.filler(self.rng):
                self.say(each, filled=False)
        self.words.append(word)
        self.states.append(tuple(self.wanted))
        return len(self.words) - 1

    def remark(self, words: Sequence[str]) -> None:
        """Say words that are no part of any value."""
        for word in words:
            self.say(word, filled=False)

    def mark(self) -> None:
        """What is wanted has changed with the last word."""
        self.states[-1] = tuple(self.wanted)

    def change(self, request: int, **changes: Any) -> None:
        """Change what is known of a request."""
        self.wanted[request] = replace(self.wanted[request], **changes)

    def phrase(self, phrase: Phrase, repairs: int = 0, stop_after: int | None = None) -> None:
        """Say a phrase, correcting `repairs` of its slots on the way, or only its first words."""
        first = len(self.wanted)
        text = expanded(phrase.template, self.rng)
        slots = list(SLOT.finditer(text))
        late = set(_MARK.findall(text))
        for (request, parameter), (source, of) in phrase.shares.items():
            self.shares.setdefault((first + source, of), []).append((first + request, parameter))
        for at, tool in enumerate(phrase.tools):
            known: dict[str, tuple[int, ...] | int] = {
                parameter: first + source
                for (request, parameter), source in phrase.links.items()
                if request == at
            }
            self.wanted.append(Wanted(tool, known, clear=(str(at) if at else "") not in late))
        able = [at for at, slot in enumerate(slots) if slot.group(3) not in FIXED]
        wrong = set(self.rng.sample(able, min(repairs, len(able))))
        for request in range(first):
            self.change(request, over=True)
        if stop_after is None and self.fillers and self.rng.random() < self.fillers:
            # Begun twice: "set a set a timer".
            self.remark(_MARK.sub("", text.partition("{")[0]).split()[: self.rng.randint(1, 3)])
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
                self._slot(first + int(slot.group(1) or 0), slot.group(2), slot.group(3), seen in wrong)
                seen += 1
            else:
                self.say(token)

    def _slot(self, request: int, parameter: str, kind: str, repaired: bool) -> None:
        right = parts(kind, self.values)
        if self.wanted[request].tool == "get_weather" and kind == "day":
            right = [replace(right[0], lead=right[0].lead if self.rng.random() < 0.8 else "")]
        slot = Slot(request, parameter, right, [])
        self.slots.append(slot)
        wrong_at = self.rng.randrange(len(right)) if repaired else -1
        late = False
        for at, each in enumerate(right):
            slot.said.append(Said([], [[] for _ in each.pieces]))
            if at != wrong_at:
                self._part(slot, at, each)
            elif (inner := self._inner(each)) is not None:
                self._part(slot, at, each, wrong=inner)
            elif (begun := self._begun(each)) is not None:
                self._part(slot, at, begun)
                self.remark(disfluency.edit_term(self.rng) if self.rng.random() < 0.5 else [])
                self._part(
                    slot, at, each if self.rng.random() < 0.4 else replace(each, lead=""), slot.said[at].lead
                )
            else:
                self._part(slot, at, self._other(each))
                late = self.rng.random() < 0.3
                if not late:
                    self._correct(slot, at, each)
        if late:
            self._correct(slot, wrong_at, right[wrong_at])

    def _inner(self, each: Part) -> int | None:
        """Which piece of a longer value goes wrong, None for all of it."""
        able = [at for at, (_, kind) in enumerate(each.pieces) if kind]
        if len(each.pieces) < 2 or not able or self.rng.random() < 0.25:
            return None
        return self.rng.choice(able)

    def _begun(self, right: Part) -> Part | None:
        """The first words of a part, which is then said in full: "at three, three thirty"."""
        words = right.value.split()
        if right.kind not in _GROWING or len(words) < 2 or self.rng.random() > 0.25:
            return None
        kept = words[: self.rng.randrange(1, len(words))]
        return None if kept[-1].lower() in _STUBS else replace(right, pieces=((" ".join(kept), right.kind),))

    def _other(self, right: Part, whole: bool = False) -> Part:
        """Something else of the same kind, possibly broken off where it need not be the `whole`."""
        wrong = right
        for _ in range(20):
            if (wrong := part(right.kind, self.values)).value != right.value:
                break
        words = wrong.value.split()
        if whole or len(words) < 2 or self.rng.random() > 0.4:
            return wrong
        return replace(wrong, pieces=((" ".join(words[: self.rng.randrange(1, len(words))]), right.kind),))

    def _correct(self, slot: Slot, at: int, right: Part) -> None:
        """Say a part again, as it should have been."""
        term = disfluency.edit_term(self.rng)
        if right.lead and self.rng.random() < 0.15:
            term = []  # started afresh without a word: "on Friday on Saturday"
        self.remark(term)
        said = slot.said[at]
        if right.pieces[0][1] == "count" and len(said.pieces) == len(right.pieces) == 2 and said.pieces[1]:
            if self.rng.random() < 0.4:  # "twenty minutes, sorry, twenty five"
                self._piece(slot, at, said.lead, [[], said.pieces[1]], 0, right.pieces[0][0])
                return
        repeated = not term or self.rng.random() < 0.4
        lead = said.lead
        self._part(slot, at, right if repeated else replace(right, lead=""), lead)
        if self.rng.random() < 0.08 and not right.kind.startswith(VERBATIM):
            other = self._other(right, whole=True)
            self.remark(disfluency.edit_term(self.rng))
            self._part(slot, at, replace(other, lead=""), slot.said[at].lead)

    def _part(
        self, slot: Slot, at: int, each: Part, lead: list[int] | None = None, wrong: int | None = None
    ) -> None:
        """Say a part; its piece `wrong` first wrongly."""
        told = [self.say(word) for word in each.lead.split()] or lead or []
        pieces: list[list[int]] = [[] for _ in each.pieces]
        for place, (text, kind) in enumerate(each.pieces):
            if place == wrong:
                self._piece(slot, at, told, pieces, place, self._unlike(text, kind))
                term = disfluency.edit_term(self.rng)
                before = each.pieces[place - 1][0].split() if place else []
                again = before[-self.rng.choice((1, 2)) :] if before and self.rng.random() < 0.4 else []
                if again and self.rng.random() < 0.25:
                    term = []
                self.remark([*term, *again])
            self._piece(slot, at, told, pieces, place, text)

    def _unlike(self, text: str, kind: str) -> str:
        for _ in range(20):
            if (other := self.values.filled(self.values.of(kind))) != text:
                return other
        return text

    def _piece(
        self, slot: Slot, at: int, lead: list[int], pieces: list[list[int]], place: int, text: str
    ) -> None:
        new: list[int] = []
        for word in text.split():
            new.append(self.say(word))
            if slot.said[at].value and all(self.words[i].lower() in _STUBS for i in new):
                continue  # "no my ..." does not say yet what it is instead
            pieces[place] = list(new)
            slot.said[at] = Said(lead, [list(piece) for piece in pieces])
            self._argue(slot)
        if new and pieces[place] != new:
            pieces[place] = new
            slot.said[at] = Said(lead, [list(piece) for piece in pieces])
            self._argue(slot)

    def _argue(self, slot: Slot) -> None:
        value = tuple(
            index
            for place, said in enumerate(slot.said)
            if said.value
            for index in (said.lead if place else []) + said.value
        )
        for request, parameter in [
            (slot.request, slot.parameter),
            *self.shares.get((slot.request, slot.parameter), []),
        ]:
            self.change(request, arguments={**self.wanted[request].arguments, parameter: value})
        self.mark()

    def correct_late(self, last: int) -> bool:
        """After everything: correct a slot of a request from `last` on. Returns whether there was one."""
        kinds: set[str] = set()
        able: list[Slot] = []
        for slot in reversed(self.slots):
            kind = slot.parts[0].kind
            if (
                slot.request >= last
                and kind not in kinds
                and not is_sentence(kind)
                and self.wanted[slot.request].live
            ):
                able.append(slot)
            kinds |= {each.kind for each in slot.parts}
        if not able:
            return False
        slot = self.rng.choice(able)
        at = self.rng.randrange(len(slot.parts))
        self._correct(slot, at, self._other(slot.parts[at], whole=True))
        return True

    def correct_named(self, request: int, nouns: Sequence[str]) -> bool:
        """After everything: correct a slot of a request, called one of `nouns`. Returns whether it was."""
        able = [
            slot
            for slot in self.slots
            if slot.request == request and not any(is_sentence(each.kind) for each in slot.parts)
        ]
        if not able or not nouns or not self.wanted[request].live:
            return False
        slot = self.rng.choice(able)
        at = self.rng.randrange(len(slot.parts))
        right = self._other(slot.parts[at], whole=True)
        ways = LISTS["renames_to" if slot.parameter == "to" and right.kind == "name" else "renames"]
        before, _, after = self.rng.choice(ways).format(noun=self.rng.choice(nouns), value="|").partition("|")
        self.remark([*self.rng.choice(LISTS["turns"]).split(), *before.split()])
        led = not before.endswith("to ") and self.rng.random() < 0.5
        self._part(slot, at, right if led else replace(right, lead=""), slot.said[at].lead)
        self.remark(after.split())
        return True

    def instead(self, request: int, tool: str, names: Mapping[str, str], words: Sequence[str]) -> None:
        """After a request: another tool for the same thing, its parameters those of `names`."""
        old = self.wanted[request]
        self.remark(disfluency.edit_term(self.rng))
        self.remark(words)
        arguments = {names[name]: value for name, value in old.arguments.items() if name in names}
        self.wanted.append(Wanted(tool, arguments, clear=True))
        self.change(request, live=False)
        self.mark()

    def drop(self, requests: Sequence[int], words: Sequence[str]) -> None:
        """Take requests back, in these words."""
        self.remark(words)
        for request in requests:
            self.change(request, live=False)
        self.mark()
