"""What the signs and keys mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from app.screen.commands import COMMANDS, Command

SIGNS = """\
Calls that only look something up run at once, on half a sentence; calls \
that change something are held until you have finished. A guess that your \
later words prove wrong is dropped, and nothing has happened.
Words end where they became certain; ‹these› may still change.

  [$text-secondary]◌ ····[/]  waits for another call    [$text-warning]? ▒▒▒▒[/]  needs your yes
  [$text-primary]▶ ━━━━[/]  running                   [$text-error]!     [/]  failed
  [$text-success]✓ ▄▄▄▄[/]  result at hand            [$text-error]✗ ╌╌╌╌[/]  dropped, a wrong guess
  [$text-warning]‖ ░░░░[/]  held until you finish     [$text-secondary]↶     [/]  had an effect, undone
  ■ you stopped    [$text-accent]◆[/] commit: held calls may run    [$text-success]★[/] the answer
  □ you went on    [$text-accent]◇[/] not yet, or none after all    ☆ by waiting
"""


def keys(commands: Sequence[Command] = COMMANDS) -> str:
    """All keys and what they do, in two columns."""
    half = (len(commands) + 1) // 2
    signs = max(cell_len(command.sign) for command in commands)
    texts = max(cell_len(command.text) for command in commands[:half])
    lines: list[str] = []
    for index in range(half):
        row = ""
        for command in commands[index::half]:
            row += f"[b]{command.sign}[/]{' ' * (signs - cell_len(command.sign) + 1)}{command.text}"
            row += " " * (texts - cell_len(command.text) + 2)
        lines.append(row.rstrip())
    return "\n".join(lines)


class Help(ModalScreen[None]):
    """A page over the screen; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """One box of text."""
        with VerticalScroll(id="help") as box:
            box.border_title = "help"
            box.border_subtitle = "esc close this"
            yield Static(SIGNS)
            yield Static(keys())
