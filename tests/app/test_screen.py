"""The screen: what it shows at three sizes, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from agents.events import (
    CallState,
    ConfirmAnswered,
    ConfirmAsked,
    Event,
    Notice,
    SessionEnded,
    TurnStarted,
    Undone,
)
from app.marks import GLYPH, call_label, shorten
from app.screen import HeadstartScreen, chart, panels
from app.screen.canvas import Canvas, wrap
from app.screen.help import Help
from app.shown import CallRow, EffectRow, Question, ScreenState, Segment
from app.state import fold
from tools.tool import Effect

SIZES = [(80, 24), (120, 36), (200, 60)]


def picture(screen: HeadstartScreen) -> list[str]:
    """The screen as lines of text, as the terminal gets them."""
    width, height = screen.size
    strips = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    assert len(lines) == height
    assert all(strip.cell_length == width for strip in strips)
    return lines


def folded(events: list[Event]) -> ScreenState:
    state = ScreenState()
    for event in events:
        state = fold(state, event)
    return state


def until(events: list[Event], kind: type[Event]) -> list[Event]:
    """The events up to and with the first of `kind`."""
    index = next(i for i, event in enumerate(events) if isinstance(event, kind))
    return events[: index + 1]


def at(seconds: float) -> Callable[[], float]:
    return lambda: seconds


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_the_essentials_are_there_at_every_size(sample: list[Event], size: tuple[int, int]) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        text = "\n".join(picture(screen))
    for part in (
        "ENDED",
        "turn 2",
        "your words",
        "you speak",
        "✗ find_events(Friday)",
        "✓ find_events(Saturday)",
        "no Saturday",
        "answered 0.49 s after you stopped · 0.78 s sooner than by waiting",
        "You have one event on Saturday",
        "held",
        "u undo",
        "? help",
        "q quit",
    ):
        assert part in text, part
    for part in (
        "#12 Lunch with Ana",
        "u undoes #12",
        "answers after  0.48 s",
        "✓ 2 right",
        "✗ 2 rolled back",
    ):
        assert (part in text) == (size[0] >= 96), part


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (81, 10)])
async def test_tiny_terminals_do_not_break_it(sample: list[Event], size: tuple[int, int]) -> None:
    screen = HeadstartScreen(at(14.4), events=sample[:55])
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "find_events(Saturday)" in "\n".join(picture(screen))


@pytest.mark.asyncio
async def test_words_events_and_clock_move_the_picture(sample: list[Event]) -> None:
    now = 0.0
    screen = HeadstartScreen(lambda: now)
    async with screen.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "READY" in picture(screen)[0]
        for event in until(sample, TurnStarted):
            screen.push(event)
        now = 2.0
        screen.paint()
        await pilot.pause()
        lines = picture(screen)
        assert "● LISTENING   microphone   brain local   speculative" in lines[0]
        assert "turn 1   2.0 s" in lines[0]
        assert screen.state.turn is not None


@pytest.mark.asyncio
async def test_many_events_between_two_frames_are_painted_once(sample: list[Event]) -> None:
    screen = HeadstartScreen(at(19.9))
    async with screen.run_test(size=(120, 36)) as pilot:
        await pilot.press("f")
        await pilot.pause()
        before = picture(screen)
        for event in sample:
            screen.push(event)
        await pilot.pause(0.2)
        assert picture(screen) == before
        assert "FROZEN" in before[0]
        await pilot.press("f")
        await pilot.pause()
        assert "find_events(Saturday)" in "\n".join(picture(screen))
        assert "FROZEN" not in picture(screen)[0]


@pytest.mark.asyncio
async def test_u_undoes_the_latest_effect_that_can_be(sample: list[Event]) -> None:
    undone: list[EffectRow] = []
    screen = HeadstartScreen(at(20.0), events=sample, on_undo=undone.append)
    async with screen.run_test(size=(120, 36)) as pilot:
        await pilot.press("u")
        assert [row.entry for row in undone] == [12]
        screen.push(Undone(2, 20.0, 12, "Lunch is off."))
        screen.paint()
        await pilot.press("u")  # entry 11, a message, cannot be taken back
        assert [row.entry for row in undone] == [12]
        await pilot.pause()
        text = "\n".join(picture(screen))
        assert "↶ #12 Lunch with Ana" in text
        assert "u undoes" not in text


@pytest.mark.asyncio
async def test_u_does_nothing_where_the_picture_is_out_of_date(sample: list[Event]) -> None:
    undone: list[EffectRow] = []
    screen = HeadstartScreen(at(20.0), events=sample, on_undo=undone.append)
    async with screen.run_test() as pilot:
        await pilot.press("f")
        screen.push(Undone(2, 20.0, 12, "Lunch is off."))
        await pilot.press("u")
        assert undone == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("key", "yes"), [("y", True), ("n", False)])
async def test_y_and_n_answer_the_question(sample: list[Event], key: str, yes: bool) -> None:
    answers: list[tuple[Question, bool]] = []
    asked = until(sample, ConfirmAsked)
    screen = HeadstartScreen(at(4.0), events=asked, on_answer=lambda q, said: answers.append((q, said)))
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = "\n".join(picture(screen))
        assert "? ASKING YOU" in text
        assert "? Text Ana: I'm running ten minutes late?" in text
        assert "y yes   n no" in text
        await pilot.press(key)
        assert [(question.call, said) for question, said in answers] == [(2, yes)]
        screen.push(ConfirmAnswered(1, 4.1, 2, yes, ""))
        screen.paint()
        await pilot.press(key)
        assert len(answers) == 1
        await pilot.pause()
        assert "y yes   n no" not in "\n".join(picture(screen))


@pytest.mark.asyncio
async def test_keys_never_answer_a_question_the_user_has_not_seen(sample: list[Event]) -> None:
    answers: list[tuple[Question, bool]] = []
    asked = until(sample, ConfirmAsked)
    screen = HeadstartScreen(at(4.0), events=asked, on_answer=lambda q, said: answers.append((q, said)))
    async with screen.run_test() as pilot:
        await pilot.press("f")
        screen.push(ConfirmAnswered(1, 4.1, 2, False, ""))
        screen.push(ConfirmAsked(1, 4.1, 3, "Text Ben instead?"))
        await pilot.press("y")
        assert answers == []


@pytest.mark.asyncio
async def test_a_notice_appears_and_goes_and_comes_again() -> None:
    now = 1.0
    screen = HeadstartScreen(lambda: now)
    async with screen.run_test(size=(80, 24)) as pilot:
        for begins, text in ((1.0, "first"), (30.0, "second")):
            now = begins
            screen.push(Notice(now, text))
            screen.paint()
            await pilot.pause()
            assert f"· {text}" in "\n".join(picture(screen))
            now += 10
            screen.paint()
            await pilot.pause()
            assert text not in "\n".join(picture(screen))


@pytest.mark.asyncio
async def test_help_palette_and_quit() -> None:
    screen = HeadstartScreen(at(0.0))
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(screen.screen, Help)
        await pilot.pause()
        text = "\n".join(picture(screen))
        for part in (*GLYPH.values(), "held until you finish", "esc close this"):
            assert part in text, part
        await pilot.press("escape")
        assert not isinstance(screen.screen, Help)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert type(screen.screen).__name__ == "CommandPalette"
        await pilot.press("escape")
        await pilot.press("q")
    assert screen.return_code == 0


@pytest.mark.asyncio
async def test_both_themes_paint(sample: list[Event]) -> None:
    screen = HeadstartScreen(at(19.9), events=sample)
    async with screen.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        dark = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        screen.theme = "textual-light"
        await pilot.pause()
        light = screen.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        assert [strip.text for strip in dark] == [strip.text for strip in light]
        assert dark != light


def test_notices_fade_errors_stay_longer() -> None:
    quiet = folded([Notice(10.0, "hello")])
    loud = folded([Notice(10.0, "no microphone", True)])
    assert panels.banner(quiet, 12.0) == ("hello", "held")
    assert panels.banner(quiet, 17.0) is None
    assert panels.banner(loud, 17.0) == ("no microphone", "failed")


def test_the_phase_follows_the_session(sample: list[Event]) -> None:
    words: list[str] = []
    state = ScreenState()
    for event in sample:
        state = fold(state, event)
        word = panels.phase(state)[1]
        words += [word] if not words or words[-1] != word else []
    first = ["READY", "LISTENING", "ANSWERING", "ASKING YOU", "ANSWERING", "SPEAKING", "ANSWERING", "READY"]
    assert words == [*first, "LISTENING", "ANSWERING", "SPEAKING", "ANSWERING", "READY", "ENDED"]
    assert isinstance(sample[-1], SessionEnded)


def row(call: int, state: CallState, **values: str) -> CallRow:
    segments = (Segment(state, float(call)),)
    return CallRow(call, 1, "find_events", tuple(values.items()), Effect.READ, float(call), segments)


def test_dropped_guesses_make_room_first() -> None:
    rows = tuple(row(n, CallState.DISCARDED if n == 3 else CallState.READY) for n in range(1, 6))
    assert [r.call for r in chart.visible(rows, 5)] == [1, 2, 3, 4, 5]
    assert [r.call for r in chart.visible(rows, 4)] == [2, 4, 5]  # one line says how many are left out
    assert chart.visible(rows, 0) == []


def test_a_label_shows_what_tells_two_versions_apart() -> None:
    first = row(1, CallState.DISCARDED, title="Lunch with Ana", start="Saturday")
    second = row(1, CallState.HELD, title="Lunch with Ana", start="Sunday")
    assert call_label(first, (first, second)) == "find_events(Saturday)"
    assert call_label(second) == "find_events(Lunch with Ana, Sunday)"
    assert call_label(second, (), 20) == "find_even…(Lunch w…)"


@given(st.text(max_size=60), st.integers(0, 30))
def test_shortened_and_wrapped_text_fits(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width
    assert all(cell_len(line) <= max(2, width) for line in wrap(text, width))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 76), width=st.integers(0, 220), height=st.integers(0, 60), late=st.floats(-5, 500))
def test_any_prefix_paints_at_any_size(
    n: int, width: int, height: int, late: float, sample: list[Event]
) -> None:
    state = folded(sample[:n])
    now = state.clock + late
    pictures = [
        chart.paint(state.turn, now, width, height),
        panels.paint_conversation(state, width, height),
        panels.paint_effects(state, width, height),
        panels.paint_counters(state, width, height),
        panels.paint_header(state, now, width, frozen=True),
        panels.paint_banner(state, now, width),
    ]
    for canvas in pictures:
        for y in range(canvas.height):
            assert sum(len(run.text) for run in canvas.line(y)) == width


def test_a_canvas_cuts_what_falls_outside_and_counts_wide_characters() -> None:
    canvas = Canvas(6, 1)
    assert canvas.put(-2, 0, "abcd", "x") == 2
    assert canvas.put(3, 0, "日本", "y") == 7
    assert str(canvas) == "cd 日"
    canvas.put(0, 5, "nowhere")
    assert canvas.line(5) == []
