"""The screen: what it shows at three sizes, and how it moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from agents.events import (
    CallChanged,
    CallIssued,
    CallState,
    Effected,
    EndOfTurn,
    Event,
    Heard,
    Level,
    Mode,
    Muted,
    Notice,
    SessionStarted,
    SpeechEnded,
    TurnStarted,
    Undone,
    Updated,
)
from app.marks import call_label, changed_label, details, shorten
from app.screen import HeadstartScreen, bars, chart, conversation, panels, side, speech
from app.screen.axis import Scale
from app.screen.canvas import Canvas, wrap
from app.screen.widgets import Effects
from app.shown import CallRow, Counters, ScreenState, Segment
from app.state import fold
from tests.app.corrected import corrected_events
from tests.app.pictures import at, before, folded, picture
from tools.tool import Effect

SIZES = [(80, 24), (120, 36), (200, 60)]


def until(events: list[Event], kind: type[Event]) -> list[Event]:
    """The events up to and with the first of `kind`."""
    index = next(i for i, event in enumerate(events) if isinstance(event, kind))
    return events[: index + 1]


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
        "settled",
        "✗ find_events(Friday)",
        "no, Saturday,",
        "“no Saturday”",
        "answered 0.49 s after you stopped · 0.78 s sooner than by waiting",
        "You have one event on Saturday",
        "held",
        "0.48 s",
        "✓ 2 right",
        "✗ 2 wrong",
        "←→ back",
        "? help",
        "q quit",
    ):
        assert part in text, part
    for part in (
        "#12 Lunch with Ana",
        "✓ find_events(Friday → Saturday)",
        "1 ran in vain",
        "2.2 s before you stopped",
        "head start 0.55 s",
        "☆ by waiting",
    ):
        assert (part in text) == (size[0] >= 96), part
    assert "u undo" not in text, "a replay has no session to undo in"


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (81, 10)])
async def test_tiny_terminals_do_not_break_it(sample: list[Event], size: tuple[int, int]) -> None:
    screen = HeadstartScreen(at(14.4), events=sample[:55])
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "→ Saturday)" in "\n".join(picture(screen))


@pytest.mark.asyncio
async def test_words_events_and_clock_move_the_picture(sample: list[Event]) -> None:
    now = 0.0
    screen = HeadstartScreen(lambda: now)
    async with screen.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "◌ STARTING" in picture(screen)[0]
        assert "the models are being loaded" in "\n".join(picture(screen))
        screen.push(Level(0.1, 0.002))
        screen.paint()
        await pilot.pause()
        assert "○ LISTENING" in picture(screen)[0]
        assert "Just talk" in "\n".join(picture(screen))
        for event in until(sample, TurnStarted):
            screen.push(event)
        now = 2.0
        screen.paint()
        await pilot.pause()
        lines = picture(screen)
        assert "● HEARING YOU  ▁   brain local   speculative   microphone" in lines[0]
        assert "turn 1   2.0 s" in lines[0]
        assert screen.state.turn is not None


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
async def test_a_panel_is_drawn_anew_when_what_it_shows_changed_and_only_then(sample: list[Event]) -> None:
    drawn_anew: list[ScreenState] = []

    class Counting(Effects):
        def paint(self, state: ScreenState, now: float, width: int, height: int) -> Canvas:
            drawn_anew.append(state)
            return super().paint(state, now, width, height)

    class Small(App[None]):
        def compose(self) -> ComposeResult:
            yield Counting(folded(sample), id="effects")

    app = Small()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        panel = app.query_one(Effects)
        drawn_anew.clear()
        louder = fold(panel.state, Level(20.0, 0.5))
        panel.show(louder, 20.0)
        assert not drawn_anew
        panel.show(fold(louder, Undone(2, 20.0, 12, "Lunch is off.")), 20.0)
        assert len(drawn_anew) == 1
        await pilot.pause()
        strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        assert any("↶ #12" in strip.text for strip in strips)


def test_notices_fade_errors_stay_longer() -> None:
    quiet = folded([Notice(10.0, "hello")])
    loud = folded([Notice(10.0, "no microphone", True)])
    assert panels.banner(quiet, 12.0) == ("hello", "label")
    assert panels.banner(quiet, 17.0) is None
    assert panels.banner(loud, 17.0) == ("no microphone", "failed")


def test_the_phase_follows_the_session(sample: list[Event]) -> None:
    words: list[str] = []
    state = ScreenState()
    for event in sample:
        state = fold(state, event)
        word = panels.phase(state)[1]
        words += [word] if not words or words[-1] != word else []
    first = ["HEARING YOU", "THINKING", "ASKING YOU", "THINKING", "SPEAKING", "THINKING", "LISTENING"]
    assert words == ["STARTING", *first, *first[:2], "SPEAKING", "THINKING", "LISTENING", "ENDED"]


def test_the_phase_of_a_turn_that_goes_on_and_of_a_closed_microphone() -> None:
    assert panels.phase(folded(before(corrected_events(), 5.2)))[1] == "THINKING"
    assert panels.phase(folded(before(corrected_events(), 5.5)))[1] == "HEARING YOU"
    assert panels.phase(folded([Muted(1.0, True)]))[:2] == ("ø", "MUTED")
    header = panels.paint_header(folded([TurnStarted(1, 0.0), Muted(1.0, True)]), 1.0, 80, frozen=False)
    assert "HEARING YOU  MUTED" in str(header)
    typed = SessionStarted(0.0, 2, "local", Mode.SPECULATIVE, "typed words", "")
    assert panels.phase(folded([typed]))[1] == "READY"


def test_the_headline_names_devices_where_there_are_names() -> None:
    state = folded(before(corrected_events(), 3.0))
    assert "microphone" in str(panels.paint_header(state, 3.0, 120, frozen=False))
    named = str(panels.paint_header(state, 3.0, 120, frozen=True, devices="Blue Yeti → Speakers"))
    assert "Blue Yeti → Speakers" in named and "microphone" not in named and "FROZEN" in named


# ---- the timeline --------------------------------------------------------------------------------


def drawn(events: list[Event], now: float, width: int = 116, height: int = 20) -> list[str]:
    return str(chart.paint(folded(events), now, width, height)).splitlines()


def line_of(lines: list[str], part: str) -> str:
    return next(line for line in lines if part in line)


def test_the_level_is_where_it_was_measured_and_the_newest_at_the_right() -> None:
    loud = [Level(1.0 + i / 10, 0.3 if 10 <= i < 15 else 0.001) for i in range(30)]
    lines = drawn([TurnStarted(1, 1.0), *loud], 3.9)
    mic = line_of(lines, "  mic")
    axis = lines[0]
    bars_of = mic[axis.index("0s") :]
    assert bars_of.strip("▁") == "█" * len(bars_of.strip("▁"))
    second = axis.index("1s") - axis.index("0s")
    assert abs(bars_of.index("█") - second) <= 1
    assert abs(bars_of.rindex("█") - 1.45 * second) <= 1.5
    assert abs(len(bars_of) - 2.9 * second) <= 2


@given(st.floats(0, 1), st.floats(0, 1))
def test_louder_is_never_drawn_lower(one: float, other: float) -> None:
    soft, loud = sorted((one, other))
    assert speech.BLOCKS.index(speech.block(soft)) <= speech.BLOCKS.index(speech.block(loud))


def test_a_record_without_levels_shows_how_long_you_spoke(sample: list[Event]) -> None:
    line = line_of(drawn(sample, 19.9), "you speak")
    assert "━━━" in line and not any(block in line for block in speech.BLOCKS)


def test_unstable_words_are_marked_and_not_settled() -> None:
    events = [TurnStarted(1, 0.0), Heard(1, 1.0, "text Ana", "I'm running")]
    lines = drawn(events, 2.0)
    assert "‹I'm running›" in line_of(lines, "your words") + "".join(lines[3:5])
    settled = line_of(lines, "settled")
    assert settled.count("═") == pytest.approx(settled.count("┄"), abs=2)
    done = line_of(drawn([*events, Updated(1, 2.0, "text Ana I'm running", True)], 2.0), "settled")
    assert "┄" not in done and done.count("═") > settled.count("═")


def test_a_guess_is_struck_out_from_the_word_that_killed_it() -> None:
    events = [
        TurnStarted(1, 0.0),
        Heard(1, 1.0, "on Friday", ""),
        Updated(1, 1.0, "on Friday", False),
        CallIssued(1, 1.0, 1, 1, "find", {"day": "Friday"}, Effect.READ),
        CallChanged(1, 1.0, 1, 1, CallState.RUNNING),
        Heard(1, 2.0, "on Friday no", ""),
        Updated(1, 2.0, "on Friday no", False),
        CallChanged(1, 2.8, 1, 1, CallState.DISCARDED, "you said otherwise"),
        CallIssued(1, 2.8, 1, 2, "find", {"day": "Sunday"}, Effect.READ),
    ]
    canvas = chart.paint(folded(events), 2.9, 116, 20)
    lines = str(canvas).splitlines()
    old, new = line_of(lines, "✗ find(Friday)"), line_of(lines, "find(Friday → Sunday)")
    axis = lines[0]
    assert abs(old.index("╌") - axis.index("2s")) <= 1 and abs(old.index("━") - axis.index("1s")) <= 1
    assert old.rindex("✗") > old.rindex("╌")
    assert abs(old.rindex("✗") - new.index("·")) <= 1
    assert "you said “no”" in old
    styles = {run.text: run.style for y in range(canvas.height) for run in canvas.line(y)}
    assert styles["no"] == "blamed" and styles["find(Friday)"] == "struck" and styles["Friday"] == "struck"


def test_the_end_of_speech_and_the_commit_are_lines_down_through_the_calls(sample: list[Event]) -> None:
    lines = drawn(sample, 19.9)
    settled = line_of(lines, "settled")
    stop, commit = settled.index("■"), settled.index("◆")
    below = lines[lines.index(settled) + 1]
    assert below[stop] == "┊" and below[commit] == "│" and stop < commit


def test_an_end_that_was_none_is_hollow() -> None:
    live = line_of(drawn(before(corrected_events(), 6.3), 6.3), "settled")
    live = live.removesuffix("◇ commit once you finish")
    assert [sign for sign in live if sign in "■□◆◇↶★"] == ["□", "◇", "↶", "◇"]
    done = line_of(drawn(before(corrected_events(), 12.0), 12.0), "settled")
    assert [sign for sign in done if sign in "■□◆◇↶★"] == ["□", "◇", "↶", "■", "◆", "★"]


def test_a_stop_is_hollow_until_it_is_the_end() -> None:
    events = [TurnStarted(1, 1.0), Heard(1, 2.0, "on Friday", ""), SpeechEnded(1, 2.1)]
    assert "□" in line_of(drawn(events, 2.6), "settled")
    assert "■" in line_of(drawn([*events, EndOfTurn(1, 2.6)], 2.6), "settled")


def test_what_would_have_been_by_waiting_stands_where_it_would_have_come(sample: list[Event]) -> None:
    lines = drawn(sample, 19.9)
    settled, axis = line_of(lines, "settled"), lines[0]
    second = (axis.index("4s") - axis.index("2s")) / 2
    assert "★┄" in settled and settled.index("★") < settled.index("☆")
    assert settled.index("☆") - settled.index("★") == pytest.approx(0.78 * second, abs=1.5)
    assert "☆" not in line_of(drawn(corrected_events(), 19.5), "settled"), "no head start in the last turn"


def test_a_held_call_waits_at_the_commit_and_is_released() -> None:
    events = before(corrected_events(), 16.3)
    waiting = drawn(before(events, 15.0), 15.0)
    held = line_of(waiting, "held until you finish")
    assert "‖░░" in held and "░┆" in held
    assert line_of(waiting, "settled").index("◇") == held.index("┆"), "the commit is yet to come"
    line = line_of(drawn(events, 16.3), "create_reminder(Saturday → Sunday)")
    bar = "".join(sign for sign in line if sign in "‖░▶━✓▄")
    assert bar.lstrip("✓").startswith("‖░") and bar.index("▶") < bar.index("━")
    assert "done, journal entry 3" in line


def test_an_early_write_that_was_wrong_is_undone_and_another_stands() -> None:
    running = folded(before(corrected_events(), 3.0))
    assert "early, undone if wrong" in str(chart.paint(running, 3.0, 116, 20))
    regretted = folded(before(corrected_events(), 3.95))
    assert "to undo: “no Saturday”" in str(chart.paint(regretted, 3.95, 116, 20))
    assert "To be undone." in str(side.paint_effects(regretted, 80, 8))
    lines = drawn(before(corrected_events(), 6.3), 6.3)
    assert "undone: “no Saturday”" in line_of(lines, "↶ create_reminder(Friday)")
    assert "done early, entry 2" in line_of(lines, "✓ create_reminder(Friday → Saturday)")


def test_what_a_continued_turn_takes_up_is_shown_as_done_before() -> None:
    lines = drawn(before(corrected_events(), 14.0), 14.0)
    assert "done before" in line_of(lines, "✓ create_rem")
    assert "known before" in line_of(lines, "✓ get_weather(Saturday)")
    assert "… " in line_of(lines, "your words") and "No," in "".join(lines)


def test_a_failed_undo_is_told_where_the_effect_is() -> None:
    state = folded(corrected_events())
    assert "! #3" in str(side.paint_effects(state, 60, 8))
    assert "cannot be undone" in line_of(
        drawn(corrected_events(), 19.5), "! create_reminder(Saturday → Sunday)"
    )


def test_a_late_result_is_in_the_details_only() -> None:
    state = folded(before(corrected_events(), 6.3))
    assert state.turn is not None
    late = next(row for row in state.turn.rows if row.name == "find_notes")
    told = details(late, state.turn)
    assert "dropped: you took it back" in told and "returned later: “You have one note on plants.”" in told


def test_details_tell_the_arguments_as_they_changed_and_the_result(sample: list[Event]) -> None:
    state = folded(sample)
    assert state.turn is not None
    told = details(next(row for row in state.turn.rows if (row.call, row.version) == (1, 2)), state.turn)
    assert told == (
        '✓ find_events(day="Friday" → "Saturday") · ready 2.2 s before you stopped'
        " · “You have one event on Saturday: swimming at 10.”"
    )


# ---- the other panels ----------------------------------------------------------------------------


def test_the_words_of_a_continued_turn_are_not_repeated() -> None:
    text = str(conversation.paint_conversation(folded(corrected_events()), 80, 20))
    assert text.count("water the plants on Friday") == 1
    assert "↶ No, make it Sunday, please." in text
    assert "0.70 s" in text and "1.08 s" in text


def test_counters_compare_with_waiting() -> None:
    text = str(side.paint_counters(folded(corrected_events()), 40, 4))
    guessed, waited, right, vain = text.splitlines()
    assert "0.89 s" in guessed and "1.40 s" in waited
    assert guessed.count("█") / waited.count("█") == pytest.approx(0.89 / 1.4, abs=0.06)
    assert "✓ 4 right" in right and "✗ 3 wrong" in right
    assert "2 ran in vain" in vain and "↶ 2 undone" in vain


@given(st.integers(0, 120))
def test_the_line_of_counters_fits(width: int) -> None:
    line = side.counters_line(folded(corrected_events()).counters, width)
    assert cell_len(line) <= width
    assert side.counters_line(Counters(), width) == ""


def test_effects_are_never_cut_at_their_beginning() -> None:
    rows = [
        Effected(1, float(n), n, 1, n, "write", f"A long line about thing {n} that needs two lines.", True)
        for n in range(1, 5)
    ]
    for height in range(2, 10):
        text = str(side.paint_effects(folded(rows), 30, height)).splitlines()
        assert text[0].startswith("✓ #"), height
        assert "#4" in "".join(text)


def test_what_was_undone_is_struck_out() -> None:
    events = [Effected(1, 1.0, 1, 1, 7, "write", "Lunch is set.", True), Undone(1, 2.0, 7, "Gone.")]
    canvas = side.paint_effects(folded(events), 30, 3)
    assert [(run.text.strip(), run.style) for run in canvas.line(0) if run.text.strip()] == [
        ("↶", "undone"),
        ("#7 Lunch is set.", "struck"),
    ]


# ---- parts ---------------------------------------------------------------------------------------


def row(call: int, state: CallState, **values: str) -> CallRow:
    segments = (Segment(state, float(call)),)
    return CallRow(call, 1, "find_events", tuple(values.items()), Effect.READ, float(call), segments)


def test_dropped_guesses_make_room_first() -> None:
    rows = tuple(row(n, CallState.DISCARDED if n == 3 else CallState.READY) for n in range(1, 6))
    assert [r.call for r in bars.visible(rows, 5)] == [1, 2, 3, 4, 5]
    assert [r.call for r in bars.visible(rows, 4)] == [2, 4, 5]  # one line says how many are left out
    assert [r.call for r in bars.visible(rows, 3, (3, 1))] == [3, 5]  # never the selected one
    assert bars.visible(rows, 0) == []


def test_a_changed_label_needs_room_for_both_values() -> None:
    old = row(1, CallState.DISCARDED, day="Friday")
    new = replace(row(1, CallState.READY, day="Saturday"), version=2)
    assert changed_label(new, (old, new), 40) == ("find_events(", "Friday", " → Saturday)")
    assert changed_label(new, (old, new), 25) == ("find_events(", "", "→ Saturday)")
    assert changed_label(new, (old, new), 22) == ("find_events(Saturday)", "", "")
    assert changed_label(old, (old, new), 40) == ("find_events(Friday)", "", "")


@given(at_=st.floats(-10, 100), width=st.integers(1, 300))
def test_every_time_has_a_column_in_the_chart(at_: float, width: int) -> None:
    scale = Scale(20, width, 3.0, 6.0)
    assert 20 <= scale.clipped(at_) < scale.end
    assert scale.shows(at_) == (scale.clipped(at_) == scale.column(at_))


def test_a_label_shows_what_tells_two_versions_apart() -> None:
    first = row(1, CallState.DISCARDED, title="Lunch with Ana", start="Saturday")
    second = row(1, CallState.HELD, title="Lunch with Ana", start="Sunday")
    assert call_label(first, (first, second)) == "find_events(Saturday)"
    assert call_label(second) == "find_events(Lunch with Ana, Sunday)"
    assert call_label(second, (), 20) == "find_…(Lunch with…)"


@given(st.text(max_size=60), st.integers(0, 30))
def test_shortened_and_wrapped_text_fits(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width
    assert all(cell_len(line) <= max(2, width) for line in wrap(text, width))


@settings(max_examples=60, deadline=None)
@given(
    part=st.floats(0, 1),
    corrected=st.booleans(),
    width=st.integers(0, 220),
    height=st.integers(0, 60),
    late=st.floats(-5, 500),
    selected=st.none() | st.tuples(st.integers(1, 3), st.integers(1, 2)),
)
def test_any_prefix_paints_at_any_size(
    part: float,
    corrected: bool,
    width: int,
    height: int,
    late: float,
    selected: tuple[int, int] | None,
    sample: list[Event],
) -> None:
    events = corrected_events() if corrected else sample
    state = folded(events[: round(part * len(events))])
    now = state.clock + late
    timeline = chart.paint(state, now, width, height, selected)
    if (
        state.turn is not None
        and any(chart.key_of(row) == selected for row in state.turn.rows)
        and height > 7
    ):
        assert timeline.marked is not None, "the selected call is on the picture"
    pictures = [
        timeline,
        conversation.paint_conversation(state, width, height),
        side.paint_effects(state, width, height),
        side.paint_counters(state, width, height),
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
