"""The screen from frozen events, compared cell by cell with files that people can read.

`HEADSTART_SNAPSHOTS=write` writes the files anew; look at the difference before keeping it. Each holds
the text, then in the same places a letter for each style, then what the letters mean in each theme. What
is compared is what the terminal gets, so that only a change of the picture is one of the file.
"""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from textual.widgets._footer import FooterKey

from app.screen import HeadstartScreen
from app.screen.theme import THEMES
from tests.app.conftest import paid_events, sample_events
from tests.app.corrected import corrected_events
from tests.app.pictures import Cell, at, before, cells, picture

FOLDER = Path(__file__).parent / "snapshots"
SIZES = [(80, 24), (120, 36), (200, 60)]
MOMENTS = {
    "guessing": (sample_events, 15.3),
    "asking": (sample_events, 4.0),
    "saturday": (sample_events, 19.9),
    "paid": (paid_events, 19.9),
    "reopened": (corrected_events, 6.3),
    "corrected": (corrected_events, 19.5),
}
LETTERS = string.ascii_letters + string.digits
PLAIN = "·"  # nothing but the background


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_picture_is_as_it_was(moment: str, size: tuple[int, int]) -> None:
    events, seconds = MOMENTS[moment]
    screen = HeadstartScreen(at(seconds), events=before(events(), seconds))
    themed: list[list[list[Cell]]] = []
    async with screen.run_test(size=size) as pilot:
        while not screen.query(FooterKey):  # the footer is made after the rest
            await pilot.pause()
        for theme in THEMES:
            screen.theme = theme.name
            await pilot.pause()
            themed.append(cells(screen))
            text = picture(screen)
    for other in themed[1:]:
        assert [[cell.text for cell in line] for line in other] == [
            [cell.text for cell in line] for line in themed[0]
        ], "the themes differ in more than colour"
    shown = written(text, themed)
    path = FOLDER / f"{moment}-{size[0]}x{size[1]}.txt"
    if os.environ.get("HEADSTART_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert path.exists(), f"no {path.name}: run this test with HEADSTART_SNAPSHOTS=write, and look at it"
    assert shown == path.read_text(encoding="utf-8")


def written(text: list[str], themed: list[list[list[Cell]]]) -> str:
    """The file: text, styles, and what the styles are."""
    styles = [
        [tuple(map(_look, column)) for column in zip(*lines, strict=True)]
        for lines in zip(*themed, strict=True)
    ]
    plain = tuple(f"on {theme.background}".lower() for theme in THEMES)
    letters: dict[tuple[str, ...], str] = {}
    rows: list[str] = []
    for line in styles:
        row = ""
        for look in line:
            if look == plain:
                row += PLAIN
            else:
                row += letters.setdefault(look, LETTERS[len(letters)])
        rows.append(row.rstrip(PLAIN))
    parts = [*(line.rstrip() for line in text), "", *rows, ""]
    for look, letter in letters.items():
        names = (f"{theme.name}: {each}" for theme, each in zip(THEMES, look, strict=True))
        parts.append(f"{letter}  {' | '.join(names)}")
    return "\n".join(parts) + "\n"


def _look(cell: Cell) -> str:
    """How a cell is painted; of an empty one only what is behind counts."""
    behind = f"on {cell.behind}"
    if cell.text == " ":
        return f"{cell.strokes} {behind}".strip() if "strike" in cell.strokes else behind
    return " ".join(part for part in (cell.colour, behind, cell.strokes) if part)


def test_every_file_belongs_to_a_picture() -> None:
    names = {f"{moment}-{width}x{height}.txt" for moment in MOMENTS for width, height in SIZES}
    assert {path.name for path in FOLDER.iterdir()} == names
