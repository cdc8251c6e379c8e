"""The screen: folds events into a state and paints it at a fixed rate."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer

from agents.events import Event
from app.screen.commands import COMMANDS, bindings
from app.screen.help import Help
from app.screen.history import History
from app.screen.motion import calm
from app.screen.painted import Painted
from app.screen.picker import Picker
from app.screen.theme import THEMES
from app.screen.widgets import Banner, Conversation, Effects, Headline, Log, SessionCounters, Timeline
from app.shown import EffectRow, ScreenState
from tools.errors import HeadstartError

if TYPE_CHECKING:
    from app.control import Choice, Control

FRAMES_PER_SECOND = 12

_AIRY = 96  # columns from which on the footer needs not save any

_OF_SESSION = frozenset(command.action.partition("(")[0] for command in COMMANDS if command.of_session)


class HeadstartScreen(App[None]):
    """Shows a session. Give it events with `push`, from the thread of its event loop.

    `clock` gives seconds on the session clock. `control` is what the keys do to the session; a replay has
    none, and its keys only look.
    """

    CSS = files("assets").joinpath("screen.tcss").read_text(encoding="utf-8")
    TITLE = "Headstart"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        state: ScreenState | None = None,
        events: Iterable[Event] = (),
        control: Control | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._control = control
        self._history = History(state or ScreenState(), events)
        # What the user sees, which may be a frame behind: keys act on this.
        self._shown = self._history.state
        self._possible: tuple[bool, bool] | None = None  # whether undo, and an answer, would do something
        self.failure: Exception | None = None  # what broke the screen
        self._held: tuple[int, float] | None = None  # position and time at which the picture stands still
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        calm(self, os.environ)

    @property
    def state(self) -> ScreenState:
        """The state of all events so far, painted or not."""
        return self._history.state

    def push(self, event: Event) -> None:
        """Take one event into the state; the next frame shows it."""
        self._history.push(event)

    def compose(self) -> ComposeResult:
        """All panels; the style sheet hides some where the terminal is small."""
        yield Headline(self.state, id="headline")
        with Container(id="upper"):
            yield Timeline(self.state, id="timeline")
            yield Banner(self.state, id="banner")
        with Horizontal(id="lower"):
            yield Conversation(self.state, id="conversation")
            with Vertical(id="side"):
                effects = Effects(self.state, id="effects")
                effects.can_undo = self._control is not None
                yield effects
                yield SessionCounters(self.state, id="counters")
        yield Log(self.state, id="log")
        yield Footer()

    def on_resize(self) -> None:
        """Keep all keys in the footer's line."""
        self.query_one(Footer).compact = self.size.width < _AIRY

    def on_mount(self) -> None:
        """Begin to paint."""
        self.query_one(Timeline).focus()  # by itself Textual would take the hidden log: it is not nested
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.paint)

    # ---- painting ------------------------------------------------------------------------------

    def paint(self) -> None:
        """Show the state of now, unless the picture stands still."""
        if self._held is None and self.screen_stack:  # the last tick may come while the screen closes
            self._show(self.state, self._clock())

    def _show(self, state: ScreenState, now: float) -> None:
        self._shown = state
        possible = self._undo_next(state) is not None, state.question is not None
        if possible != self._possible:  # the footer is built anew for this, which takes a while
            self._possible = possible
            self.refresh_bindings()
        for panel in self.screen_stack[0].query(Painted):
            if isinstance(panel, Headline):
                panel.frozen = self._held is not None
                panel.devices = self._control.in_use if self._control else ""
                panel.echo = self._control.echo if self._control else ""
            panel.show(state, now)

    def _hold(self, position: int | None, now: float = 0.0) -> None:
        """Let the picture stand still at a position of the history; None: go on."""
        self._held = None if position is None else (position, now)
        if position is None:
            self.paint()
        else:
            self._show(self._history.at(position), now)

    def _handle_exception(self, error: Exception) -> None:
        super()._handle_exception(error)
        self.failure = self.failure or error
        # Textual would print pages across the terminal; whoever runs the screen tells it in one line.
        self._exit_renderables.clear()

    # ---- keys ----------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette offers: every key that does something now."""
        for command in COMMANDS:
            name, _, parameters = command.action.partition("(")
            if self.check_action(name, ()):
                # Only titles are searched.
                title = f"{command.label}: {command.text}"
                yield SystemCommand(title, f"key {command.sign}", self._runs(command.action))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are shown dimmed; those of a session are not there in a replay."""
        if action in _OF_SESSION and self._control is None:
            return False
        if action == "undo":
            return True if self._undo_next(self._shown) else None
        if action == "answer":
            return True if self._shown.question else None
        return True

    def _runs(self, action: str) -> Callable[[], object]:
        return lambda: self.run_action(action)

    def _undo_next(self, state: ScreenState) -> EffectRow | None:
        """The latest effect that can be taken back and is not being taken back already."""
        control = self._control
        return next(
            (
                row
                for row in reversed(state.effects)
                if row.undoable and not row.undone and not (control and control.is_undoing(row.entry))
            ),
            None,
        )

    def action_talk(self) -> None:
        """Push to talk."""
        if self._control:
            self._control.talk()

    def action_stop(self) -> None:
        """Silence it, or let go of the turn."""
        if self._control:
            self._control.stop()

    def action_undo(self) -> None:
        """Ask for the effect seen last to be taken back."""
        row = self._undo_next(self._shown)
        if self._control and row is not None and row == self._undo_next(self.state):
            self._control.undo(row.entry)

    def action_answer(self, yes: bool) -> None:
        """Answer the question on the screen, if it is still the one that waits."""
        question = self._shown.question
        if self._control and question is not None and question == self.state.question:
            self._control.confirm(yes)

    def action_mute(self) -> None:
        """Close the microphone, or open it."""
        if self._control:
            self._control.toggle_mute()

    def action_mode(self) -> None:
        """Speculative or sequential."""
        if self._control:
            self._control.toggle_mode()

    def action_record(self) -> None:
        """Record, or stop recording."""
        if self._control:
            self._control.toggle_record()

    def action_brain(self) -> None:
        """Choose who thinks."""
        if self._control:
            self._pick("brain", self._control.brains(), self._control.use_brain)

    @work(exclusive=True)
    async def action_devices(self) -> None:
        """Choose microphone and speaker."""
        if self._control:
            try:
                choices = await asyncio.to_thread(self._control.devices)
            except HeadstartError as error:
                self._control.tell(str(error))
            else:
                self._pick("devices", choices, self._control.use_device)

    def action_freeze(self) -> None:
        """Hold the picture still, or go on."""
        if self._held is None:
            self._hold(len(self._history), self._clock())
        else:
            self._hold(None)

    def action_live(self) -> None:
        """Show what happens now."""
        self._hold(None)

    def action_scrub(self, by: int) -> None:
        """Step through what happened; past the latest event the picture goes on."""
        self._scrub(by, turns=False)

    def action_scrub_turn(self, by: int) -> None:
        """Step through what happened turn by turn."""
        self._scrub(by, turns=True)

    def _scrub(self, by: int, *, turns: bool) -> None:
        latest = len(self._history)
        position = self._history.step(self._held[0] if self._held else latest, by, turns=turns)
        if position == latest and by > 0:
            self._hold(None)
        else:
            self._hold(position, self._history.at(position).clock)

    def action_log(self) -> None:
        """Show the log, or hide it."""
        log = self.screen_stack[0].query_one(Log)
        log.display = not log.display

    def action_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        index = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(index + 1) % len(names)]

    def action_help(self) -> None:
        """Explain signs and keys."""
        self.push_screen(Help())

    def _pick(self, title: str, choices: Sequence[Choice], use: Callable[[str], None]) -> None:
        """Let the user choose, and use what they chose."""

        def chosen(id: str | None) -> None:
            if id is not None:
                use(id)

        self.push_screen(Picker(title, choices), chosen)
