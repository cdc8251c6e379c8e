"""The log: the session as plain text, on demand."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from agents.events import Event
from app.screen.canvas import Canvas, wrap
from app.screen.painted import Painted
from app.shown import ScreenState
from app.story import Story

_KEPT = 2000  # lines
_INDENT = 23  # where the text of a story line begins


class Log(Painted):
    """The story of the session, its notices among it, the latest line at the bottom.

    Hidden until its `display` is set; then it stands in the place of the lower panels. With the focus
    `up`, `down`, `pageup` and `pagedown` scroll.
    """

    BORDER_TITLE = "log"
    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "back(1)", "older", show=False),
        Binding("down", "back(-1)", "newer", show=False),
        Binding("pageup", "back(10)", "older", show=False),
        Binding("pagedown", "back(-10)", "newer", show=False),
    ]

    def __init__(self, state: ScreenState, *, id: str) -> None:
        super().__init__(state, id=id)
        self._story = Story()
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._told: Event | None = None  # the last event that is in the story
        self._back = 0  # lines scrolled back

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The latest lines, or those scrolled back to."""
        self._follow(state.recent)
        canvas = Canvas(width, height)
        for y, (text, style) in enumerate(self._window(width, height)):
            canvas.put(0, y, text, style)
        return canvas

    def _window(self, width: int, height: int) -> list[tuple[str, str]]:
        """What `height` lines show: up to the line scrolled back to, or from the first one on."""
        begin = end = max(0, len(self._lines) - self._back)
        rows: list[tuple[str, str]] = []
        while begin > 0 and len(rows) < height:
            begin -= 1
            rows = _folded(self._lines[begin], width) + rows
        if len(rows) >= height:
            return rows[-height:] if height else []
        while end < len(self._lines) and len(more := _folded(self._lines[end], width)) <= height - len(rows):
            rows += more
            end += 1
        self._back = len(self._lines) - end
        return rows

    def parts(self, state: ScreenState) -> tuple[object, ...]:
        """The latest event: the story grows by it."""
        return (state.recent,)

    def on_show(self) -> None:
        """Take the place of the lower panels."""
        self.screen.add_class("-log")

    def on_hide(self) -> None:
        """Give it back."""
        self.screen.remove_class("-log")

    def action_back(self, lines: int) -> None:
        """Show older lines, or with a negative number newer ones."""
        self._back = max(0, self._back + lines)
        self.redraw()

    def _follow(self, events: tuple[Event, ...]) -> None:
        """Tell what is new, or, where time went back, all of it again."""
        place = next((i for i in range(len(events) - 1, -1, -1) if events[i] is self._told), None)
        if place is None:
            self._story, self._back = Story(), 0
            self._lines.clear()
        for event in events[0 if place is None else place + 1 :]:
            lines = (self._story.line(event) or "").splitlines()
            self._lines.extend(lines)
            self._back += len(lines) if self._back else 0  # what is being read stays in place
        self._told = events[-1] if events else None


def _folded(line: str, width: int) -> list[tuple[str, str]]:
    """One line of the story in the pane's width; what does not fit goes on below its text."""
    style = "failed" if line[11:12] == "!" else "word"
    if cell_len(line) <= width:
        return [(line, style)]
    parts = wrap(line[_INDENT:], max(10, width - _INDENT)) or [""]
    heads = [line[:_INDENT], *[" " * _INDENT] * (len(parts) - 1)]
    return [(head + part, style) for head, part in zip(heads, parts, strict=True)]
