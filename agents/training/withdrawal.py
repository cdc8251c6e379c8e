"""How people take back what they asked for, after they have: all of it, one of it, or all but one."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

from agents.training import disfluency
from agents.training.lexicon import LISTS
from agents.training.phrasing import KEPT, Phrase
from agents.training.speaker import Speaker

_FORMAT = string.Formatter()
_NAMING = frozenset({"to", "name", "place", "room", "label"})  # parameters that tell two calls apart


def withdrawn(speaker: Speaker, groups: Sequence[range], other: Callable[[], Phrase]) -> str:
    """Take one of the requests back, all of them, or all but one. Returns the kind, "" where none fits.

    `groups` are the requests, chains together; after a single one something `other` may be asked for.
    """
    rng = speaker.rng
    everything = [at for group in groups for at in group]
    shapes = speaker.shapes
    nouns = [shapes[speaker.wanted[group[-1]].tool].nouns for group in groups]
    turn = rng.choice([*LISTS["turns"], "", ""]).split()
    if len(groups) == 1:
        last = everything[-1]
        backs = _said_with(speaker, last, shapes[speaker.wanted[last].tool].back)
        kept = _kept(speaker, everything[0])
        if len(everything) == 2 and _one_of_two(speaker, everything, turn):
            return "late-cancel"
        if len({speaker.wanted[at].tool for at in everything}) == 2 and kept and rng.random() < 0.6:
            way = rng.choice(("{back}", "{back} {kept}", "{kept}") if backs else ("{kept}",))
            speaker.drop([last], [*turn, *way.format(back=rng.choice(backs or [""]), kept=kept).split()])
            return "late-cancel"
        ways = [rng.choice(LISTS["drops"])]
        if len(everything) == 1:
            ways += [rng.choice(backs)] if backs else []
            ways += [disfluency.dropping(rng, rng.choice(nouns[0]))] if nouns[0] else []
        speaker.drop(everything, [*turn, *rng.choice(ways).split()])
        if rng.random() < 0.2:
            speaker.remark(rng.choice(("", "just", "instead", "rather", "and")).split())
            speaker.slots.clear()
            speaker.phrase(other())
        return "late-cancel"
    if rng.random() < 0.2:
        speaker.drop(everything, [*turn, *rng.choice(LISTS["drop_all"]).split()])
        return "late-cancel"
    at = rng.randrange(len(groups))
    tools = [speaker.wanted[group[-1]].tool for group in groups]
    if not nouns[at] or len(groups[at]) > 1 or tools.count(tools[at]) > 1:
        return ""
    noun = rng.choice(nouns[at])
    others = [group for group in groups if group != groups[at]]
    kept = _kept(speaker, others[0][0]) if len(groups) == 2 and len(others[0]) == 1 else ""
    if rng.random() < 0.2:
        left = [i for group in others for i in group]
        speaker.drop(left, [*turn, *rng.choice(LISTS["onlys"]).split(), "the", *noun.split()])
        return "late-cancel"
    ways = [disfluency.dropping(rng, noun), disfluency.dropping(rng, noun), f"no {noun}"]
    backs = _said_with(speaker, groups[at][0], shapes[tools[at]].back)
    backs = [way for way in backs if "it" not in way.split()]
    ways += rng.sample(backs, min(2, len(backs)))
    ways += [kept] if kept else []
    way = rng.choice(ways)
    if kept and way != kept and rng.random() < 0.3:
        way = f"{way} {kept}"
    speaker.drop(groups[at], [*turn, *way.split()])
    return "late-cancel"


def _one_of_two(speaker: Speaker, requests: Sequence[int], turn: Sequence[str]) -> bool:
    """Of two calls of one tool, keep one by what differs: "not Ana just Ben". Returns whether it was done."""
    wanted = [speaker.wanted[at] for at in requests]
    said = [_values(speaker, at) for at in requests]
    differ = [
        name for name in said[0] if name in said[1] and said[0][name] != said[1][name] and name in _NAMING
    ]
    if wanted[0].tool != wanted[1].tool or not differ or speaker.rng.random() < 0.3:
        return False
    left, dropped = speaker.rng.sample((0, 1), 2)
    stays, goes = said[left][differ[0]], said[dropped][differ[0]]
    way = speaker.rng.choice((f"not {goes}", f"not {goes} just {stays}", f"just {stays}", f"only {stays}"))
    speaker.drop([requests[dropped]], [*turn, *way.split()])
    return True


def _kept(speaker: Speaker, request: int) -> str:
    """Words that say that of two requests only this one is left; "" where there are none."""
    ways = _said_with(speaker, request, KEPT.get(speaker.wanted[request].tool, ()))
    only = speaker.rng.choice(("just", "just", "only", "I just want you to", "I only want you to"))
    if not ways:
        return ""
    way = speaker.rng.choice(ways)
    return f"{'just' if way.startswith('the ') and 'want' in only else only} {way}"


def _said_with(speaker: Speaker, request: int, ways: Sequence[str]) -> list[str]:
    """`ways` with the `{parameter}`s of a request in the words they were said; without those it lacks."""
    said = _values(speaker, request)
    return [
        way.format(**said)
        for way in ways
        if all(name in said for _, name, _, _ in _FORMAT.parse(way) if name)
    ]


def _values(speaker: Speaker, request: int) -> dict[str, str]:
    """What was said for each parameter of a request."""
    return {
        name: " ".join(speaker.words[index] for index in value)
        for name, value in speaker.wanted[request].arguments.items()
        if isinstance(value, tuple)
    }
