"""Files: only those of the user's folder, and none of them can hold up or break the session."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.conftest import NOW
from tools.assistant import files
from tools.assistant.files import all_files, summarize_pdf
from tools.store import Store
from tools.tool import ToolContext, ToolError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("Nobody may read this.")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "plan.txt").write_text("Nor this.")
    inside = tmp_path / "data" / "files"
    inside.mkdir(parents=True)
    return inside


@pytest.fixture
def context(folder: Path) -> Iterator[ToolContext]:
    with Store.open(folder.parent) as store:
        yield ToolContext(store, lambda: NOW)


async def test_nothing_outside_the_folder(folder: Path, context: ToolContext) -> None:
    (folder / "link.txt").symlink_to(folder.parent.parent / "secret.txt")
    (folder / "linked").symlink_to(folder.parent.parent / "outside")
    (folder / "loop").symlink_to(folder)
    (folder / "ideas.txt").write_text("Paint the door.")
    (folder / "same.txt").symlink_to(folder / "ideas.txt")
    assert {file.name for file in all_files(context.store)} == {"ideas.txt", "same.txt"}
    for path in (
        "../../secret.txt",
        str(folder.parent.parent / "secret.txt"),
        "/etc/passwd",
        "link.txt",
        "..",
    ):
        with pytest.raises(ToolError, match="^I found no file called "):
            await summarize_pdf.run(context, {"path": path})


async def test_a_long_text_is_read_from_its_beginning(folder: Path, context: ToolContext) -> None:
    (folder / "log.txt").write_text("A line. " * 100_000)
    result = await summarize_pdf.run(context, {"path": "log"})
    assert result.text == "log.txt says: A line. A line."
    assert isinstance(result.value, str) and len(result.value) <= 100_000


def _pdf(stream: bytes) -> bytes:
    """A one-page PDF with a compressed content stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out = b"%PDF-1.4\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


async def test_a_pdf_that_unpacks_to_a_thousand_times_its_size(folder: Path, context: ToolContext) -> None:
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 24)
    stream = b"".join(packer.compress(zeros) for _ in range(16)) + packer.flush()
    (folder / "bomb.pdf").write_bytes(_pdf(stream))
    with pytest.raises(ToolError, match=r"bomb\.pdf"):
        await summarize_pdf.run(context, {"path": "bomb"})


async def test_a_pdf_that_takes_for_ever(
    folder: Path, context: ToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PDF_SECONDS", 0.0)
    (folder / "slow.pdf").write_bytes(_pdf(zlib.compress(b"BT ET " * 100_000)))
    with pytest.raises(ToolError, match=r"^slow.pdf takes too long to read.$"):
        await summarize_pdf.run(context, {"path": "slow"})


async def test_a_file_too_large(folder: Path, context: ToolContext) -> None:
    with (folder / "huge.pdf").open("wb") as file:
        file.truncate(21_000_000)
    with pytest.raises(ToolError, match=r"^huge.pdf is too large to read.$"):
        await summarize_pdf.run(context, {"path": "huge"})
