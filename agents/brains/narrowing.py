"""Which of many declared tools a turn may be about: a small model is told of those alone.

A long list of tools that have nothing to do with a request costs it right plans, and every token time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from agents.brains.grammar import Situation
from agents.brains.writing import declaration, is_known
from agents.words import resembles
from tools.toolbox import Toolbox

FEW = 6  # tools are all declared, whatever is said
_WORD = re.compile(r"[A-Z]?[a-z]+")
# Words that any request and any description may have.
_COMMON = frozenset(
    "about after all and another any are been before but can could did does for from get give had has have "
    "her here him his how into its just left let like made make many may more much must name need not now "
    "off one only other our out over put said say show some tell than that the their them then there these "
    "they this those text up use used want was were what when where whether which while who whose will with "
    "would yes you your".split()
)


def narrowed(toolbox: Toolbox, situation: Situation) -> Toolbox:
    """`toolbox` without the declared tools of whose declaration no word was said.

    Those in use stay, and so do all where they are a `FEW`.
    """
    declared = [tool for tool in toolbox if not is_known(tool)]
    if len(declared) <= FEW:
        return toolbox
    meant = spoken_of({tool.name: declaration(tool) for tool in declared}, situation.words)
    meant = meant.union(tool.name for tool in declared if tool.name in situation.calls.values())
    return _with(toolbox, meant)


def spoken_of(declarations: Mapping[str, str], words: Iterable[str]) -> frozenset[str]:
    """The names of those tools of whose declaration one of `words` says something."""
    said = [word for word in words if _tells(word)]
    return frozenset(
        name for name, text in declarations.items() if any(resembles(word, said) for word in _words(text))
    )


@functools.lru_cache(maxsize=32)
def _with(toolbox: Toolbox, likely: frozenset[str]) -> Toolbox:
    """The same toolbox for the same tools, as others keep what they made of it."""
    return Toolbox(tool for tool in toolbox if is_known(tool) or tool.name in likely)


@functools.lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in map(str.casefold, _WORD.findall(text)) if _tells(word))


def _tells(word: str) -> bool:
    return len(word) > 2 and word.casefold() not in _COMMON
