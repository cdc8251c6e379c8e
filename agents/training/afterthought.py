"""What people say once they have asked: they take something back, or change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.training import withdrawal
from agents.training.phrasing import INSTEAD, Phrase
from agents.training.speaker import Speaker


def changed(speaker: Speaker, groups: Sequence[range], other: Callable[[], Phrase]) -> str:
    """Change one of the requests in `groups`, or take it back. Returns the kind of change, "" for none.

    `other` is something else to ask for.
    """
    rng, last = speaker.rng, groups[-1][-1]
    roll = rng.random()
    if roll < 0.16:
        return withdrawal.withdrawn(speaker, groups, other)
    if roll < (0.3 if len(groups) == 1 else 0.21) and _by_another_tool(speaker, last):
        return "self-correction"
    if roll < 0.25 and len(groups) > 1 and _earlier(speaker, groups):
        return "self-correction"
    if roll < 0.29 and speaker.slots and speaker.correct_late(groups[-1][0]):
        return "self-correction"
    return ""


def _by_another_tool(speaker: Speaker, request: int) -> bool:
    """Ask for the same thing of another tool, where one has a place for all that was said."""
    said = speaker.wanted[request]
    ways = [each for each in INSTEAD.get(said.tool, ()) if each.fits(said.arguments)]
    if not ways or isinstance(said.arguments.get("to"), int):
        return False
    way = speaker.rng.choice(ways)
    words = speaker.rng.choice(withdrawal.said_with(speaker, request, way.words))
    speaker.instead(request, way.tool, way.names, words.split())
    return True


def _earlier(speaker: Speaker, groups: Sequence[range]) -> bool:
    """Correct a request before the last one, called by a noun that no other goes by."""
    request = speaker.rng.choice([at for group in groups[:-1] for at in group])
    tools = [speaker.wanted[at].tool for group in groups for at in group]
    tool = speaker.wanted[request].tool
    taken = {noun for each in tools if each != tool for noun in speaker.shapes[each].nouns}
    nouns = [noun for noun in speaker.shapes[tool].nouns if noun not in taken and "{" not in noun]
    return tools.count(tool) == 1 and speaker.correct_named(request, nouns)
