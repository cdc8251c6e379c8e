"""What is said without a tool: small talk, what cannot be done, and requests that lack something."""

from __future__ import annotations

from agents.training.lexicon import sections
from agents.training.values import Values


def _pairs(section: str) -> list[tuple[list[str], list[str]]]:
    lines = sections("talk.txt")[section]
    return [(said.split("|"), answers.split("|")) for said, answers in (line.split(" => ") for line in lines)]


_TALK = _pairs("talk")
_TALK_ONLY = [pair for pair in _TALK if not any("can't" in answer for answer in pair[1])]
_LACKING = _pairs("lacking")


def small_talk(values: Values, declared: bool = False) -> tuple[str, str]:
    """Something no tool is for, and what to say to it; where tools are declared, nothing one might do."""
    return _drawn(_TALK_ONLY if declared else _TALK, values)


def lacking(values: Values) -> tuple[str, str]:
    """A request without what its tool needs, and the question to ask."""
    return _drawn(_LACKING, values)


def _drawn(pairs: list[tuple[list[str], list[str]]], values: Values) -> tuple[str, str]:
    said, answers = values.rng.choice(pairs)
    text = values.rng.choice(said).replace("<weekdays>", values.of("day"))
    return values.filled(text), values.rng.choice(answers)
