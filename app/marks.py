"""How calls look in words and signs, for the screen and the plain-text story alike."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from agents.events import CallState
from app.shown import CallRow, Turn
from tools.tool import Effect

_NAME = 12

GLYPH = {
    CallState.WAITING: "◌",
    CallState.RUNNING: "▶",
    CallState.READY: "✓",
    CallState.HELD: "‖",
    CallState.ASKING: "?",
    CallState.FAILED: "!",
    CallState.DISCARDED: "✗",
    CallState.UNDONE: "↶",
}

ASCII = str.maketrans(
    {
        "◌": ".",
        "▶": ">",
        "✓": "+",
        "‖": "|",
        "✗": "x",
        "↶": "<",
        "■": "#",
        "♪": "!",
        "◆": "*",
        "…": "...",
        "“": '"',
        "”": '"',
        "·": "-",
        "—": "-",
        "‹": "<",
        "›": ">",
        "└": "`",
        "→": "->",
        "─": "-",
        "°": " degrees ",
        "’": "'",
        "‘": "'",
    }
)
"""Signs for a terminal that cannot show the others."""


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` cells, ending in an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    kept = chop_cells(text, width - 1)[0] if width > 1 else ""
    return kept.rstrip() + "…"


def changes(row: CallRow, versions: Sequence[CallRow]) -> list[tuple[str, str]]:
    """The arguments in which `row` differs from the version it replaced: the old value and the new."""
    older = [other for other in versions if other.call == row.call and other.version < row.version]
    if not older:
        return []
    before = dict(max(older, key=lambda other: other.version).arguments)
    return [(before.get(name, ""), value) for name, value in row.arguments if before.get(name, "") != value]


def call_label(row: CallRow, versions: Sequence[CallRow] = (), width: int = 1000) -> str:
    """The call in `width` cells: its values, or where `versions` differ, only the values that do.

    Where it does not fit, the name gives way first: the values are what tells two versions apart.
    """
    others = [dict(other.arguments) for other in versions if other.call == row.call and other is not row]
    differing = [v for k, v in row.arguments if any(other.get(k, "") != v for other in others)]
    values = ", ".join(differing or [value for _, value in row.arguments])
    for_name = max(min(_NAME, width // 3), width - cell_len(values) - 2)
    name = shorten(row.name, for_name)
    return f"{name}({shorten(values, width - cell_len(name) - 2)})"


def changed_label(row: CallRow, versions: Sequence[CallRow], width: int) -> tuple[str, str, str]:
    """The call in `width` cells with what changed in it as (before it, the old values, after them).

    Where the old values have no room beside the new, an arrow alone says that these are new ones.
    """
    found = changes(row, versions)
    new = ", ".join(value for _, value in found)
    for old in (", ".join(value for value, _ in found if value), ""):
        room = width - cell_len(old) - cell_len(new) - (5 if old else 4)
        if new and room >= min(_NAME, cell_len(row.name)):
            return f"{shorten(row.name, room)}(", old, f"{' ' if old else ''}→ {new})"
    return call_label(row, versions, width), "", ""


def named_label(row: CallRow) -> str:
    """The call with its parameter names."""
    return f"{row.name}({', '.join(f'{name}={_quoted(value)}' for name, value in row.arguments)})"


def remark(row: CallRow, turn: Turn) -> str:
    """Why the call stands where it stands, in a few words."""
    match row.state:
        case CallState.WAITING:
            return row.reason or _waits_for(row)
        case CallState.RUNNING:
            if row.early:
                return "early, undone if wrong"
            if row.effect is not Effect.READ:
                return "released: doing it now" if row.was_released else "doing it now"
            return "running" if turn.end_of_speech else "running while you speak"
        case CallState.READY:
            if row.stuck:
                return f"cannot be undone: {row.stuck}"
            if row.regretted is not None:
                return f"to undo: “{row.because}”" if row.because else "to be undone"
            if row.carried:
                return "done before" if row.effect is not Effect.READ else "known before"
            if row.effect is not Effect.READ:
                done, where = ("done early", "entry") if row.early else ("done", "journal entry")
                return f"{done}, {where} {row.entry}" if row.entry else done
            early = earliness(row, turn)
            return f"ready {early:.1f} s before you stopped" if early else "ready"
        case CallState.HELD:
            if turn.committed is not None:
                return "its turn is next"
            return "held until you finish" if turn.final_at is None else "held until the commit"
        case CallState.ASKING:
            return "needs your yes"
        case CallState.FAILED:
            return f"failed: {row.text or row.reason or 'no reason given'}"
        case CallState.DISCARDED:
            return f"you said “{row.because}”" if row.because else f"dropped: {row.reason or 'not needed'}"
        case CallState.UNDONE:
            return f"undone: “{row.because}”" if row.because else "undone"


def short_remark(row: CallRow, turn: Turn) -> str:
    """The same in about a dozen columns."""
    match row.state:
        case CallState.READY:
            if row.stuck:
                return "undo failed"
            if row.regretted is not None:
                return "to be undone"
            if row.carried:
                return "done before" if row.effect is not Effect.READ else "known before"
            early = earliness(row, turn)
            done = "ready" if row.effect is Effect.READ else "done early" if row.early else "done"
            return f"{early:.1f} s early" if early else done
        case CallState.RUNNING:
            return "done early" if row.early else "released" if row.was_released else "running"
        case CallState.HELD:
            return "held"
        case CallState.ASKING:
            return "yes or no?"
        case CallState.FAILED:
            return "failed"
        case CallState.DISCARDED:
            return f"“{row.because}”" if row.because else "dropped"
        case CallState.UNDONE:
            return "undone"
        case CallState.WAITING:
            return remark(row, turn)


def details(row: CallRow, turn: Turn) -> str:
    """All there is to say of a call: what was asked, why it stands where it stands, and what it gave."""
    named = named_label(row)
    for old, new in changes(row, turn.rows):
        named = named.replace(_quoted(new), f"{_quoted(old)} → {_quoted(new)}", 1) if old else named
    parts = [f"{GLYPH[row.state]} {named}", remark(row, turn)]
    if row.text and row.text not in parts[1]:
        parts.append(f"“{row.text}”")
    if row.late:
        parts.append(f"given up, and returned later: “{row.late}”")
    return " · ".join(parts)


def earliness(row: CallRow, turn: Turn) -> float | None:
    """Seconds between a result at hand and the end of speech, or None where it was not early."""
    if row.ready_at is None or turn.end_of_speech is None or row.effect is not Effect.READ or row.carried:
        return None
    early = turn.end_of_speech - row.ready_at
    return early if early >= 0.05 else None


def _quoted(value: str) -> str:
    plain = value.removeprefix("-").replace(".", "", 1).isdigit() or value.startswith("$")
    return value if plain else f'"{value}"'


def _waits_for(row: CallRow) -> str:
    needs = sorted({value for _, value in row.arguments if value[:1] == "$" and value[1:].isdigit()})
    return f"waits for {' and '.join(f'call {need[1:]}' for need in needs)}" if needs else "waiting"
