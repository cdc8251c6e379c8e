"""How people take back what they asked for, after they have: all of it, one of it, or all but one."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence

from agents.training.lexicon import LISTS
from agents.training.phrasing import TAKEN_BACK, Phrase
from agents.training.speaker import Speaker

_FORMAT = string.Formatter()
_NAMING = frozenset({"to", "name", "place", "room", "label", "content"})  # what tells two calls apart
_IMPERATIVES = frozenset(LISTS["imperatives"])
_OPPOSITE = {"on": "off", "off": "on"}
# How requests are named by their places; the keys are how many there are, and which is meant.
_PLACES = {
    (2, 0): ("first one", "first", "first thing", "first bit", "first part"),
    (2, 1): ("second one", "last one", "second thing", "last bit", "second part", "other one"),
    (3, 0): ("first one", "first", "first thing", "first bit"),
    (3, 1): ("second one", "second thing", "middle one", "second bit"),
    (3, 2): ("third one", "last one", "last thing", "last bit", "last part"),
}
_Way = tuple[Sequence[int], str]  # requests that are taken back, and the words for it


def withdrawn(speaker: Speaker, groups: Sequence[range], other: Callable[[], Phrase]) -> str:
    """Take one of the requests back, all of them, or all but one. Returns the kind, "" where none fits.

    `groups` are the requests, chains together; something `other` may be asked for then.
    """
    rng = speaker.rng
    if not take_back(speaker, groups):
        return ""
    if rng.random() < (0.1 if any(wanted.live for wanted in speaker.wanted) else 0.3):
        speaker.remark(rng.choice(LISTS["replacements"]).split())
        speaker.slots.clear()
        speaker.phrase(other())
    return "late-cancel"


def take_back(speaker: Speaker, groups: Sequence[range]) -> bool:
    """Take something of `groups` back, sometimes with the reason why. Returns whether there was a way."""
    rng = speaker.rng
    way = _of_one(speaker, groups[0]) if len(groups) == 1 else _of_many(speaker, groups)
    if way is None:
        return False
    dropped, said = way
    reasons = [*LISTS["reasons"], *2 * _said_of(speaker, dropped[-1], "because")]
    turn = rng.choice([*LISTS["turns"], "", ""])
    speaker.drop(dropped, f"{turn} {said}".split())
    if rng.random() < 0.2 and not said.startswith(("just", "only")):
        speaker.remark(rng.choice(reasons).split())
    return True


def said_with(speaker: Speaker, request: int, ways: Sequence[str]) -> list[str]:
    """`ways` with the `{parameter}`s of a request in the words they were said; without those it lacks."""
    said = _values(speaker, request)
    return [
        way.format(**said)
        for way in ways
        if all(name in said for _, name, _, _ in _FORMAT.parse(way) if name)
    ]


def _of_one(speaker: Speaker, group: range) -> _Way:
    """Of a single request all; of a chain, where it can be said, what comes after one of its requests."""
    rng = speaker.rng
    ways = [rng.choice(LISTS["drops"])]
    if len(group) > 1:
        cut = rng.randrange(1, len(group))
        kept = _kept(speaker, group[cut - 1])
        backs = _belated(speaker, _backs(speaker, group[cut])) if cut == len(group) - 1 else []
        partly = [*backs, *(f"{back} {kept}" for back in backs if kept), *([kept] * (len(backs) or 1))]
        if any(partly) and rng.random() < 0.75:
            return group[cut:], rng.choice([each for each in partly if each])
        return group, rng.choice([*ways, rng.choice(LISTS["drop_all"])])
    nouns = _said_of(speaker, group[0], "nouns")
    ways += _belated(speaker, _backs(speaker, group[0]))
    ways += [_dropping(speaker, rng.choice(nouns))] if nouns else []
    return group, rng.choice(ways)


def _of_many(speaker: Speaker, groups: Sequence[range]) -> _Way | None:
    """All of several requests, one of them, or all but one."""
    rng, wanted = speaker.rng, speaker.wanted
    everything = [at for group in groups for at in group]
    if rng.random() < 0.15:
        return everything, rng.choice(LISTS["drop_all"])
    at = rng.randrange(len(groups))
    group = groups[at]
    request = group[-1]
    twins = [i for i in everything if wanted[i].tool == wanted[request].tool]
    if len(twins) == 2 and (way := _one_of_two(speaker, twins)) is not None:
        return way
    # By its place a request can only be named where each was one, and none has gone before.
    alone = all(len(each) == 1 for each in groups) and all(each.live for each in wanted)
    places = _PLACES.get((len(groups), at), ()) if alone else ()
    # Words that would do for another request as well do not say which is meant.
    rest = [i for i in everything if i != request]
    nouns = _but(_said_of(speaker, request, "nouns"), [_said_of(speaker, i, "nouns") for i in rest])
    if rng.random() < 0.2 and (nouns or places):
        named = rng.choice([*nouns, *places])
        return [i for i in everything if i not in group], f"{rng.choice(LISTS['onlys'])} the {named}"
    backs = _but(_backs(speaker, request), [_backs(speaker, i) for i in rest])
    if request != everything[-1]:
        backs = [way for way in backs if not {"it", "that"} & set(way.split())]
    ways = [_dropping(speaker, noun) for noun in rng.sample(nouns, min(3, len(nouns)))]
    ways += rng.sample(_belated(speaker, backs), min(3, len(backs)))
    ways += [rng.choice(LISTS["drop_places"]).format(noun=rng.choice(places))] if places else []
    others = [i for each in groups if each != group for i in each]
    kept = _kept(speaker, others[0]) if len(others) == 1 and len(twins) == 1 else ""
    if kept and (not ways or rng.random() < 0.4):
        return group, rng.choice([kept, *(f"{way} {kept}" for way in ways[:2])])
    return ([request], rng.choice(ways)) if ways else None


def _one_of_two(speaker: Speaker, requests: Sequence[int]) -> _Way | None:
    """Of two calls of one tool, keep one by what differs: "not Ana just Ben"."""
    said = [_values(speaker, at) for at in requests]
    differ = [
        name for name in said[0] if name in said[1] and said[0][name] != said[1][name] and name in _NAMING
    ]
    if not differ or speaker.rng.random() < 0.3:
        return None
    left, dropped = speaker.rng.sample((0, 1), 2)
    stays, goes = said[left][differ[0]], said[dropped][differ[0]]
    ways = [way.format(stays=stays, goes=goes) for way in LISTS["drop_one"]]
    return [requests[dropped]], speaker.rng.choice(ways)


def _dropping(speaker: Speaker, noun: str) -> str:
    """Words that take the request for `noun` back."""
    return speaker.rng.choice(LISTS["drop_nouns"]).format(noun=noun)


def _backs(speaker: Speaker, request: int) -> list[str]:
    """Words that say that a request is not wanted."""
    return said_with(speaker, request, speaker.shapes[speaker.wanted[request].tool].back)


def _belated(speaker: Speaker, backs: Sequence[str]) -> list[str]:
    """Words that say that something is not wanted, some of them as an afterthought."""
    late = speaker.rng.choice(LISTS["lates"])
    return [
        f"{back} {late}" if back.startswith("don't") and at % 4 == 0 else back
        for at, back in enumerate(backs)
    ]


def _kept(speaker: Speaker, request: int) -> str:
    """Words that say that of two requests only this one is left; "" where there are none."""
    ways = _said_of(speaker, request, "kept")
    only = speaker.rng.choice(("just", "just", "only", "I just want you to", "I only want you to"))
    if not ways:
        return ""
    way = speaker.rng.choice(ways)
    return f"{only if way.split()[0] in _IMPERATIVES or 'want' not in only else 'just'} {way}"


def _said_of(speaker: Speaker, request: int, part: str) -> list[str]:
    """What is said of a request's tool, its nouns of any, the other parts of one that is built in."""
    tool = speaker.wanted[request].tool
    ways = speaker.shapes[tool].nouns if part == "nouns" else TAKEN_BACK.get(tool, {}).get(part, ())
    return said_with(speaker, request, ways)


def _but(ways: Sequence[str], others: Sequence[Sequence[str]]) -> list[str]:
    taken = {way for each in others for way in each}
    return [way for way in ways if way not in taken]


def _values(speaker: Speaker, request: int) -> Mapping[str, str]:
    """What was said for each parameter of a request; of a light also the opposite."""
    said = {
        name: " ".join(
            speaker.words[index].removesuffix("'s") if index in speaker.possessive else speaker.words[index]
            for index in value
        )
        for name, value in speaker.wanted[request].arguments.items()
        if isinstance(value, tuple)
    }
    if (state := said.get("state", "")) in _OPPOSITE:
        said["opposite"] = _OPPOSITE[state]
    return said
