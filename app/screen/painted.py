"""A widget that shows a canvas line by line, its styles taken from the style sheet."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from app.screen.canvas import Canvas
from app.shown import ScreenState

STYLES = (
    "word",
    "before",
    "blamed",
    "tail",
    "label",
    "quiet",
    "axis",
    "faint",
    "struck",
    "level",
    "settled",
    "listening",
    "stop",
    "commit",
    "gate",
    "answer",
    "outcome",
    "detail",
    "waiting",
    "running",
    "ready",
    "held",
    "asking",
    "failed",
    "discarded",
    "undone",
)
MARKED = "marked"
"""The style whose background marks the selected line."""


class Painted(Widget):
    """Shows what `paint` draws of the state given last; each style is the component class of its name."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*STYLES, MARKED}
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

    def parts(self, state: ScreenState) -> tuple[object, ...]:
        """What of a state the picture shows: it is drawn anew only where one of these is another object."""
        return (state,)

    def show(self, state: ScreenState, now: float) -> None:
        """Take over a state; repaints only the lines that differ."""
        same = all(a is b for a, b in zip(self.parts(state), self.parts(self.state), strict=True))
        self.state, self.now = state, now
        if not same or self.moves:
            self.redraw()

    def redraw(self) -> None:
        """Draw the state given last; repaints only the lines that differ."""
        before, size = self._canvas, self.size
        if not self.display or before is None or (before.width, before.height) != size:
            self._canvas = None  # hidden or resized: painted when a line is asked for
            return
        self._canvas = canvas = self.paint(self.state, self.now, size.width, size.height)
        changed = [y for y in range(canvas.height) if canvas.differs(before, y)]
        if changed:
            self.refresh(*(Region(0, y, size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Line `y` of the picture."""
        canvas = self._canvas
        if canvas is None or (canvas.width, canvas.height) != (self.size.width, self.size.height):
            canvas = self._canvas = self.paint(self.state, self.now, self.size.width, self.size.height)
        base = self.rich_style
        behind = Style()
        if canvas.marked == y:
            behind = Style(bgcolor=self.get_component_rich_style(MARKED).bgcolor)
        segments = [
            Segment(run.text, (self.get_component_rich_style(run.style) if run.style else base) + behind)
            for run in canvas.line(y)
        ]
        return Strip(segments, self.size.width) if segments else Strip.blank(self.size.width, base)
