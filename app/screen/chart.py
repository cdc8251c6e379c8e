"""The timeline: the user's words and the calls they caused, on one time axis. Pure drawing.

Every line has three parts: a label, the chart, and a remark. Words end where they became stable, so
that a call begins right of the words that caused it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from app.marks import details, shorten
from app.screen.axis import paint_axis, scale_of
from app.screen.bars import paint_call, visible
from app.screen.canvas import Canvas, wrap
from app.screen.speech import block, paint_guides, paint_level, paint_settled, paint_words
from app.shown import CallRow, ScreenState, Turn

_INVITATION = "Just talk: work begins before you finish."
_STARTING = "One moment: the models are being loaded."
_EXAMPLES = (
    "What's on my calendar on Friday, no, Saturday?",
    "Put lunch with Anna on Saturday at one.",
    "Text Ben I'm running ten minutes late.",
    "Undo that.",
)
_HINT = "↑ ↓ or the mouse: more of a call"
_TALL = 15  # lines from which on there is room for a gap and a third line of words
_METER = 40  # cells
_CALLS = 3  # lines that calls get at least

Key = tuple[int, int]
"""Which row: the call's ID and its version."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which line holds what: `rows` from line `top` on, then how many are `hidden`, then the `foot`."""

    word_lines: int
    top: int
    rows: tuple[CallRow, ...]
    hidden: int
    foot: tuple[tuple[str, str], ...]

    def row_at(self, y: int) -> CallRow | None:
        """The call in line `y`."""
        return self.rows[y - self.top] if self.top <= y < self.top + len(self.rows) else None


def layout(turn: Turn, width: int, height: int, selected: Key | None = None) -> Layout:
    """What stands where in `width` × `height` cells; the foot gives details of the `selected` call."""
    words = 3 if height >= _TALL else 2
    top = 4 + words if height >= _TALL else 3 + words
    foot: list[tuple[str, str]] = []
    found = next((row for row in turn.rows if key_of(row) == selected), None)
    outcome = _outcome(turn)
    if outcome and (found is None or height >= _TALL):
        foot.append((outcome, "outcome"))
    if found is not None:
        room = max(1, height - top - min(len(turn.rows), _CALLS) - len(foot))
        foot = [(line, "detail") for line in wrap(details(found, turn), width - 2)[: min(3, room)]] + foot
    elif turn.rows and height - top - len(turn.rows) - len(foot) >= _CALLS:
        foot.append((_HINT, "quiet"))
    rows = visible(turn.rows, height - top - len(foot), selected)
    return Layout(words, top, tuple(rows), len(turn.rows) - len(rows), tuple(foot))


def key_of(row: CallRow) -> Key:
    """What tells the row from the others of its turn."""
    return row.call, row.version


def paint(state: ScreenState, now: float, width: int, height: int, selected: Key | None = None) -> Canvas:
    """The timeline of the current turn at `now` seconds, or an invitation while there is no turn yet."""
    canvas = Canvas(width, height)
    turn = state.turn
    if turn is None:
        _paint_invitation(canvas, state)
        return canvas
    scale = scale_of(turn, now, width)
    found = layout(turn, width, height, selected)
    paint_axis(canvas, scale, turn, 0)
    paint_level(canvas, scale, turn, state.levels, now, 1)
    paint_words(canvas, scale, turn, now, 2, found.word_lines)
    paint_settled(canvas, scale, turn, now, 2 + found.word_lines)
    for y, row in enumerate(found.rows, start=found.top):
        paint_call(canvas, scale, turn, row, now, y)
        if key_of(row) == selected:
            canvas.marked = y
    end = found.top + len(found.rows)
    if found.hidden:
        canvas.put(2, end, f"and {found.hidden} more", "quiet")
        end += 1
    paint_guides(canvas, scale, turn, now, 3 + found.word_lines, end)
    for y, (text, style) in enumerate(found.foot, start=max(end, min(end + 1, height - len(found.foot)))):
        canvas.fit(2, y, text, width - 2, style)
    return canvas


def _paint_invitation(canvas: Canvas, state: ScreenState) -> None:
    top = max(0, (canvas.height - len(_EXAMPLES) - 4) // 2)
    _paint_middle(canvas, top, _STARTING if state.is_starting else _INVITATION, "word")
    meter = "".join(block(level.level) for level in state.levels[-_METER:])
    _paint_middle(canvas, top + 1, meter, "level")
    _paint_middle(canvas, top + 3, "for example", "axis")
    for y, example in enumerate(_EXAMPLES, start=top + 4):
        _paint_middle(canvas, y, f"“{example}”", "quiet")


def _paint_middle(canvas: Canvas, y: int, text: str, style: str) -> None:
    text = shorten(text, canvas.width)
    canvas.put((canvas.width - cell_len(text)) // 2, y, text, style)


def _outcome(turn: Turn) -> str:
    """The point of it all."""
    if turn.ended is None or turn.latency is None:
        return ""
    what = "asked back" if turn.asked_at is not None else "answered"
    text = f"{what} {turn.latency:.2f} s after you stopped"
    if turn.head_start:
        text += f" · {turn.head_start:.2f} s sooner than by waiting"
    return text
