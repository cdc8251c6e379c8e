"""Real text as raw material: questions that people corrected while they asked them.

Disfl-QA (Gupta et al., 2021; CC BY 4.0) pairs written questions with disfluent forms that people made of
them. It is read where it lies and is no part of this project.
"""

from __future__ import annotations

import difflib
import json
import random
from collections.abc import Iterator
from pathlib import Path

from agents.training import clock
from agents.training.clock import Stream
from agents.training.phrasing import BUILT_IN
from agents.training.policy import STUBS
from agents.training.speaker import Wanted
from agents.training.synthesize import LONGEST, Utterance
from agents.words import spoken_words

_LEAST = 3  # words of a question that are worth a search


def spoken_questions(path: Path, rng: random.Random) -> Iterator[Stream]:
    """Streams of the questions of a Disfl-QA file, each asked for with `search` as it stands at the end.

    Raises OSError or ValueError for a file that is none.
    """
    for pair in json.loads(path.read_text(encoding="utf-8")).values():
        made = question(spoken_words(pair["disfluent"]), spoken_words(pair["original"]))
        if made is not None:
            yield clock.stream(made, rng)


def question(said: list[str], meant: list[str]) -> Utterance | None:
    """A question as it was `said`; None where what was `meant` is not all among those words, in order."""
    lower = [word.lower() for word in said]
    match = difflib.SequenceMatcher(None, lower, [word.lower() for word in meant], autojunk=False)
    blocks = [block for block in match.get_matching_blocks() if block.size]
    kept = [index for block in blocks for index in range(block.a, block.a + block.size)]
    if len(kept) != len(meant) or not _LEAST <= len(said) <= LONGEST:
        return None
    left_out = [index for index in range(len(said)) if index not in set(kept)]
    corrected = max(left_out, default=-1) + 1  # from here on the speaker has said what was wrong
    states: list[tuple[Wanted, ...]] = [()]
    for heard in range(1, len(said) + 1):
        known = range(heard) if heard <= corrected else [index for index in kept if index < heard]
        query = tuple(known)
        clear = len(query) >= _LEAST and lower[heard - 1] not in STUBS
        before = states[-1]
        states.append((Wanted("search", {"query": query}, clear=True),) if clear else before)
    states[-1] = (Wanted("search", {"query": tuple(kept)}, clear=True),)
    return Utterance(tuple(said), tuple(states), frozenset(), (0,), "", "self-correction", BUILT_IN)
