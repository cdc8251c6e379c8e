"""`headstart bench classify`: proposed effect classes against labels of what changes something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.classify import Found, proposals
from app.settings import SettingsError
from app.tool_lists import read_list
from tools.classify import Proposal
from tools.mcp.text import line
from tools.tool import Effect

LABEL = "is_transactional"


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled tool and what was proposed for it."""

    name: str
    is_transactional: bool
    proposal: Proposal


def judge(hints: Path) -> list[Judged]:
    """A proposal for each tool of a list whose entries have a boolean `is_transactional`.

    The label is not shown to what proposes. Raises SettingsError.
    """
    tools = read_list(hints)
    labels = [tool.entry.get(LABEL) for tool in tools]
    for number, label in enumerate(labels, 1):
        if not isinstance(label, bool):
            raise SettingsError(f'{hints}: tool {number} has no "{LABEL}": true or false')
    proposed = proposals(Found(tools))
    return [Judged(name, bool(label), each) for (name, each), label in zip(proposed, labels, strict=True)]


def failures(judged: Sequence[Judged]) -> list[Judged]:
    """Tools that change something and would run on half a sentence."""
    return [each for each in judged if each.is_transactional and each.proposal.effect is Effect.READ]


def held_reads(judged: Sequence[Judged]) -> list[Judged]:
    """Tools that change nothing and would wait all the same: that costs time, no more."""
    return [each for each in judged if not each.is_transactional and each.proposal.effect is not Effect.READ]


def report(judged: Sequence[Judged]) -> str:
    """The confusion table, precision and recall of `read`, and what is in the wrong place."""
    lines = [f"{len(judged)} tools", "", "  label \\ proposed   " + "".join(f"{each:>9}" for each in Effect)]
    for label, named in ((True, "transactional"), (False, "not")):
        effects = [each.proposal.effect for each in judged if each.is_transactional is label]
        lines.append(f"  {named:<19}" + "".join(f"{effects.count(each):>9}" for each in Effect))
    bad, held = failures(judged), held_reads(judged)
    reads = sum(each.proposal.effect is Effect.READ for each in judged)
    harmless = sum(not each.is_transactional for each in judged)
    lines += [
        "",
        f"  precision of read  {_share(reads - len(bad), reads)}",
        f"  recall of read     {_share(harmless - len(held), harmless)}",
        "",
        f"transactional tools proposed as read: {len(bad)}",
        *_rows(bad),
        f"others held for nothing (a cost, no failure): {len(held)}",
        *_rows(held),
    ]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}  ({part} of {whole})" if whole else "none"


def _rows(judged: Sequence[Judged]) -> list[str]:
    return [
        f"  {line(each.name, 40):<24} {each.proposal.effect:<8} {each.proposal.reason}" for each in judged
    ]
