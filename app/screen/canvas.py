"""A rectangle of character cells, each with the name of a style."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

from app.marks import shorten


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring cells of one style."""

    text: str
    style: str


class Canvas:
    """Paints text at cell positions; whatever falls outside is cut off. Size in cells.

    `marked` is the line that stands out as the selected one, None where none is.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self.marked: int | None = None
        self._cells = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, style: str = "") -> int:
        """Paint `text` from column `x` of line `y` on; returns the column after its last cell."""
        for char in text:
            size = cell_len(char)
            if 0 <= y < self.height and 0 <= x and x + size <= self.width and size:
                self._cells[y][x] = (char, style)
                for rest in range(1, size):
                    self._cells[y][x + rest] = ("", style)
            x += size
        return x

    def fit(self, x: int, y: int, text: str, width: int, style: str = "") -> int:
        """As `put`, cut to `width` cells with an ellipsis where it is longer."""
        return self.put(x, y, shorten(text, width), style)

    def is_blank(self, x: int, y: int) -> bool:
        """Whether nothing was painted in this cell; outside the canvas nothing is."""
        inside = 0 <= y < self.height and 0 <= x < self.width
        return not inside or self._cells[y][x][0] == " "

    def line(self, y: int) -> list[Run]:
        """Line `y` as runs from left to right; blank where it is outside the canvas."""
        if not 0 <= y < self.height:
            return []
        runs: list[Run] = []
        text, style = "", ""
        for char, name in self._cells[y]:
            if name != style and text:
                runs.append(Run(text, style))
                text = ""
            text, style = text + char, name
        return [*runs, Run(text, style)] if text else runs

    def differs(self, other: Canvas, y: int) -> bool:
        """Whether line `y` looks otherwise than in `other`, a canvas of the same size."""
        return self._cells[y] != other._cells[y] or (self.marked == y) != (other.marked == y)

    def __str__(self) -> str:
        return "\n".join("".join(run.text for run in self.line(y)).rstrip() for y in range(self.height))


def wrap(text: str, width: int) -> list[str]:
    """`text` broken between words into lines of at most `width` cells; longer words are cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in chop_cells(word, max(1, width)) or [""]:
            if line and cell_len(line) + 1 + cell_len(piece) > width:
                lines.append(line)
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    return [*lines, line] if line else lines
