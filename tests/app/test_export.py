"""Pictures of the screen: what they show, and that they look the same anywhere."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import resvg_py
from PIL import Image

from agents.events import CallIssued, Event, SpeechEnded
from app.export import FONT, export, picture_size, until
from app.marks import GLYPH
from app.record import RecordError

FONTS = [
    str(Path(__file__).parents[2] / "assets" / "fonts" / f"DejaVuSansMono{bold}.ttf")
    for bold in ("", "-Bold")
]
SIZES = [(80, 24), (120, 36), (200, 60)]


def rows(svg: str) -> list[str]:
    """The text of a picture, row by row."""
    found: dict[float, dict[float, str]] = {}
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if not text.get("class", "").endswith("-title"):
            row = found.setdefault(float(text.get("y", 0)), {})
            row[float(text.get("x", 0))] = "".join(text.itertext())
    return ["".join(runs[x] for x in sorted(runs)) for _, runs in sorted(found.items())]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_an_svg_shows_the_end_and_brings_its_font(
    sample_path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    out = tmp_path / "out.svg"
    await export(sample_path, out, size=size)
    svg = out.read_text()
    text = "\n".join(rows(svg)).replace("\xa0", " ")
    assert "find_events" in text
    assert "create_cal" in text
    assert svg.count(f'@font-face {{ font-family: "{FONT}"') == 2
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\"' )]+", svg) == []  # fetches nothing


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_a_png_has_two_dots_for_each_unit(
    sample_path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    await export(sample_path, tmp_path / "out.svg", size=size)
    await export(sample_path, tmp_path / "out.PNG", size=size)
    box = ElementTree.fromstring((tmp_path / "out.svg").read_text()).get("viewBox", "").split()
    with Image.open(tmp_path / "out.PNG") as picture:
        assert picture.size == pytest.approx((2 * float(box[2]), 2 * float(box[3])), abs=1)


@pytest.mark.asyncio
async def test_html_is_text_that_stands_alone(sample_path: Path, tmp_path: Path) -> None:
    await export(sample_path, tmp_path / "out.html", size=(120, 36))
    page = (tmp_path / "out.html").read_text()
    shown = re.sub(r"<[^>]+>", "", page.partition("<pre>")[2].partition("</pre>")[0])
    lines = shown.splitlines()
    assert len(lines) == 36
    assert any("find_events" in line for line in lines)
    assert "http" not in page
    assert f'font-family: "{FONT}"' in page


@pytest.mark.asyncio
async def test_a_picture_of_an_earlier_moment_and_in_another_theme(sample_path: Path, tmp_path: Path) -> None:
    for name, theme in (("dark", None), ("light", "textual-light")):
        await export(sample_path, tmp_path / f"{name}.svg", at=13.0, theme=theme)
    dark, light = ((tmp_path / f"{name}.svg").read_text() for name in ("dark", "light"))
    text = "\n".join(rows(dark)).replace("\xa0", " ")
    assert "find_events" in text
    assert "create_cal" not in text
    assert rows(light) == rows(dark)
    assert light != dark


def test_a_moment_is_what_had_been_told_by_then(sample: list[Event]) -> None:
    assert until(sample, None) == sample
    assert until(sample, 0.0) == sample[:1]
    assert until(sample, 1e9) == sample
    first = next(event for event in sample if isinstance(event, CallIssued))
    assert until(sample, first.at)[-1].at == first.at
    assert first not in until(sample, first.at - 0.001)
    # The end of speech is told later than it was: it belongs after its forerunner.
    told_late: list[Event] = [first, SpeechEnded(1, first.at - 1)]
    assert until(told_late, first.at - 0.5) == []


@pytest.mark.asyncio
async def test_what_cannot_be_made_is_one_line(sample_path: Path, tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r"out.gif is no kind of picture; let its name end in .svg, .png, .html"
    ):
        await export(sample_path, tmp_path / "out.gif")
    with pytest.raises(RecordError, match="cannot write .*: no such file or directory"):
        await export(sample_path, tmp_path / "none" / "out.svg")
    with pytest.raises(RecordError, match="there is no theme 'pink'; choose one of .*textual-light"):
        await export(sample_path, tmp_path / "out.svg", theme="pink")
    with pytest.raises(RecordError, match="cannot read"):
        await export(tmp_path / "none.jsonl", tmp_path / "out.svg")
    assert not (tmp_path / "out.svg").exists()


def test_sizes() -> None:
    assert picture_size(None) == (120, 36)
    assert picture_size("80X24") == (80, 24)
    for wrong in ("", "80", "80x", "x24", "-80x24", "8.5x24", "80x24x2", "big"):
        with pytest.raises(RecordError, match="is no size; give columns and rows, as in 120x36"):
            picture_size(wrong)
    for wrong in ("39x24", "80x11", "401x36", "120x121"):
        with pytest.raises(RecordError, match="choose one from 40x12 to 400x120"):
            picture_size(wrong)


def drawn(sign: str, weight: str) -> bytes:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="8" y="28" font-size="24" '
        f'font-weight="{weight}" font-family="{FONT}">{sign}</text></svg>'
    )
    return Image.open(
        io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, font_files=FONTS, skip_system_fonts=True))
    ).tobytes()


@pytest.mark.asyncio
@pytest.mark.parametrize("weight", ["400", "700"])
async def test_the_font_has_every_sign_of_the_screen(sample_path: Path, tmp_path: Path, weight: str) -> None:
    signs = set("".join(GLYPH.values()))
    for size in SIZES:
        await export(sample_path, tmp_path / "out.svg", size=size)
        signs |= set("".join(rows((tmp_path / "out.svg").read_text())))
    nothing = {drawn("", weight), drawn("\ue000", weight)}  # no sign, and one that no font has
    assert {
        sign
        for sign in signs
        if not sign.isspace() and drawn(sign.replace("&", "&amp;").replace("<", "&lt;"), weight) in nothing
    } == set()
