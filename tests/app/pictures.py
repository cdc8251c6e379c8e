"""What the screen looks like, as values that tests can compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.segment import Segment

from agents.events import Event
from app.screen import HeadstartScreen
from app.shown import ScreenState
from app.state import fold


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the terminal: what stands in it, and in which colours and strokes."""

    text: str
    colour: str
    behind: str
    strokes: str


def at(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def folded(events: Iterable[Event]) -> ScreenState:
    state = ScreenState()
    for event in events:
        state = fold(state, event)
    return state


def before(events: Iterable[Event], seconds: float) -> list[Event]:
    """The events up to a time."""
    return [event for event in events if event.at <= seconds]


def picture(screen: HeadstartScreen) -> list[str]:
    """The screen as lines of text, as the terminal gets them."""
    width, height = screen.size
    strips = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    assert len(lines) == height
    assert all(strip.cell_length == width for strip in strips)
    return lines


def cells(screen: HeadstartScreen) -> list[list[Cell]]:
    """The screen cell by cell."""
    strips = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    return [[cell for segment in strip for cell in _cells(segment)] for strip in strips]


def _cells(segment: Segment) -> list[Cell]:
    style = segment.style
    if style is None:
        return [Cell(char, "", "", "") for char in segment.text]
    colours = [color.get_truecolor().hex if color else "" for color in (style.color, style.bgcolor)]
    if style.reverse:
        colours.reverse()
    names = ("bold", "italic", "strike", "underline", "dim")
    strokes = " ".join(name for name in names if getattr(style, name))
    return [Cell(char, *colours, strokes) for char in segment.text]
