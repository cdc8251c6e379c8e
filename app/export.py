"""Pictures of the screen: SVG, PNG and HTML that look the same on every machine."""

from __future__ import annotations

import asyncio
import io
import re
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, TerminalTheme
from textual.color import Color

from agents.events import Event
from app.record import RecordError, read_record
from app.screen import HeadstartScreen

PICTURE = (120, 36)
SMALLEST, LARGEST = (40, 12), (400, 120)

FONT = "DejaVu Sans Mono"
_FONTS = files("assets") / "fonts"
_WEIGHTS = {400: _FONTS / "DejaVuSansMono.ttf", 700: _FONTS / "DejaVuSansMono-Bold.ttf"}

_CLIP = re.compile(r' clip-path="[^"]*"')
_PNG_ZOOM = 2  # dots for each unit of the SVG

# Rich sets its lines 24.4 units apart. At this size the font's box drawing reaches from line to line;
# every run of text carries its own width, so that columns stay where they are.
_SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
@FONTS@
.{unique_id}-matrix {{ font: 20.6px "@FONT@", monospace; white-space: pre; }}
.{unique_id}-title {{ font: bold 16px "@FONT@", monospace; }}
{styles}
</style>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

# 19 dots are what the font takes at this size: less hides underscores, more breaks vertical lines.
_HTML = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@TITLE@</title>
<style>
@FONTS@
html {{ color: {foreground}; background: {background}; }}
pre {{ font: 16px/19px "@FONT@", monospace; width: max-content; margin: 1em auto; }}
{stylesheet}
</style>
</head>
<body>
<pre>{code}</pre>
</body>
</html>
"""


def until(events: list[Event], at: float | None) -> list[Event]:
    """Those of `events` that had been told at `at` seconds on the session clock; None: all.

    Events keep the order of the record: one that tells of an earlier time was told after its forerunner.
    """
    if at is None:
        return events
    return events[: next((i for i, event in enumerate(events) if event.at > at), len(events))]


def themed(screen: HeadstartScreen, theme: str | None) -> HeadstartScreen:
    """The screen in another theme; None leaves it as it is. Raises RecordError for an unknown one."""
    if theme is not None:
        if theme not in screen.available_themes:
            known = ", ".join(sorted(screen.available_themes))
            raise RecordError(f"there is no theme {theme!r}; choose one of {known}")
        screen.theme = theme
    return screen


def picture_size(text: str | None) -> tuple[int, int]:
    """Columns and rows from "120x36"; the usual ones from None. Raises RecordError."""
    if text is None:
        return PICTURE
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal()):
        raise RecordError(f"{text!r} is no size; give columns and rows, as in {PICTURE[0]}x{PICTURE[1]}")
    size = int(columns), int(rows)
    if not all(low <= n <= high for low, n, high in zip(SMALLEST, size, LARGEST, strict=True)):
        low, high = (f"{width}x{height}" for width, height in (SMALLEST, LARGEST))
        raise RecordError(f"{text} is no size for a picture; choose one from {low} to {high}")
    return size


async def export(
    record: Path,
    out: Path,
    *,
    size: tuple[int, int] = PICTURE,
    theme: str | None = None,
    at: float | None = None,
) -> None:
    """Write the screen as it was at `at` seconds, by default at the end, as a picture of `size` cells.

    The end of `out`'s name says what it will be: .svg, .png or .html. Raises RecordError for any other
    name, an unknown theme, a record that cannot be read, and where the picture cannot be written.
    """
    make = _MAKERS.get(out.suffix.lower())
    if make is None:
        raise RecordError(f"{out.name} is no kind of picture; let its name end in {', '.join(_MAKERS)}")
    events = list(read_record(record))
    now = max((event.at for event in events), default=0.0) if at is None else at
    screen = themed(HeadstartScreen(lambda: now, events=until(events, at)), theme)
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        console, colours = _console(screen), _colours(screen)
    await asyncio.to_thread(_write, out, make, console, colours)


def _write(
    out: Path, make: Callable[[Console, TerminalTheme], bytes], console: Console, colours: TerminalTheme
) -> None:
    picture = make(console, colours)
    try:
        out.write_bytes(picture)
    except OSError as error:
        raise RecordError(f"cannot write {out}: {(error.strerror or str(error)).lower()}") from error


def _console(screen: HeadstartScreen) -> Console:
    """What the running screen shows, as something that Rich can export."""
    console = Console(
        width=screen.size.width,
        height=screen.size.height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    strips = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    lines = [[*strip, Segment.line()] for strip in strips]
    console.print(Segments([segment for line in lines for segment in line]), end="")
    return console


def _colours(screen: HeadstartScreen) -> TerminalTheme:
    """The colours of what has none of its own: the frame around the screen, above all."""
    back, front = (Color.parse(screen.theme_variables[name]).rgb for name in ("background", "foreground"))
    ansi = DEFAULT_TERMINAL_THEME.ansi_colors
    return TerminalTheme(
        back, front, [tuple(ansi[n]) for n in range(8)], [tuple(ansi[n]) for n in range(8, 16)]
    )


@cache
def font_faces(family: str = FONT) -> str:
    """CSS that brings the font along, under the name `family`."""
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
        f"src: url(data:font/ttf;base64,{b64encode(file.read_bytes()).decode()}); }}"
        for weight, file in _WEIGHTS.items()
    )


def _filled(template: str, faces: str) -> str:
    """A template for Rich, which still has its own places to fill."""
    doubled = faces.replace("{", "{{").replace("}", "}}")
    return template.replace("@FONTS@", doubled).replace("@FONT@", FONT).replace("@TITLE@", "Headstart")


def _svg(console: Console, colours: TerminalTheme) -> bytes:
    return _drawn(console, colours, font_faces()).encode()


def _drawn(console: Console, colours: TerminalTheme, faces: str) -> str:
    svg = console.export_svg(title="Headstart", theme=colours, code_format=_filled(_SVG, faces))
    # Rich clips each line to what its own font needs, which takes the ends off this one's box drawing.
    return _CLIP.sub("", svg)


def _png(console: Console, colours: TerminalTheme) -> bytes:
    import resvg_py  # sessions that only want a theme do without it

    with as_file(_WEIGHTS[400]) as regular, as_file(_WEIGHTS[700]) as bold:
        return resvg_py.svg_to_bytes(
            svg_string=_drawn(console, colours, ""),
            font_files=[str(regular), str(bold)],
            skip_system_fonts=True,
            zoom=_PNG_ZOOM,
        )


def _html(console: Console, colours: TerminalTheme) -> bytes:
    template = _filled(_HTML, font_faces())
    return console.export_html(theme=colours, code_format=template).encode()


_MAKERS = {".svg": _svg, ".png": _png, ".html": _html}
