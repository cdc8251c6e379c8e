"""A list to choose one thing from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from app.control import Choice


class Picker(ModalScreen[str | None]):
    """Gives the id of what was chosen, None where nothing was."""

    # Not DEFAULT_CSS: the style sheet's background of all screens would win against that.
    CSS = """
    Picker.picker { align: center middle; background: $background 60%; }
    #picker {
        width: 72;
        max-width: 96%;
        height: auto;
        max-height: 90%;
        background: $surface;
        border: round $primary;
    }
    #picker OptionList {
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: none;
        background: $surface;
        background-tint: $surface 0%;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "close")]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__(classes="picker")
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        """One box with one list."""
        with Vertical(id="picker") as box:
            box.border_title = self._title
            box.border_subtitle = "enter chooses · esc closes"
            # Names come from elsewhere: Text takes no markup from them.
            yield OptionList(
                *(
                    Option(Text(f"{'●' if choice.current else ' '} {choice.text}"), choice.id)
                    for choice in self._choices
                )
            )

    def on_mount(self) -> None:
        """Begin at what is in use."""
        current = [index for index, choice in enumerate(self._choices) if choice.current]
        self.query_one(OptionList).highlighted = current[0] if current else 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the choice."""
        self.dismiss(event.option.id)
