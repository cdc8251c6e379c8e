"""Records: written line by line, read back whole, refused when damaged; and their replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.events import SCHEMA_VERSION, CallChanged, CallState, Event, Notice
from app.record import Recorder, RecordError, read_record
from app.replay import Playback, check, export, replay


def write(path: Path, events: list[Event]) -> Path:
    with Recorder(path) as recorder:
        for event in events:
            recorder.write(event)
    return path


def test_the_frozen_sample_is_what_its_builder_makes(
    sample: list[Event], sample_path: Path, tmp_path: Path
) -> None:
    made = write(tmp_path / "made.jsonl", sample)
    assert made.read_text() == sample_path.read_text()


def test_a_record_reads_back_as_it_was(sample: list[Event], tmp_path: Path) -> None:
    assert list(read_record(write(tmp_path / "a.jsonl", sample))) == sample


def test_odd_texts_and_values_survive(tmp_path: Path) -> None:
    events: list[Event] = [
        Notice(0.5, 'line\nbreak "quote" \u2028 日本 \ud800'),
        CallChanged(1, 1.0, 1, 1, CallState.READY, value={"a": [1, 2.5, None, {"b": True}]}),
        CallChanged(1, 1.0, 1, 1, CallState.READY, value=[1]),
    ]
    assert list(read_record(write(tmp_path / "a.jsonl", events))) == events


def test_every_line_is_on_disk_at_once(sample: list[Event], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorder = Recorder(path)
    for count, event in enumerate(sample[:5], start=1):
        recorder.write(event)
        assert len(path.read_text().splitlines()) == count + 1
    assert json.loads(path.read_text().splitlines()[0]) == {"headstart": SCHEMA_VERSION}
    recorder.close()
    recorder.close()


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r"^cannot write .*: no such file or directory; record somewhere else$"
    ):
        Recorder(tmp_path / "missing" / "a.jsonl")


def test_a_full_disk_says_so(sample: list[Event]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(RecordError, match="cannot go on writing"):
        Recorder(full)


HEADER = '{"headstart":2}\n'
NOTICE = '{"event":"Notice","at":1.0,"text":"hello","error":false}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (NOTICE, "not a Headstart record"),
        ("hello\n", "line 1 is not valid JSON; record again"),
        ('{"headstart":99}\n', "record format 99, this version reads 2"),
        ('{"headstart":true}\n', "record format True"),
        (HEADER + NOTICE + NOTICE[:20], "line 3 is cut short.* keep lines 1 to 2"),
        (HEADER + NOTICE[:-1], "line 2 is cut short"),
        (HEADER + "\n", "line 2 is not valid JSON"),
        (HEADER + NOTICE + "[1]\n" + NOTICE, "line 3 is not a JSON object"),
        (HEADER + '{"event":"Danced","at":1.0}\n', "line 2 is no event this version knows .*Danced"),
        (HEADER + '{"event":"Notice","at":1.0}\n', "line 2 is no event.*text"),
        (HEADER + NOTICE.replace("1.0", '"soon"'), "line 2 is no event.*at has the wrong type"),
        (HEADER + NOTICE.replace("1.0", "NaN"), "line 2 is not valid JSON"),
        (HEADER + NOTICE.replace("1.0", "1e999"), "line 2 is no event.*at has the wrong type"),
        (HEADER + NOTICE.replace('"hello"', "7"), "text has the wrong type"),
        (
            HEADER + '{"event":"Heard","turn":true,"at":1,"stable":"","unstable":""}\n',
            "turn has the wrong type",
        ),
        (HEADER + "[" * 100_000 + "\n", "line 2 is not valid JSON"),
    ],
)
def test_damage_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(RecordError, match=message) as caught:
        list(read_record(path))
    assert "\n" not in str(caught.value)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "a.wav"
    binary.write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(RecordError, match="not UTF-8"):
        list(read_record(binary))
    with pytest.raises(RecordError, match="cannot read"):
        list(read_record(tmp_path / "none.jsonl"))


def test_what_precedes_the_damage_is_given(tmp_path: Path, sample: list[Event]) -> None:
    path = write(tmp_path / "a.jsonl", sample[:3])
    path.write_text(path.read_text() + '{"event":')
    seen: list[Event] = []
    with pytest.raises(RecordError, match="line 5 is cut short"):
        for event in read_record(path):
            seen.append(event)
    assert seen == sample[:3]


@pytest.mark.asyncio
@pytest.mark.parametrize("speed", [0.5, 1.0, 8.0])
async def test_events_come_in_order_when_their_time_has_come(sample: list[Event], speed: float) -> None:
    world = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal world
        assert seconds > 0
        world += seconds

    playback = Playback(sample, speed, clock=lambda: world, sleep=sleep)
    assert playback.now() == 0.0
    shown: list[tuple[float, Event]] = []
    await playback.run(lambda event: shown.append((playback.now(), event)))
    assert [event for _, event in shown] == sample
    assert all(now >= event.at - 1e-9 for now, event in shown)
    assert world - 100.0 == pytest.approx(19.9 / speed)
    world += 50
    assert playback.now() == pytest.approx(19.9)


@pytest.mark.asyncio
async def test_replay_refuses_a_standstill_and_damage(sample_path: Path, tmp_path: Path) -> None:
    shown: list[Event] = []
    with pytest.raises(ValueError, match="above 0"):
        await replay(sample_path, 0, shown.append)
    broken = tmp_path / "a.jsonl"
    broken.write_text(HEADER + NOTICE + "{")
    with pytest.raises(RecordError):
        await replay(broken, 1, shown.append)
    assert shown == []


@pytest.mark.asyncio
async def test_replay_shows_the_whole_record(sample_path: Path, sample: list[Event]) -> None:
    shown: list[Event] = []
    await replay(sample_path, 10_000, shown.append)
    assert shown == sample


def test_the_sample_replays_to_the_same_states(sample_path: Path) -> None:
    assert check(sample_path) == []


@pytest.mark.asyncio
async def test_the_picture_of_a_record(sample_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    await export(sample_path, out)
    svg = out.read_text()
    assert svg.startswith("<svg")
    assert "find_events(Saturday)" in svg
    with pytest.raises(RecordError, match="cannot write"):
        await export(sample_path, tmp_path / "none" / "out.svg")
