"""Utterances with word-level gold: after each word, which calls the speaker wants so far."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.training import afterthought, disfluency, families, talk, withdrawal
from agents.training.families import Drawn, Family
from agents.training.lexicon import LISTS
from agents.training.phrasing import BUILT_IN, CHAINED, SINGLE, Phrase, Shape
from agents.training.slots import is_sentence
from agents.training.slurp import Commands
from agents.training.speaker import Speaker
from agents.training.values import Values
from agents.training.wanted import Wanted
from tools.tool import Effect

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
LONGEST = 50  # words
DECLARING = 0.5  # share of turns in which tools are declared
DECLARING_COMMANDED = 0.7  # and where there are commands, most of which are for such tools
COMMANDED = 0.8  # share of requests in the words of commands, where there are some
TOGETHER = 6  # turns in a row with the same tools declared, which stand once in what is trained on
# What becomes of a result: the second request of a chain whose first may be any declared tool.
HAND_ON = (
    ("send_sms", "message", "and (text|send|message) (it|that|them|the answer) to {1.to:name}"),
    ("send_sms", "message", "and (text|tell) {1.to:name} (the answer|the result|what it says|)"),
    ("compose_new_email", "body", "and (email|mail) (it|that|them|the result) to {1.to:name}"),
    ("create_note", "content", "and (put|write|save) (it|that|them) in a (new |)note called {1.name:thing}"),
    ("append_note_content", "content", "and add (it|that|them) to my {1.name:thing} note"),
)
# Tools that are begun with one verb and meant with another: "text no email Ana".
SIBLINGS = {
    "send_sms": ("compose_new_email", "get_phone_number"),
    "compose_new_email": ("send_sms", "forward_email"),
    "reply_to_email": ("send_sms", "compose_new_email"),
    "create_reminder": ("create_calendar_event", "set_timer", "create_note"),
    "create_calendar_event": ("create_reminder", "get_zoom_meeting_link"),
    "create_note": ("append_note_content", "create_reminder"),
    "open_note": ("open_and_get_file_path", "append_note_content"),
    "set_timer": ("create_reminder",),
    "get_phone_number": ("get_email_address",),
    "get_email_address": ("get_phone_number",),
    "maps_open_location": ("maps_show_directions",),
    "set_light": ("set_thermostat", "play_music"),
    "play_music": ("set_light", "set_timer"),
    "get_weather": ("maps_show_directions", "search"),
}
_IMPERATIVES = frozenset(LISTS["imperatives"])


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said. `states[k]` is what is wanted after k words, `asked` whose results are to be told.

    `possessive` are words that lose their 's as values. `reply` is the answer where nothing is told.
    `shapes` are those of all tools there are.
    """

    words: tuple[str, ...]
    states: tuple[tuple[Wanted, ...], ...]
    possessive: frozenset[int]
    asked: tuple[int, ...]
    reply: str
    kind: str
    shapes: Mapping[str, Shape]

    def value(self, indices: Sequence[int], words: Sequence[str]) -> str:
        """The words at `indices` as an argument, spelled as in `words`."""
        said = [words[i] for i in indices]
        if indices[-1] in self.possessive and said[-1].lower().endswith("'s"):
            said[-1] = said[-1][:-2]
        return " ".join(said)

    @property
    def can_be_read(self) -> bool:
        """Whether every number and choice is one in the end: stammered, it may be none."""
        return all(
            reading(self.value(value, self.words).lower()) is not None
            for wanted in self.states[-1]
            for parameter, reading in self.shapes[wanted.tool].reading.items()
            if isinstance(value := wanted.arguments.get(parameter), tuple)
        )


def utterances(seed: int, held_out: bool = False, commands: Commands | None = None) -> Iterator[Utterance]:
    """Utterances without end, most of them in the words of `commands`. The same seed gives the same ones."""
    rng = random.Random(f"{seed} {held_out}")
    values = Values(rng, held_out)
    while True:
        declaring = rng.random() < (DECLARING_COMMANDED if commands else DECLARING)
        declared = families.drawn(rng, held_out) if declaring else {}
        if commands and declaring:
            declared = commands.declared(declared, rng)
        pool = _Pool(rng, declared, held_out, commands)
        for _ in range(TOGETHER):
            made = _utterance(values, pool)
            text = " ".join(made.words).lower()
            if (
                len(made.words) <= LONGEST
                and made.can_be_read
                and not any(phrase in text for phrase in HELD_OUT_PHRASES)
            ):
                yield made


@dataclass(frozen=True, slots=True)
class _Pool:
    """What can be asked for in a turn."""

    rng: random.Random
    declared: Mapping[str, Drawn]
    held_out: bool
    commands: Commands | None = None

    @property
    def shapes(self) -> dict[str, Shape]:
        return {**BUILT_IN, **{name: tool.shape for name, tool in self.declared.items()}}

    @property
    def missing(self) -> list[Family]:
        """Tools that would change something, were they there, as no built-in one can.

        What they read, a search may find.
        """
        return [
            each
            for each in families.known(self.held_out)
            if each.effect is not Effect.READ and not each.beside and not set(each.names) & set(self.declared)
            if each.name not in self.rivals
        ]

    @property
    def rivals(self) -> frozenset[str]:
        """What could be asked for in the words of a command for something else."""
        return self.commands.rivals_of(self.declared.values()) if self.commands else frozenset()

    def single(self) -> Phrase:
        if self.commands and self.rng.random() < COMMANDED:
            return self.commands.phrase(self.declared, self.rng)
        if self.declared and self.rng.random() < 0.6:
            return self.rng.choice(list(self.declared.values())).phrase(self.rng)
        beside = [tool for drawn in self.declared.values() for tool in drawn.family.beside]
        if beside and self.rng.random() < 0.5:
            tool = self.rng.choice(beside)
        else:
            tool = self.rng.choice(FAVOURED if self.rng.random() < 0.35 else list(SINGLE))
        return self.rng.choice(SINGLE[tool])

    def chained(self) -> Phrase:
        reads = [tool for tool in self.declared.values() if tool.shape.reads]
        if reads and self.rng.random() < 0.7:
            begun = self.rng.choice(reads).phrase(self.rng)
            tool, parameter, tail = self.rng.choice(HAND_ON)
            return Phrase((*begun.tools, tool), f"{begun.template} {tail}", {(1, parameter): 0})
        return self.rng.choice(self.rng.choice(CHAINED))


def _utterance(values: Values, pool: _Pool) -> Utterance:
    rng = values.rng
    speaker = Speaker(values, pool.shapes, fillers=rng.choice((0.0, 0.0, 0.0, 0.04, 0.08, 0.13)))
    roll = rng.random()
    lacking = [tool for tool in pool.declared.values() if tool.family.lacking]
    if roll < (0.008 if pool.declared else 0.02) and pool.missing:
        return _beyond(speaker, pool)
    if 0.075 < roll < 0.13 and lacking and rng.random() < 0.6:
        return _questioned(speaker, *rng.choice(lacking).lacking(rng))
    if pool.commands and 0.05 < roll < 0.13 and (asked := pool.commands.question(pool.rivals, rng)):
        return _questioned(speaker, *asked)
    if roll < 0.13:
        said, reply = talk.small_talk(values, bool(pool.declared)) if roll < 0.075 else talk.lacking(values)
        for word in _opened(said.split(), rng, 0.15):
            speaker.say(word)
        return finished(speaker, "no-tool" if roll < 0.075 else "question", reply)
    kind = "filler" if speaker.fillers else "fluent"
    repairs = rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2))
    if rng.random() < 0.04:
        speaker.remark(rng.choice(LISTS["prefaces"]).split())
    count = 1 if roll < 0.57 else 2 if roll < 0.91 else 3
    wrong_at = rng.randrange(count)
    groups: list[range] = []
    taken_back = False
    for at in range(count):
        if at:
            speaker.remark(rng.choice(LISTS["replacements"] if taken_back else disfluency.JOINS).split())
        phrase = pool.chained() if rng.random() < 0.2 else pool.single()
        while pool.commands and set(phrase.tools) & (pool.rivals | {each.tool for each in speaker.wanted}):
            phrase = pool.single()
        opening = _opening(phrase, rng, 0.1 if at else 0.4)
        for word in opening:
            speaker.say(word)
        if rng.random() < 0.08 and _broken_off(speaker, pool, phrase):
            kind = "false-start"
        first = len(speaker.wanted)
        speaker.phrase(phrase, repairs if at == wrong_at else 0)
        made = range(first, len(speaker.wanted))
        taken_back = at + 1 < count and rng.random() < 0.06 and withdrawal.take_back(speaker, [made])
        if taken_back:
            kind = "late-cancel"
        else:
            # What is not linked can be taken back or corrected each by itself.
            groups += [made] if phrase.links else [range(each, each + 1) for each in made]
    if repairs and kind != "late-cancel":
        kind = "self-correction"
    kind = afterthought.changed(speaker, groups, pool.single) or kind
    if rng.random() < 0.1 and kind != "late-cancel" and _may_close(speaker):
        speaker.remark(rng.choice(LISTS["trailers"]).split())
    return finished(speaker, kind, rng.choice(disfluency.DECLINED))


def _beyond(speaker: Speaker, pool: _Pool) -> Utterance:
    """Something that a tool could do, but none that there is."""
    tool = families.draw(speaker.rng.choice(pool.missing), speaker.rng)
    speaker.shapes = {**speaker.shapes, tool.name: tool.shape}
    speaker.phrase(tool.phrase(speaker.rng))
    speaker.wanted.clear()
    speaker.states = [() for _ in speaker.states]
    speaker.shapes = pool.shapes
    return finished(speaker, "no-tool", speaker.rng.choice(LISTS["unable"]))


def _questioned(speaker: Speaker, phrase: Phrase, question: str) -> Utterance:
    """A tool is asked for without what it requires."""
    for word in _opening(phrase, speaker.rng, 0.15):
        speaker.say(word)
    speaker.phrase(phrase)
    speaker.wanted.clear()
    speaker.states = [() for _ in speaker.states]
    return finished(speaker, "question", question)


def _broken_off(speaker: Speaker, pool: _Pool, phrase: Phrase) -> bool:
    """Begin something else and give it up; returns whether it was."""
    rng = speaker.rng
    if rng.random() < 0.5:
        begun, term = pool.single(), disfluency.broken_off(rng)
        speaker.phrase(begun, stop_after=rng.randint(1, 6))
    else:
        siblings = SIBLINGS.get(phrase.tools[0])
        if siblings is None:
            return False
        begun, term = rng.choice(SINGLE[rng.choice(siblings)]), disfluency.edit_term(rng)
        head = begun.template.split("{")[0]
        if not head.strip():
            return False
        speaker.phrase(Phrase(begun.tools, head.rsplit("(", 1)[0] if _open(head) else head), stop_after=4)
    speaker.change(len(speaker.wanted) - 1, live=False)
    speaker.slots.clear()
    speaker.remark(term)
    return True


def _open(template: str) -> bool:
    return template.count("(") != template.count(")") or template.count("[") != template.count("]")


def _may_close(speaker: Speaker) -> bool:
    """Whether a closing word would not pass for a part of the last value."""
    last = speaker.slots[-1] if speaker.slots else None
    return last is None or not is_sentence(last.parts[-1].kind)


def _opening(phrase: Phrase, rng: random.Random, share: float) -> list[str]:
    if rng.random() >= share:
        return []
    first = phrase.template.lstrip("([").split("|")[0].split()[0].strip(")]*|")
    return _opened([first], rng, 1.0)[:-1]


def _opened(words: list[str], rng: random.Random, share: float) -> list[str]:
    """`words` with an opener before them, one that fits."""
    if rng.random() >= share:
        return words
    bare = words[0] in _IMPERATIVES and rng.random() < 0.7
    return rng.choice(LISTS["askers" if bare else "starts"]).split() + words


def finished(speaker: Speaker, kind: str, reply: str) -> Utterance:
    """What the speaker said, with `reply` as the answer where nothing is wanted at the end."""
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
        speaker.shapes,
    )
