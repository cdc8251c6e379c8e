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
        "◆": "*",
        "…": "...",
        "“": '"',
        "”": '"',
        "·": "-",
        "—": "-",
        "‹": "<",
        "›": ">",
        "└": "`",
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


def call_label(row: CallRow, versions: Sequence[CallRow] = (), width: int = 1000) -> str:
    """The call in `width` cells: its values, or where `versions` differ, only the values that do.

    Where it does not fit, the name gives way first: the values are what tells two versions apart.
    """
    others = [dict(other.arguments) for other in versions if other.call == row.call and other is not row]
    differing = [v for k, v in row.arguments if any(other.get(k, "") != v for other in others)]
    values = ", ".join(differing or [value for _, value in row.arguments])
    for_name = max(min(_NAME, width // 2), width - cell_len(values) - 2)
    name = shorten(row.name, for_name)
    return f"{name}({shorten(values, width - cell_len(name) - 2)})"


def named_label(row: CallRow) -> str:
    """The call with its parameter names."""
    return f"{row.name}({', '.join(f'{name}={_quoted(value)}' for name, value in row.arguments)})"


def remark(row: CallRow, turn: Turn) -> str:
    """Why the call stands where it stands, in a few words."""
    match row.state:
        case CallState.WAITING:
            return row.reason or _waits_for(row)
        case CallState.RUNNING:
            if row.effect is not Effect.READ:
                return "doing it now"
            return "running" if turn.end_of_speech else "running while you speak"
        case CallState.READY:
            if row.effect is not Effect.READ:
                return f"done, journal entry {row.entry}" if row.entry else "done"
            early = earliness(row, turn)
            return f"ready {early:.1f} s before you stopped" if early else "ready"
        case CallState.HELD:
            return "held until you finish" if turn.committed is None else row.reason or "its turn is next"
        case CallState.ASKING:
            return "needs your yes"
        case CallState.FAILED:
            return f"failed: {row.text or row.reason or 'no reason given'}"
        case CallState.DISCARDED:
            return f"you said “{row.because}”" if row.because else f"dropped: {row.reason or 'not needed'}"
        case CallState.UNDONE:
            return "undone"


def short_remark(row: CallRow, turn: Turn) -> str:
    """The same in about a dozen columns."""
    match row.state:
        case CallState.READY:
            early = earliness(row, turn)
            done = "done" if row.effect is not Effect.READ else "ready"
            return f"{early:.1f} s early" if early else done
        case CallState.RUNNING:
            return "running"
        case CallState.HELD:
            return "held"
        case CallState.ASKING:
            return "yes or no?"
        case CallState.FAILED:
            return "failed"
        case CallState.DISCARDED:
            return f"“{row.because}”" if row.because else "dropped"
        case _:
            return remark(row, turn)


def earliness(row: CallRow, turn: Turn) -> float | None:
    """Seconds between a result at hand and the end of speech, or None where it was not early."""
    if row.ready_at is None or turn.end_of_speech is None or row.effect is not Effect.READ:
        return None
    early = turn.end_of_speech - row.ready_at
    return early if early >= 0.05 else None


def _quoted(value: str) -> str:
    plain = value.removeprefix("-").replace(".", "", 1).isdigit() or value.startswith("$")
    return value if plain else f'"{value}"'


def _waits_for(row: CallRow) -> str:
    needs = sorted({value for _, value in row.arguments if value[:1] == "$" and value[1:].isdigit()})
    return f"waits for {' and '.join(f'call {need[1:]}' for need in needs)}" if needs else "waiting"
