"""Replays: every event at its time, from anywhere, to the same states."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.events import CallIssued, Event
from app.record import Recorder, RecordError
from app.replay import Playback, check, replay


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
    broken.write_text('{"headstart":2}\n{"event":"Notice","at":1.0,"text":"hello","error":false}\n{')
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
async def test_it_begins_anywhere(sample: list[Event]) -> None:
    world = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal world
        world += seconds

    playback = Playback(sample, 2.0, start=10.0, clock=lambda: world, sleep=sleep)
    assert playback.now() == 10.0
    shown: list[tuple[float, Event]] = []
    await playback.run(lambda event: shown.append((world, event)))
    assert [event for _, event in shown] == sample
    assert {when for when, event in shown if event.at <= 10.0} == {0.0}
    assert world == pytest.approx((19.9 - 10.0) / 2)
    late = Playback(sample, start=1e6)
    assert late.now() == 19.9  # there is nothing after the end


def test_a_difference_is_told(sample: list[Event], tmp_path: Path) -> None:
    """A tuple is a list when it comes back: a record whose events are no plain JSON is found out."""
    path = tmp_path / "a.jsonl"
    with Recorder(path) as recorder:
        for event in sample:
            recorder.write(event)
    assert check(path) == []
    lines = path.read_text().splitlines(keepends=True)
    number = next(n for n, event in enumerate(sample) if isinstance(event, CallIssued)) + 1
    lines[number] = lines[number].replace('"at":1.97', '"at":1.97000049')  # finer than a record is
    path.write_text("".join(lines))
    differences = check(path)
    assert differences
    assert differences[0].startswith(f"line {number + 1}, CallIssued: ")
