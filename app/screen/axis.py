"""The time axis of the timeline: which second falls into which column."""

from __future__ import annotations

from dataclasses import dataclass

from app.screen.canvas import Canvas
from app.shown import Turn

_STEPS = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0, 20.0, 30.0)
_MARGIN = 0.4  # seconds right of the last sign
_TICKS = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a time falls. `left` seconds is column `x`; `span` seconds take `width` columns."""

    x: int
    width: int
    left: float
    span: float

    @property
    def end(self) -> int:
        """The column after the last one of the chart."""
        return self.x + self.width

    def column(self, at: float) -> int:
        """The column of `at`, which may lie outside the chart."""
        return self.x + round((at - self.left) / self.span * (self.width - 1))

    def clipped(self, at: float) -> int:
        """The column of `at`, moved to the chart's edge where it lies outside."""
        return min(max(self.column(at), self.x), self.end - 1)

    def shows(self, at: float) -> bool:
        """Whether `at` falls into the chart."""
        return self.x <= self.column(at) < self.end


def columns(width: int) -> tuple[int, int]:
    """Cells for the labels and for the remarks, out of `width`."""
    if width < 96:
        return 25, 14
    if width < 150:
        return 37, 27
    return 50, 40


def scale_of(turn: Turn, now: float, width: int) -> Scale:
    """The axis for a chart line of `width` cells in all; beyond the longest span it moves with time."""
    label, remarks = columns(width)
    chart = max(10, width - label - remarks)
    until = now if turn.ended is None else max(turn.started, turn.ended)
    if turn.answer_at is not None:  # listening to the answer tells nothing new: keep the picture still
        until = min(until, turn.answer_at + _MARGIN)
    if turn.waited_until is not None:
        until = max(until, turn.waited_until + _MARGIN)
    elapsed = max(0.1, until - turn.started)
    longest = max(_STEPS[0], chart / 5)
    span = next((step for step in _STEPS if elapsed <= step), elapsed)
    span = min(span, longest)
    return Scale(label, chart, turn.started + max(0.0, elapsed - span), span)


def until(turn: Turn, now: float) -> float:
    """Up to when what lasts is drawn: an answered turn stands still."""
    ends = [at for at in (turn.ended, turn.answer_at) if at is not None]
    return min([now, *ends])


def paint_axis(canvas: Canvas, scale: Scale, turn: Turn, y: int) -> None:
    """The seconds since the turn began."""
    tick = next((t for t in _TICKS if t * scale.width / scale.span >= 7), _TICKS[-1])
    number = int((scale.left - turn.started) / tick)
    while number * tick <= scale.left - turn.started + scale.span:
        x = scale.column(turn.started + number * tick)
        text = f"{number * tick:g}s"
        if scale.x <= x and x + len(text) <= scale.end:
            canvas.put(x, y, text, "axis")
        number += 1
