"""The screen: folds events into a state and paints it at a fixed rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer

from agents.events import Event
from app.screen.help import Help
from app.screen.painted import Painted
from app.screen.theme import HEADSTART
from app.screen.widgets import Banner, Conversation, Effects, Headline, SessionCounters, Timeline
from app.shown import EffectRow, Question, ScreenState
from app.state import fold

FRAMES_PER_SECOND = 12


def _ignore(*_: object) -> None:
    """What a key does where nobody listens: a replay has nothing to undo or to confirm."""


class HeadstartScreen(App[None]):
    """Shows a session. Give it events with `push`, from the thread of its event loop.

    `clock` gives seconds on the session clock. `on_undo` gets the effect to take back, `on_answer` the
    question and the user's yes or no; both are called from the event loop and must not block.
    """

    CSS = files("assets").joinpath("screen.tcss").read_text(encoding="utf-8")
    TITLE = "Headstart"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", "undo", tooltip="Take the latest effect back"),
        Binding("y", "answer(True)", "yes", tooltip="Confirm what the assistant asks"),
        Binding("n", "answer(False)", "no", tooltip="Refuse what the assistant asks"),
        Binding("f", "freeze", "freeze", tooltip="Hold the picture still; the session goes on"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        state: ScreenState | None = None,
        events: Iterable[Event] = (),
        on_undo: Callable[[EffectRow], None] = _ignore,
        on_answer: Callable[[Question, bool], None] = _ignore,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._on_undo = on_undo
        self._on_answer = on_answer
        self._state = state or ScreenState()
        for event in events:
            self._state = fold(self._state, event)
        # What the user sees, which may be a frame behind: keys act on this.
        self._shown = self._state
        self._frozen = False
        self.register_theme(HEADSTART)
        self.theme = HEADSTART.name

    @property
    def state(self) -> ScreenState:
        """The state of all events so far, painted or not."""
        return self._state

    def push(self, event: Event) -> None:
        """Take one event into the state; the next frame shows it."""
        self._state = fold(self._state, event)

    def compose(self) -> ComposeResult:
        """All panels; the style sheet hides some where the terminal is small."""
        yield Headline(self._state, id="headline")
        yield Timeline(self._state, id="timeline")
        yield Banner(self._state, id="banner")
        with Horizontal(id="lower"):
            yield Conversation(self._state, id="conversation")
            with Vertical(id="side"):
                yield Effects(self._state, id="effects")
                yield SessionCounters(self._state, id="counters")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to paint."""
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.paint)

    def paint(self) -> None:
        """Show the state of now, unless frozen."""
        if self._frozen or not self.screen_stack:  # the last tick may come while the screen closes
            return
        if self._shown is not self._state:
            self._shown = self._state
            self.refresh_bindings()
        now = self._clock()
        for panel in self.screen_stack[0].query(Painted):
            panel.show(self._shown, now)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are shown dimmed."""
        if action == "undo":
            return True if self._shown.undo_next else None
        if action == "answer":
            return True if self._shown.question else None
        return True

    def action_undo(self) -> None:
        """Ask for the effect seen last to be taken back."""
        row = self._shown.undo_next
        if row is not None and row == self._state.undo_next:
            self._on_undo(row)

    def action_answer(self, yes: bool) -> None:
        """Answer the question on the screen, if it is still the one that waits."""
        question = self._shown.question
        if question is not None and question == self._state.question:
            self._on_answer(question, yes)

    def action_freeze(self) -> None:
        """Hold the picture still, or go on."""
        self._frozen = not self._frozen
        headline = self.query_one(Headline)
        headline.frozen = self._frozen
        headline.show(self._shown, headline.now)
        self.paint()

    def action_help(self) -> None:
        """Explain signs and keys."""
        self.push_screen(Help())
