"""The timeline: the user's words and the calls they caused, on one time axis. Pure drawing.

Every line has three parts: a label, the chart, and a remark. Words end where they became stable, so
that a call begins right of the words that caused it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len

from agents.events import CallState
from app.marks import GLYPH, call_label, remark, short_remark, shorten
from app.screen.canvas import Canvas
from app.shown import CallRow, Segment, Turn

_INVITATION = "Ready when you are: work begins before you finish."
_STEPS = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0)
_TICKS = (0.5, 1.0, 2.0, 5.0, 10.0)
_BAR = {
    CallState.WAITING: "·",
    CallState.RUNNING: "━",
    CallState.READY: "▄",
    CallState.HELD: "░",
    CallState.ASKING: "▒",
}
_OVER = (CallState.FAILED, CallState.DISCARDED, CallState.UNDONE)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a time falls. `left` seconds is column `x`; `span` seconds take `width` columns."""

    x: int
    width: int
    left: float
    span: float

    def column(self, at: float) -> int:
        """The column of `at`, which may lie outside the chart."""
        return self.x + round((at - self.left) / self.span * (self.width - 1))

    def clipped(self, at: float) -> int:
        """The column of `at`, moved to the chart's edge where it lies outside."""
        return min(max(self.column(at), self.x), self.x + self.width - 1)


def scale_of(turn: Turn, now: float, width: int) -> Scale:
    """The axis for a chart line of `width` cells in all; beyond the longest span it moves with time."""
    label, remarks = columns(width)
    chart = max(10, width - label - remarks)
    until = now if turn.ended is None else max(turn.started, turn.ended)
    if turn.answer_at is not None:  # listening to the answer tells nothing new: keep the picture still
        until = min(until, turn.answer_at + 0.4)
    elapsed = max(0.1, until - turn.started)
    longest = max(_STEPS[0], chart / 5)
    span = next((step for step in _STEPS if elapsed <= step), elapsed)
    span = min(span, longest)
    return Scale(label, chart, turn.started + max(0.0, elapsed - span), span)


def columns(width: int) -> tuple[int, int]:
    """Cells for the labels and for the remarks, out of `width`."""
    if width < 96:
        return 24, 15
    if width < 150:
        return 30, 31
    return 52, 44


def paint(turn: Turn | None, now: float, width: int, height: int) -> Canvas:
    """The timeline of `turn` at `now` seconds, or an invitation while there is no turn yet."""
    canvas = Canvas(width, height)
    if turn is None:
        text = shorten(_INVITATION, width)
        canvas.put((width - cell_len(text)) // 2, height // 2, text, "quiet")
        return canvas
    scale = scale_of(turn, now, width)
    word_lines = 3 if height >= 12 else 2
    _paint_axis(canvas, scale, turn)
    _paint_words(canvas, scale, turn, now, word_lines)
    _paint_speech(canvas, scale, turn, now, 1 + word_lines)
    first = 3 + word_lines if height >= 12 else 2 + word_lines
    bottom = height if turn.ended is None else height - 1
    end = _paint_calls(canvas, scale, turn, now, first, bottom)
    _paint_guides(canvas, scale, turn, 2 + word_lines, end)
    _paint_outcome(canvas, turn, min(end + 1, height - 1))
    return canvas


def _paint_axis(canvas: Canvas, scale: Scale, turn: Turn) -> None:
    tick = next((t for t in _TICKS if t * scale.width / scale.span >= 7), _TICKS[-1])
    number = int((scale.left - turn.started) / tick)
    while number * tick <= scale.left - turn.started + scale.span:
        x = scale.column(turn.started + number * tick)
        if x >= scale.x:
            canvas.put(x, 0, f"{number * tick:g}s", "axis")
        number += 1


def _paint_words(canvas: Canvas, scale: Scale, turn: Turn, now: float, lines: int) -> None:
    canvas.put(0, 1, "  your words", "label")
    chunks = [
        (at, " ".join(word.text for word in group), "word")
        for at, group in groupby(turn.words, key=lambda word: word.at)
        if scale.column(at) >= scale.x
    ]
    if turn.unstable:
        chunks.append((max(scale.left, now), f"‹{turn.unstable}›", "tail"))
    ends = [scale.x - 1] * lines
    line = 0
    for at, text, style in chunks:
        x = max(scale.x, scale.clipped(at) - cell_len(text))
        # Going on in the same line or stepping down reads best; anything else must save some shifting.
        starts = [(line + step) % lines for step in range(lines)]
        cost = {y: max(0, _free(ends[y], scale, y == line) - x) + 3 * i for i, y in enumerate(starts)}
        best = min(cost, key=cost.__getitem__)
        start = max(x, _free(ends[best], scale, best == line))
        line = best
        ends[line] = canvas.fit(start, 1 + line, text, canvas.width - start, style)


def _free(end: int, scale: Scale, goes_on: bool) -> int:
    """The first column for words after `end`; those that do not follow on stand further off."""
    return end + (1 if goes_on or end < scale.x else 2)


def _paint_speech(canvas: Canvas, scale: Scale, turn: Turn, now: float, y: int) -> None:
    canvas.put(0, y, "  you speak", "label")
    stop = turn.end_of_speech if turn.end_of_speech is not None else _until(turn, now)
    start, end = scale.clipped(turn.started), scale.clipped(stop)
    canvas.put(start, y, "━" * (end - start + 1), "speech")
    used = scale.x - 1
    for at, sign, style in _milestones(turn):
        used = max(scale.clipped(at), used + 1)
        canvas.put(used, y, sign, style)
    if turn.latency is not None:
        what = "question" if turn.asked_at is not None else "answer"
        long = f"{what} after {turn.latency:.2f} s"
        x = scale.x + scale.width + 1
        canvas.put(x, y, long if cell_len(long) < canvas.width - x else f"★ {turn.latency:.2f} s", "answer")


def _milestones(turn: Turn) -> list[tuple[float, str, str]]:
    first = [at for at in (turn.asked_at, turn.answer_at) if at is not None]
    marks = [
        (turn.end_of_speech, "■", "stop"),
        (turn.committed, "◆", "commit"),
        (min(first) if first else None, "★", "answer"),
    ]
    return [(at, sign, style) for at, sign, style in marks if at is not None]


def _paint_guides(canvas: Canvas, scale: Scale, turn: Turn, top: int, bottom: int) -> None:
    """A dotted line down from the end of speech: whatever is left of it happened while you spoke."""
    if turn.end_of_speech is None or scale.column(turn.end_of_speech) < scale.x:
        return
    x = scale.clipped(turn.end_of_speech)
    for y in range(top, bottom):
        if canvas.is_blank(x, y):
            canvas.put(x, y, "┊", "stop")


def _paint_calls(canvas: Canvas, scale: Scale, turn: Turn, now: float, top: int, bottom: int) -> int:
    """Paint the calls between two lines; returns the line after the last one."""
    rows = visible(turn.rows, bottom - top)
    hidden = len(turn.rows) - len(rows)
    for y, row in enumerate(rows, start=top):
        _paint_call(canvas, scale, turn, row, now, y)
    if hidden:
        canvas.put(2, top + len(rows), f"and {hidden} more", "quiet")
    return top + len(rows) + bool(hidden)


def visible(rows: tuple[CallRow, ...], room: int) -> list[CallRow]:
    """The rows that fit: where they do not, dropped guesses go first, then the oldest."""
    if len(rows) <= room:
        return list(rows)
    excess = len(rows) - max(0, room - 1)
    order = sorted(range(len(rows)), key=lambda i: (rows[i].state is not CallState.DISCARDED, rows[i].issued))
    gone = set(order[:excess])
    return [row for i, row in enumerate(rows) if i not in gone]


def _paint_call(canvas: Canvas, scale: Scale, turn: Turn, row: CallRow, now: float, y: int) -> None:
    state = row.state
    gone = state is CallState.DISCARDED
    canvas.put(0, y, GLYPH[state], state.value)
    canvas.put(2, y, call_label(row, turn.rows, scale.x - 3), "struck" if gone else "label")
    for segment in row.segments:
        _paint_segment(canvas, scale, segment, gone, _until(turn, now), y)
    x = scale.x + scale.width + 1
    room = canvas.width - x
    text = short_remark(row, turn) if room < 20 else remark(row, turn)
    canvas.fit(x, y, text, room, state.value)


def _paint_segment(canvas: Canvas, scale: Scale, segment: Segment, gone: bool, until: float, y: int) -> None:
    end_at = until if segment.end is None else segment.end
    if end_at < scale.left and segment.end is not None:
        return
    start, end = scale.clipped(segment.start), scale.clipped(end_at)
    if segment.state in _OVER:
        canvas.put(start, y, GLYPH[segment.state], segment.state.value)
        return
    bar = "╌" if gone else _BAR[segment.state]
    style = CallState.DISCARDED.value if gone else segment.state.value
    canvas.put(start, y, bar * (end - start + 1), style)
    if segment.state is CallState.READY and segment.start >= scale.left:
        canvas.put(start, y, GLYPH[CallState.READY], style)


def _until(turn: Turn, now: float) -> float:
    """Up to when bars that last are drawn: an answered turn stands still."""
    ends = [at for at in (turn.ended, turn.answer_at) if at is not None]
    return min([now, *ends])


def _paint_outcome(canvas: Canvas, turn: Turn, y: int) -> None:
    """The point of it all, on the last line."""
    if turn.ended is None or turn.latency is None:
        return
    what = "asked back" if turn.asked_at is not None else "answered"
    text = f"{what} {turn.latency:.2f} s after you stopped"
    if turn.head_start:
        text += f" · {turn.head_start:.2f} s sooner than by waiting"
    canvas.fit(2, y, text, canvas.width - 4, "outcome")
