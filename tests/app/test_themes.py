"""Colours: everything can be read in every theme, and states are told apart without seeing red and green."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.color import Color

from app.screen import HeadstartScreen
from app.screen.motion import calm
from app.screen.painted import MARKED, STYLES
from app.screen.theme import COLOUR_BLIND, THEMES
from app.screen.widgets import Headline, Timeline
from tests.app.conftest import sample_events
from tests.app.corrected import corrected_events
from tests.app.pictures import Cell, at, before, cells

TEXT, GRAPHICS = 4.5, 3.0  # the ratios WCAG 2 asks for, level AA
DRAWN = set("═━┄╌┊│·░▒█▄▁▂▃▅▆▇▌▎▏▍▋▊▉")
FRAME = set("─╭╮╰╯│▏")  # the borders carry nothing

MOMENTS = [(sample_events, 4.0), (sample_events, 15.3), (corrected_events, 6.3), (corrected_events, 19.5)]


def brightness(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    bright, dim = sorted((brightness(one), brightness(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.asyncio
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_every_style_can_be_read(theme: str) -> None:
    screen = HeadstartScreen(at(0.0))
    async with screen.run_test(size=(120, 36)) as pilot:
        screen.theme = theme
        await pilot.pause()
        weak: dict[str, float] = {}
        for widget in (screen.query_one(Timeline), screen.query_one(Headline)):
            marked = widget.get_component_rich_style(MARKED).bgcolor
            for name in STYLES:
                style = widget.get_component_rich_style(name)
                assert style.color and style.bgcolor and marked
                wanted = GRAPHICS if name in ("level", "settled") else TEXT
                for ground in (style.bgcolor, marked):
                    found = contrast(Color.from_rich_color(style.color), Color.from_rich_color(ground))
                    if found < wanted:
                        weak[f"{type(widget).__name__} {name}"] = round(found, 2)
    assert not weak


@pytest.mark.asyncio
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_everything_on_the_screen_can_be_read(theme: str) -> None:
    weak: set[tuple[str, Cell, float]] = set()
    for events, seconds in MOMENTS:
        screen = HeadstartScreen(at(seconds), events=before(events(), seconds))
        async with screen.run_test(size=(120, 36)) as pilot:
            screen.theme = theme
            await pilot.press("down")
            await pilot.pause()
            lines = cells(screen)
        for line in lines[:-1]:  # the last line is the footer, whose keys are dimmed where they do nothing
            for cell in line:
                if cell.text.isspace() or cell.text in FRAME:
                    continue
                found = contrast(Color.parse(cell.colour), Color.parse(cell.behind))
                if found < (GRAPHICS if cell.text in DRAWN else TEXT):
                    weak.add((cell.text, cell, round(found, 2)))
    assert not weak


# How red-blind, green-blind and blue-blind eyes see linear light (Viénot 1999, Brettel 1997).
BLIND = {
    "red": ((0.1124, 0.8876, 0.0), (0.1124, 0.8876, 0.0), (0.0040, -0.0040, 1.0)),
    "green": ((0.2928, 0.7072, 0.0), (0.2928, 0.7072, 0.0), (-0.0223, 0.0223, 1.0)),
    "blue": ((1.0143, 0.1449, -0.1592), (-0.0015, 0.8796, 0.1219), (-0.0024, 0.8786, 0.1238)),
}


def seen(colour: Color, blind: str) -> tuple[float, float, float]:
    """The colour as such eyes see it, in CIE Lab, in which distances are about what people notice."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized]
    r, g, b = (
        min(max(sum(k * v for k, v in zip(row, linear, strict=True)), 0.0), 1.0) for row in BLIND[blind]
    )
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("blind", BLIND)
def test_states_are_told_apart_by_colour_blind_eyes(blind: str) -> None:
    theme = COLOUR_BLIND
    # Running, ready, held, dropped, and the commit.
    colours = [theme.primary, theme.success, theme.warning, theme.error, theme.accent]
    labs = [seen(Color.parse(colour or ""), blind) for colour in colours]
    for i, one in enumerate(labs):
        for other in labs[:i]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 15


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({}, "full"),
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, "none"),
        ({"SSH_TTY": "/dev/pts/1"}, "none"),
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22", "TEXTUAL_ANIMATIONS": "basic"}, "full"),
    ],
)
def test_nothing_is_animated_over_a_network(environ: dict[str, str], level: str) -> None:
    app = App[object]()
    app.animation_level = "full"
    calm(app, environ)
    assert app.animation_level == level
