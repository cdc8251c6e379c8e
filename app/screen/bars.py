"""The calls on the time axis: a label, the states as a bar, and a remark."""

from __future__ import annotations

from rich.cells import cell_len

from agents.events import CallState
from app.marks import GLYPH, changed_label, remark, short_remark
from app.rows import OVER
from app.screen.axis import Scale, until
from app.screen.canvas import Canvas
from app.shown import CallRow, Segment, Turn

_BAR = {
    CallState.WAITING: "·",
    CallState.RUNNING: "━",
    CallState.READY: "▄",
    CallState.HELD: "░",
    CallState.ASKING: "▒",
}

_SIGNED = (CallState.READY, CallState.HELD, CallState.ASKING)
"""States whose bar begins with their sign, also where all of it is struck out."""


def visible(rows: tuple[CallRow, ...], room: int, selected: tuple[int, int] | None = None) -> list[CallRow]:
    """The rows that fit: where they do not, dropped guesses go first, then the oldest; never `selected`."""
    if len(rows) <= room:
        return list(rows)
    excess = len(rows) - max(0, room - 1)

    def worth(i: int) -> tuple[bool, bool, float]:
        row = rows[i]
        return (row.call, row.version) == selected, row.state is not CallState.DISCARDED, row.issued

    gone = set(sorted(range(len(rows)), key=worth)[:excess])
    return [row for i, row in enumerate(rows) if i not in gone]


def paint_call(canvas: Canvas, scale: Scale, turn: Turn, row: CallRow, now: float, y: int) -> None:
    """One call in line `y`."""
    sign = CallState.FAILED if row.stuck else row.state
    canvas.put(0, y, GLYPH[sign], sign.value)
    _paint_label(canvas, turn, row, scale.x - 3, y)
    _paint_bar(canvas, scale, row, until(turn, now), y)
    x = scale.end + 1
    room = canvas.width - x
    text = short_remark(row, turn) if room < 20 else remark(row, turn)
    if cell_len(text) > room:
        text = text.removeprefix("ready ")  # its sign says so
    to_come = row.regretted is not None and row.state not in OVER
    style = CallState.FAILED if row.stuck else CallState.UNDONE if to_come else row.state
    canvas.fit(x, y, text, room, style.value)


def _paint_label(canvas: Canvas, turn: Turn, row: CallRow, room: int, y: int) -> None:
    gone = not row.state.is_wanted
    label = "struck" if gone else "label"
    before, old, after = changed_label(row, turn.rows, room)
    x = canvas.put(2, y, before, label)
    x = canvas.put(x, y, old, "struck")
    canvas.put(x, y, after, label)


def _paint_bar(canvas: Canvas, scale: Scale, row: CallRow, now: float, y: int) -> None:
    struck = _struck_from(row)
    for i, segment in enumerate(row.segments):
        last = now if segment.end is None else segment.end
        if last < scale.left and segment.end is not None:
            continue
        start, end = scale.clipped(segment.start), scale.clipped(max(segment.start, last))
        if segment.state in OVER:
            canvas.put(start, y, GLYPH[segment.state], segment.state.value)
            continue
        style = _style(row, segment)
        canvas.put(start, y, _BAR[segment.state] * (end - start + 1), style)
        if segment.start >= scale.left:
            released = segment.state is CallState.RUNNING and i > 0 and not row.early
            if released and row.segments[i - 1].state in (CallState.HELD, CallState.ASKING):
                canvas.put(start, y, GLYPH[CallState.RUNNING], "commit")
            elif segment.state in _SIGNED:
                canvas.put(start, y, GLYPH[segment.state], style)
        if struck is not None and struck < max(segment.start, last):
            left = max(start + (segment.state in _SIGNED), scale.clipped(struck))
            canvas.put(left, y, "╌" * (end - left + 1), _over(row).value)


def _struck_from(row: CallRow) -> float | None:
    """Since when the bar is struck out: since the words that made the call wrong."""
    if row.regretted is None and row.state is not CallState.DISCARDED:
        return None
    return row.regretted if row.struck_at is None else row.struck_at


def _over(row: CallRow) -> CallState:
    return CallState.DISCARDED if row.state is CallState.DISCARDED else CallState.UNDONE


def _style(row: CallRow, segment: Segment) -> str:
    """A dropped guess has one colour all along; what was done and undone has been real meanwhile."""
    return row.state.value if row.state is CallState.DISCARDED else segment.state.value
