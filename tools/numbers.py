"""Numbers as people say them: words to digits, and small numbers back to words."""

from __future__ import annotations

import re

from tools.tool import ToolError

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()

_VALUES = {word: value for value, word in enumerate(_SMALL)}
_TEN_VALUES = {word: 20 + 10 * index for index, word in enumerate(_TENS)}
_ORDINAL_VALUES = {word: value for value, word in enumerate(_ORDINALS)} | {
    "twentieth": 20,
    "thirtieth": 30,
}


def spell(number: int) -> str:
    """`number` in words from 0 to 99 ("twenty one"); digits for any other."""
    if 0 <= number < 20:
        return _SMALL[number]
    if 20 <= number < 100:
        tens = _TENS[number // 10 - 2]
        return f"{tens} {_SMALL[number % 10]}" if number % 10 else tens
    return str(number)


def ordinal(number: int) -> str:
    """`number` with its suffix: 1st, 2nd, 3rd, 11th, 28th."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def digits(words: str, *, ordinals: bool = True) -> str:
    """`words` in lower case with number words as digits ("twenty eighth" becomes 28th).

    Without `ordinals`, words like "second" stay as they are: in a duration it is a unit.
    """
    tokens = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", words.lower()).split()
    out: list[str] = []
    at = 0
    while at < len(tokens):
        text, at = _number_at(tokens, at, ordinals)
        out.append(text)
    return " ".join(out)


def _number_at(tokens: list[str], at: int, ordinals: bool) -> tuple[str, int]:
    """The token at `at`, or the number that starts there, and where the rest begins."""
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if token in _TEN_VALUES:
        ten = _TEN_VALUES[token]
        if 1 <= _VALUES.get(following, 0) <= 9:
            return _hundreds(tokens, at + 2, ten + _VALUES[following])
        if ordinals and 1 <= _ORDINAL_VALUES.get(following, 0) <= 9:
            return ordinal(ten + _ORDINAL_VALUES[following]), at + 2
        return _hundreds(tokens, at + 1, ten)
    if token in _VALUES:
        return _hundreds(tokens, at + 1, _VALUES[token])
    if token == "a" and following in ("hundred", "thousand"):
        return _hundreds(tokens, at + 1, 1)
    if ordinals and token in _ORDINAL_VALUES:
        return ordinal(_ORDINAL_VALUES[token]), at + 1
    return token, at + 1


def _hundreds(tokens: list[str], at: int, value: int) -> tuple[str, int]:
    """`value`, times a hundred or thousand plus what follows where the next word is one of these."""
    size = {"hundred": 100, "thousand": 1000}.get("".join(tokens[at : at + 1]))
    if size is None:
        return str(value), at
    rest = at + 2 if tokens[at + 1 : at + 2] == ["and"] else at + 1
    if rest < len(tokens) and (tokens[rest] in _VALUES or tokens[rest] in _TEN_VALUES):
        text, end = _number_at(tokens, rest, False)
        if int(text) < size:
            return str(size * value + int(text)), end
    return str(size * value), at + 1


def parse_number(words: str) -> float:
    """The one number in `words` ("twenty one point five"). Raises ToolError where there is none."""
    text = re.sub(r"(\d+) point (\d+)", r"\1.\2", digits(words, ordinals=False))
    text = re.sub(r"(\d+) and a half", r"\1.5", text)
    found = re.findall(r"(?<![\d.])(?:(?<!\w)-|\bminus )?\d+(?:\.\d+)?", text)
    if len(found) != 1:
        raise ToolError(f'I could not read "{words.strip()}" as a number.')
    return float(found[0].replace("minus ", "-"))
