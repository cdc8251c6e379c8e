"""Selecting a call on the timeline, and the log."""

from __future__ import annotations

import pytest

from agents.events import CallIssued, Event, Level, Notice, TurnStarted
from app.screen import HeadstartScreen
from app.screen.log import Log
from app.screen.timeline import Timeline
from app.story import Story
from tests.app.corrected import corrected_events
from tests.app.pictures import at, before, picture
from tools.tool import Effect


def shown(screen: HeadstartScreen) -> str:
    return "\n".join(picture(screen))


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_up_and_down_select_a_call_and_its_result_is_told(
    sample: list[Event], size: tuple[int, int]
) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test(size=size) as pilot:
        timeline = screen.query_one(Timeline)
        assert timeline.has_focus and timeline.selected is None
        await pilot.press("down")
        assert timeline.selected is not None and timeline.selected.version == 1
        await pilot.press("down")
        assert (timeline.selected.call, timeline.selected.version) == (1, 2)
        await pilot.pause()
        told = " ".join(shown(screen).replace("│", " ").split())
        assert 'find_events(day="Friday" → "Saturday")' in told
        assert "“You have one event on Saturday: swimming at 10.”" in told
        await pilot.press("up", "up")
        assert timeline.selected is None
        await pilot.press("up")
        assert timeline.selected is not None and timeline.selected.name == "create_calendar_event"
        await pilot.press("down", "down")
        assert timeline.selected.version == 2, "the last call stays selected"


@pytest.mark.asyncio
async def test_selecting_tells_who_listens(sample: list[Event]) -> None:
    told: list[object] = []

    class Listening(HeadstartScreen):
        def on_timeline_selected(self, message: Timeline.Selected) -> None:
            told.append(message.row and message.row.call)

    screen = Listening(at(19.9), events=sample)
    async with screen.run_test() as pilot:
        timeline = screen.query_one(Timeline)
        assert screen.state.turn is not None
        timeline.select(screen.state.turn.rows[-1])
        timeline.select(screen.state.turn.rows[-1])
        timeline.select(None)
        await pilot.pause()
    assert told == [2, None]


@pytest.mark.asyncio
async def test_another_turn_selects_nothing(sample: list[Event]) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test() as pilot:
        await pilot.press("down")
        screen.push(TurnStarted(3, 19.95))
        screen.paint()
        screen.push(CallIssued(3, 19.97, 1, 1, "find_events", {"day": "Friday"}, Effect.READ))
        screen.paint()
        assert screen.query_one(Timeline).selected is None


@pytest.mark.asyncio
async def test_the_mouse_tells_of_a_call_and_a_click_selects_it(sample: list[Event]) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test(size=(120, 36), tooltips=True) as pilot:
        await pilot.pause()
        timeline = screen.query_one(Timeline)
        y = next(i for i, line in enumerate(picture(screen)) if "✗ find_events(Friday)" in line)
        await pilot.hover(offset=(60, y))
        assert "You have two events on Friday." in str(timeline.tooltip)
        await pilot.click(offset=(60, y))
        assert timeline.selected is not None and timeline.selected.arguments == (("day", "Friday"),)
        await pilot.hover(offset=(60, 2))
        assert timeline.tooltip is None
        await pilot.hover(offset=(60, y))
        await pilot.hover("#conversation")
        assert timeline.tooltip is None
        await pilot.click(offset=(60, 3))
        assert timeline.selected is None


def test_left_and_right_are_free_for_others() -> None:
    taken = {key for pane in (Timeline, Log) for key in pane._merge_bindings().key_to_bindings}  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
    assert taken == {"up", "down", "pageup", "pagedown"}


# ---- the log -------------------------------------------------------------------------------------


def story(events: list[Event]) -> list[str]:
    teller = Story()
    return [line for event in events for line in (teller.line(event) or "").splitlines()]


@pytest.mark.asyncio
async def test_the_log_tells_the_story_in_the_place_of_the_lower_panels(sample: list[Event]) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test(size=(120, 36)) as pilot:
        assert "╭─ log" not in shown(screen)
        log = screen.query_one(Log)
        log.display = True
        await pilot.pause()
        text = shown(screen)
        assert "╭─ log" in text and "╭─ conversation" not in text
        for line in story(sample)[-8:]:
            assert line.strip() in text, line
        screen.push(Notice(20.0, "the microphone is gone", True))
        screen.paint()
        await pilot.pause()
        assert "! notice    the microphone is gone" in shown(screen)
        log.display = False
        await pilot.pause()
        assert "╭─ log" not in shown(screen) and "╭─ conversation" in shown(screen)


@pytest.mark.asyncio
async def test_the_log_scrolls_back_and_stays_there() -> None:
    events = corrected_events()
    lines = story(events)
    screen = HeadstartScreen(at(19.5), events=events)
    async with screen.run_test(size=(120, 36)) as pilot:
        log = screen.query_one(Log)
        log.display = True
        await pilot.pause()
        log.focus()
        await pilot.press("pageup", "pageup", "pageup", "pageup", "pageup", "pageup", "pageup", "pageup")
        await pilot.pause()
        assert lines[0] in shown(screen)
        screen.push(Notice(20.0, "something new"))
        screen.paint()
        await pilot.pause()
        assert lines[0] in shown(screen)
        await pilot.press(*["pagedown"] * 9)
        await pilot.pause()
        assert "something new" in shown(screen) and lines[0] not in shown(screen)
        await pilot.press("up")
        await pilot.pause()
        assert "notice    something new" not in shown(screen).split("╭─ log")[1]
        await pilot.press("down")
        await pilot.pause()
        assert "notice    something new" in shown(screen).split("╭─ log")[1]


@pytest.mark.asyncio
async def test_the_log_goes_back_in_time_with_the_picture() -> None:
    events = corrected_events()
    screen = HeadstartScreen(at(19.5), events=events)
    async with screen.run_test(size=(120, 36)) as pilot:
        log = screen.query_one(Log)
        log.display = True
        await pilot.pause()
        earlier = HeadstartScreen(at(3.0), events=before(events, 3.0)).state
        log.show(earlier, 3.0)
        assert str(log.paint(earlier, 3.0, 112, 14)).rstrip().splitlines() == story(before(events, 3.0))[-14:]


def test_how_loud_it_was_is_not_in_the_log() -> None:
    state = HeadstartScreen(at(1.0), events=[TurnStarted(1, 0.5), Level(1.0, 0.2)]).state
    assert state.recent == (TurnStarted(1, 0.5),)


@pytest.mark.asyncio
async def test_long_lines_of_the_log_are_folded_below_their_text() -> None:
    words = "word " * 40
    screen = HeadstartScreen(at(2.0), events=[Notice(1.0, words)])
    async with screen.run_test(size=(80, 24)) as pilot:
        log = screen.query_one(Log)
        log.display = True
        await pilot.pause()
        shown_lines = shown(screen).split("╭─ log")[1].splitlines()[1:6]
        assert "1.00 s  · notice    word" in shown_lines[0]
        assert shown_lines[1].startswith("│" + " " * 24 + "word")
        assert "".join(shown_lines).count("word") == 40
