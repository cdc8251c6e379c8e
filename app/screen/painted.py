"""A widget that shows a canvas line by line, its styles taken from the style sheet."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from app.screen.canvas import Canvas
from app.shown import ScreenState

STYLES = (
    "word",
    "tail",
    "label",
    "quiet",
    "axis",
    "struck",
    "speech",
    "listening",
    "stop",
    "commit",
    "answer",
    "outcome",
    "waiting",
    "running",
    "ready",
    "held",
    "asking",
    "failed",
    "discarded",
    "undone",
)


class Painted(Widget):
    """Shows what `paint` draws of the state given last; each style is the component class of its name."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES)
    can_focus = False
    moves = False
    """Whether the picture changes with time alone."""

    def __init__(self, state: ScreenState, *, id: str) -> None:
        super().__init__(id=id)
        self.state = state
        self.now = 0.0
        self._canvas: Canvas | None = None

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The picture of `state` at `now` seconds in `width` × `height` cells."""
        raise NotImplementedError

    def show(self, state: ScreenState, now: float) -> None:
        """Take over a state; repaints only the lines that differ."""
        if state is self.state and not self.moves:
            return
        self.state, self.now = state, now
        before, size = self._canvas, self.size
        if before is None or (before.width, before.height) != size:
            self._canvas = None  # hidden or resized: painted when a line is asked for
            return
        self._canvas = canvas = self.paint(state, now, size.width, size.height)
        changed = [y for y in range(canvas.height) if canvas.line(y) != before.line(y)]
        if changed:
            self.refresh(*(Region(0, y, size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Line `y` of the picture."""
        canvas = self._canvas
        if canvas is None or (canvas.width, canvas.height) != (self.size.width, self.size.height):
            canvas = self._canvas = self.paint(self.state, self.now, self.size.width, self.size.height)
        base = self.rich_style
        segments = [
            Segment(run.text, self.get_component_rich_style(run.style) if run.style else base)
            for run in canvas.line(y)
        ]
        return Strip(segments, self.size.width) if segments else Strip.blank(self.size.width, base)
