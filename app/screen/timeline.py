"""The timeline as a widget: selecting a call, and what it tells of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, Leave, MouseMove
from textual.message import Message

from app.marks import details
from app.screen import chart
from app.screen.canvas import Canvas
from app.screen.chart import Key, key_of
from app.screen.painted import Painted
from app.shown import CallRow, ScreenState

_SIGNS = (
    "[$text-primary]━[/] running",
    "[$text-success]▄[/] ready",
    "[$text-warning]░[/] held",
    "[$text-error]╌✗[/] dropped",
    "■ you stop",
    "[$text-accent]◆[/] commit",
    "[$text-secondary]↶[/] undone",
    "[$text-success]★[/] answer",
    "☆ by waiting",
)
LEGEND = "  ".join(_SIGNS)
SHORT_LEGEND = " ".join(_SIGNS[:6])


class Timeline(Painted):
    """The user's words and the calls they caused, on one time axis.

    One call can be selected: with `up` and `down` while the timeline has the focus, with a click, or with
    `select`; its details stand at the foot, and in a tooltip under the mouse. `selected` is that call, and
    `Selected` is posted when it becomes another one. Going up from the first call selects none. The
    arrows left and right are not taken.
    """

    moves = True
    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "previous call", show=False),
        Binding("down", "step(1)", "next call", show=False),
    ]

    @dataclass
    class Selected(Message):
        """Another call is selected, or with None none is."""

        row: CallRow | None

    def __init__(self, state: ScreenState, *, id: str) -> None:
        super().__init__(state, id=id)
        self._key: Key | None = None

    @property
    def selected(self) -> CallRow | None:
        """The selected call of the turn on display."""
        return next((row for row in self._rows() if key_of(row) == self._key), None)

    def select(self, row: CallRow | None) -> None:
        """Select a call of the turn on display, or with None none."""
        key = key_of(row) if row is not None else None
        if key != self._key:
            self._key = key
            self.redraw()
            self.post_message(self.Selected(self.selected))

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The current turn."""
        return chart.paint(state, now, width, height, self._key)

    def show(self, state: ScreenState, now: float) -> None:
        """Name the turn in the border as well; in another turn nothing is selected."""
        number = state.turn.number if state.turn else 0
        if number != (self.state.turn.number if self.state.turn else 0):
            self._key = None
            self.tooltip = None
        title = f"turn {number}" if number else "starting" if state.is_starting else "ready"
        if title != self.border_title:  # setting it repaints the whole panel
            self.border_title = title
        super().show(state, now)

    def action_step(self, by: int) -> None:
        """Select the next call down or up."""
        rows = self._rows()
        place = next((i for i, row in enumerate(rows) if key_of(row) == self._key), None)
        if place is None:
            new = 0 if by > 0 else len(rows) - 1
        else:
            new = min(place + by, len(rows) - 1)
        self.select(rows[new] if rows and new >= 0 else None)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Tell of the call under the mouse."""
        offset = event.get_content_offset(self)
        row = self._row_at(offset.y) if offset is not None else None
        text = details(row, self.state.turn) if row is not None and self.state.turn else None
        if text != self.tooltip:
            self.tooltip = text

    def on_leave(self, event: Leave) -> None:
        """Tell of nothing any more."""
        self.tooltip = None

    def on_click(self, event: Click) -> None:
        """Select the call under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self.select(self._row_at(offset.y))

    def on_resize(self) -> None:
        """Choose a legend that fits."""
        self.border_subtitle = LEGEND if self.size.width >= 100 else SHORT_LEGEND

    def _rows(self) -> tuple[CallRow, ...]:
        return self.state.turn.rows if self.state.turn else ()

    def _row_at(self, y: int) -> CallRow | None:
        if self.state.turn is None:
            return None
        return chart.layout(self.state.turn, self.size.width, self.size.height, self._key).row_at(y)
