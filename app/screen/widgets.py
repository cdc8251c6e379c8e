"""The panels of the screen as widgets: each paints one part of the state."""

from __future__ import annotations

from app.screen import chart, panels
from app.screen.canvas import Canvas
from app.screen.painted import Painted
from app.shown import ScreenState

_SIGNS = (
    "[$text-primary]━[/] running",
    "[$text-success]▄[/] ready",
    "[$text-warning]░[/] held",
    "[$text-error]╌✗[/] dropped",
    "■ you stop",
    "[$text-accent]◆[/] commit",
    "[$text-success]★[/] answer",
)
LEGEND = "  ".join(_SIGNS)
SHORT_LEGEND = " ".join(_SIGNS[:5])


class Headline(Painted):
    """What is going on, and what the session runs with."""

    moves = True
    frozen = False

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """One line."""
        return panels.paint_header(state, now, width, frozen=self.frozen)


class Timeline(Painted):
    """The user's words and the calls they caused, on one time axis."""

    moves = True

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The current turn."""
        return chart.paint(state.turn, now, width, height)

    def show(self, state: ScreenState, now: float) -> None:
        """Name the turn in the border as well."""
        number = state.turn.number if state.turn else 0
        title = f"turn {number}" if number else "ready"
        if title != self.border_title:  # setting it repaints the whole panel
            self.border_title = title
        super().show(state, now)

    def on_resize(self) -> None:
        """Choose a legend that fits."""
        self.border_subtitle = LEGEND if self.size.width >= 100 else SHORT_LEGEND


class Conversation(Painted):
    """Who said what."""

    BORDER_TITLE = "conversation"

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The latest exchanges."""
        return panels.paint_conversation(state, width, height)


class Effects(Painted):
    """What changed in the world, and what is held back."""

    BORDER_TITLE = "effects"

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The latest effects."""
        return panels.paint_effects(state, width, height)

    def show(self, state: ScreenState, now: float) -> None:
        """Say in the border what `u` would take back."""
        row = state.undo_next
        hint = f"u undoes #{row.entry}" if row else ""
        if hint != (self.border_subtitle or ""):
            self.border_subtitle = hint
        super().show(state, now)


class SessionCounters(Painted):
    """How well guessing did so far."""

    BORDER_TITLE = "this session"

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The counters."""
        return panels.paint_counters(state, width, height)


class Banner(Painted):
    """A question that waits for a yes or no, else the latest notice while it is fresh; else hidden."""

    moves = True

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """One line."""
        return panels.paint_banner(state, now, width)

    def show(self, state: ScreenState, now: float) -> None:
        """Appear and vanish with what there is to say."""
        self.display = panels.banner(state, now) is not None
        super().show(state, now)
