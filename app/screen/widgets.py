"""The panels of the screen as widgets: each paints one part of the state."""

from __future__ import annotations

from app.screen import panels, side
from app.screen.canvas import Canvas
from app.screen.conversation import paint_conversation
from app.screen.log import Log
from app.screen.painted import Painted
from app.screen.timeline import Timeline
from app.shown import ScreenState

__all__ = ["Banner", "Conversation", "Effects", "Headline", "Log", "SessionCounters", "Timeline"]


class Headline(Painted):
    """What is going on, and what the session runs with.

    `devices` names microphone and speaker where the session's own word for its source says too little, and
    `echo` says what is done about it between them; the screen sets both, and `frozen`, and calls `redraw`.
    """

    moves = True
    frozen = False
    devices = ""
    echo = ""

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """One line."""
        return panels.paint_header(
            state, now, width, frozen=self.frozen, devices=self.devices, echo=self.echo
        )


class Conversation(Painted):
    """Who said what."""

    BORDER_TITLE = "conversation"

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The latest exchanges."""
        return paint_conversation(state, width, height)

    def parts(self, state: ScreenState) -> tuple[object, ...]:
        """The turns."""
        return (state.turns,)

    def show(self, state: ScreenState, now: float) -> None:
        """Tell the session's counters in the border where they have no room of their own."""
        narrow = self.screen.has_class("-narrow")
        line = side.counters_line(state.counters, self.size.width - 4) if narrow else ""
        if line != (self.border_subtitle or ""):
            self.border_subtitle = line
        super().show(state, now)


class Effects(Painted):
    """What changed in the world, and what is held back.

    `can_undo`: there is a session whose effects can be taken back; the screen sets it.
    """

    BORDER_TITLE = "effects"
    can_undo = False

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The latest effects."""
        return side.paint_effects(state, width, height)

    def parts(self, state: ScreenState) -> tuple[object, ...]:
        """The effects, and the turns for what is held or regretted."""
        return state.effects, state.turns

    def show(self, state: ScreenState, now: float) -> None:
        """Say in the border what `u` would take back."""
        row = state.undo_next if self.can_undo else None
        hint = f"u undoes #{row.entry}" if row else ""
        if hint != (self.border_subtitle or ""):
            self.border_subtitle = hint
        super().show(state, now)


class SessionCounters(Painted):
    """How well guessing did so far."""

    BORDER_TITLE = "this session"

    def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        """The counters."""
        return side.paint_counters(state, width, height)

    def parts(self, state: ScreenState) -> tuple[object, ...]:
        """The counters."""
        return (state.counters,)

    def show(self, state: ScreenState, now: float) -> None:
        """Tell the head start in the border; take more lines where models are paid for."""
        times = side.answer_times(state.counters)
        lead = times[1] - times[0] if times else 0.0
        hint = f"head start {lead:.2f} s" if lead >= 0.005 else ""
        if hint != (self.border_subtitle or ""):
            self.border_subtitle = hint
        self.set_class(state.counters.cost.tokens > 0, "-paid")
        super().show(state, now)


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
