"""What the signs and keys mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

TEXT = """\
Headstart starts working while you are still speaking. Calls that only look something up run at \
once, on half a sentence. Calls that change something are held until you have finished. When your \
later words prove a guess wrong it is dropped, and nothing has happened.

[b]Timeline[/b]  Your words end where the assistant became sure of them, and ‹these› may still change. \
Each call begins right of the words that caused it. All left of ■ was done before you stopped.

  [$text-secondary]◌ ····[/]  waits for another call    [$text-warning]? ▒▒▒▒[/]  needs your yes
  [$text-primary]▶ ━━━━[/]  running                   [$text-error]!     [/]  failed
  [$text-success]✓ ▄▄▄▄[/]  result at hand            [$text-error]✗ ╌╌╌╌[/]  dropped, a wrong guess
  [$text-warning]‖ ░░░░[/]  held until you finish     [$text-secondary]↶     [/]  had an effect, undone

  ■ you stopped    [$text-accent]◆[/] commit: held calls may run    [$text-success]★[/] the answer

[b]Keys[/b]  [b]u[/b] undo the latest effect    [b]y[/b] yes    [b]n[/b] no    [b]f[/b] freeze the picture
      [b]ctrl+p[/b] all commands and themes    [b]q[/b] quit    [b]esc[/b] close this"""


class Help(ModalScreen[None]):
    """A page over the screen; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """One box of text."""
        with VerticalScroll(id="help") as box:
            box.border_title = "help"
            yield Static(TEXT)
