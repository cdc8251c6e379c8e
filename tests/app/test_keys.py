"""Every key of the screen, pressed on a running session."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import OptionList

from agents.actions import Answer, Call
from agents.brain import Brain, BrainError
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import (
    BrainChanged,
    CallChanged,
    CallState,
    ConfirmAnswered,
    ConfirmAsked,
    Effected,
    Event,
    Mode,
    Muted,
    Notice,
    TurnEnded,
    Undone,
)
from agents.records import from_json, to_json
from agents.session import Session
from app import control as control_module
from app.control import Control
from app.record import read_record
from app.screen import HeadstartScreen
from app.screen.commands import COMMANDS
from app.screen.help import Help, keys
from app.screen.log import Log
from app.screen.picker import Picker
from app.screen.theme import THEMES
from app.screen.widgets import Effects, Headline
from app.shown import ScreenState
from app.state import fold
from tests.agents.test_session import of, talk
from tests.agents.worlds import Recorder, build
from voice.devices import AudioUnavailable, Device, Direction
from voice.echo import Echo
from voice.hand import Ends, Microphone, Speaker, VoiceHand

PUT = [Step(None, [Call(1, "put", {"x": "a"}), Answer("$1")])]
ASK = [Step(None, [Call(1, "confirm", {"x": "a"}), Answer("$1")])]
HOLD = [Step(1, [Call(1, "write", {"x": "a"})]), Step(None, [Answer("$1")])]

pressed: set[str] = set()


class Running:
    """A session with its screen, and hands on both."""

    def __init__(self, tmp_path: Path, script: Sequence[Step], voice: VoiceHand | None) -> None:
        self.world = Recorder()
        self.events: list[Event] = []
        self.brains: list[str] = []
        self.closed: list[str] = []
        self.record = tmp_path / "records" / "now.jsonl"
        toolbox, world = build(self.world)
        brain = self.named("scripted", script)
        self.session = Session(brain, toolbox, world)
        self.session.subscribe(self.events.append)
        self.control = Control(
            self.session,
            brain,
            record=self.record,
            make_brain=lambda name: self.make(name, script),
            brains=("scripted", "other", "broken"),
            voice=voice,
        )
        self.screen = HeadstartScreen(self.session.now, control=self.control)
        self.session.subscribe(self.screen.push)
        self.pilot: Pilot[None]

    def named(self, name: str, script: Sequence[Step]) -> ScriptedBrain:
        closed = self.closed

        class Named(ScriptedBrain):
            async def close(self) -> None:
                closed.append(name)

        brain = Named(lambda _: script)
        brain.name = name
        return brain

    def make(self, name: str, script: Sequence[Step]) -> Brain:
        if name == "broken":
            raise BrainError("there is no key for the broken brain; set BROKEN_KEY")
        return self.named(name, script)

    async def press(self, *names: str) -> None:
        pressed.update(names)
        self.screen.paint()
        await self.pilot.press(*names)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(500):
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(self.events)

    def notices(self) -> list[str]:
        return [event.text for event in of(self.events, Notice)]


@asynccontextmanager
async def running(
    tmp_path: Path, script: Sequence[Step] = PUT, voice: VoiceHand | None = None
) -> AsyncIterator[Running]:
    it = Running(tmp_path, script, voice)
    if voice is not None:
        voice.begin(it.session, Ends(Microphone(), Speaker()), ("Desk", "Loud"), Echo.CANCEL)
    async with asyncio.TaskGroup() as group:
        group.create_task(it.session.run())
        await asyncio.sleep(0)
        async with it.screen.run_test(size=(120, 36)) as it.pilot:
            yield it
        it.session.close()
    await it.control.close()


async def say(it: Running, *, idle: bool = True) -> None:
    await talk(it.session, "one two", seconds_a_word=0.01, ending=0.01, idle=idle)


def again(events: Sequence[Event]) -> list[Event]:
    """The events as a record gives them back."""
    return [from_json(to_json(event)) for event in events]


def folded(events: Sequence[Event]) -> ScreenState:
    state = ScreenState()
    for event in events:
        state = fold(state, event)
    return state


# ---- one table -----------------------------------------------------------------------------------


async def test_bindings_palette_and_help_all_hold_every_key(tmp_path: Path, sample: list[Event]) -> None:
    async with running(tmp_path) as it:
        asked = next(i for i, event in enumerate(sample) if isinstance(event, ConfirmAsked))
        for event in [*sample[: asked + 1], Effected(1, 4.0, 2, 1, 11, "put", "Done.", True)]:
            it.screen.push(event)
        it.screen.paint()
        bound = {binding.key: binding for _, binding, *_ in it.screen.screen.active_bindings.values()}
        offered = {entry.title: entry for entry in it.screen.get_system_commands(it.screen.screen)}
        for command in COMMANDS:
            assert bound[command.key].action == command.action
            assert bound[command.key].description == command.label
            entry = offered.pop(f"{command.label}: {command.text}")
            assert entry.help == f"key {command.sign}"
            line = next(line for line in keys().splitlines() if command.text in line)
            assert f"[b]{command.sign}[/]" in line
        assert offered == {}
        others = set(bound) - {command.key for command in COMMANDS}
        assert others <= {"ctrl+c", "ctrl+p", "ctrl+q", "tab", "shift+tab", "up", "down", "super+c"}


async def test_the_palette_runs_what_the_key_does(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.pilot.press("ctrl+p")
        assert isinstance(it.screen.screen, CommandPalette)
        await it.pilot.press(*"sequential")
        await it.until(lambda: it.screen.screen.query_one(OptionList).option_count == 1)
        await it.pilot.press("down", "enter")
        await it.until(lambda: of(it.events, BrainChanged))


async def test_without_a_session_its_keys_do_nothing(sample: list[Event]) -> None:
    screen = HeadstartScreen(lambda: 20.0, events=sample)
    async with screen.run_test() as pilot:
        before = screen.state
        for command in COMMANDS:
            if command.of_session:
                await pilot.press(command.key)
        assert screen.state is before and len(screen.screen_stack) == 1
        offered = {entry.help for entry in screen.get_system_commands(screen.screen)}
        assert offered == {f"key {command.sign}" for command in COMMANDS if not command.of_session}


# ---- the session ---------------------------------------------------------------------------------


async def test_u_undoes_and_again_the_one_before(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("u")
        assert it.notices() == []
        await say(it)
        await say(it)
        assert [event.entry for event in of(it.events, Effected)] == [1, 2]
        it.screen.paint()
        assert it.screen.query_one(Effects).border_subtitle == "u undoes #2"
        await it.press("u", "u", "u")  # the first two while neither has been undone yet
        await it.until(lambda: len(of(it.events, Undone)) == 2)
        assert [event.entry for event in of(it.events, Undone)] == [2, 1]
        assert it.world.standing() == []


async def test_u_leaves_an_effect_alone_that_is_not_on_the_picture(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await say(it)
        await it.press("f")
        await say(it)
        await it.press("u")
        await it.press("f", "u")
        await it.until(lambda: of(it.events, Undone))
        assert [event.entry for event in of(it.events, Undone)] == [2]


@pytest.mark.parametrize(("key", "yes"), [("y", True), ("n", False)])
async def test_y_and_n_answer_the_question(tmp_path: Path, key: str, yes: bool) -> None:
    async with running(tmp_path, ASK) as it:
        await it.press(key)
        await say(it, idle=False)
        await it.until(lambda: of(it.events, ConfirmAsked))
        await it.press(key, key)
        await it.until(lambda: of(it.events, TurnEnded))
        assert [(event.yes, event.said) for event in of(it.events, ConfirmAnswered)] == [(yes, "")]
        assert len(it.world.effects()) == yes


async def test_no_key_answers_a_question_that_is_not_on_the_picture(tmp_path: Path) -> None:
    async with running(tmp_path, ASK) as it:
        await it.press("f")
        await say(it, idle=False)
        await it.until(lambda: of(it.events, ConfirmAsked))
        await it.press("y")
        assert of(it.events, ConfirmAnswered) == []


async def test_escape_drops_what_is_held(tmp_path: Path) -> None:
    async with running(tmp_path, HOLD) as it:
        it.session.speech_started()
        it.session.hear("one two", "")
        held = CallState.HELD
        await it.until(lambda: any(event.state is held for event in of(it.events, CallChanged)))
        await it.press("escape")
        assert it.session.is_idle
        assert of(it.events, CallChanged)[-1].state is CallState.DISCARDED
        assert it.notices() == ["stopped: what had not begun will not be done"]
        await it.press("escape")  # nothing is left to stop
        assert len(it.notices()) == 1
        assert it.world.effects() == []


async def test_escape_also_drops_a_question(tmp_path: Path) -> None:
    async with running(tmp_path, ASK) as it:
        await say(it, idle=False)
        await it.until(lambda: of(it.events, ConfirmAsked))
        await it.press("escape")
        assert it.session.is_idle and it.screen.state.question is None
        assert it.world.effects() == []


async def test_m_changes_the_mode_and_back(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("m", "m")
        modes = [event.mode for event in of(it.events, BrainChanged)]
        assert modes == [Mode.SEQUENTIAL, Mode.SPECULATIVE]


async def test_b_gives_another_brain_the_word(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("b")
        assert isinstance(it.screen.screen, Picker)
        options = it.screen.screen.query_one(OptionList)
        assert [str(option.prompt) for option in options.options] == ["● scripted", "  other", "  broken"]
        await it.pilot.press("down", "enter")
        await it.until(lambda: it.closed == ["scripted"])
        assert [event.brain for event in of(it.events, BrainChanged)] == ["other"]
        await say(it)
        assert len(it.world.effects()) == 1
    assert it.closed == ["scripted", "other"]


async def test_a_brain_that_cannot_be_had_says_why_and_nothing_changes(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("b")
        await it.pilot.press("end", "enter")
        await it.until(lambda: it.notices())
        assert it.notices() == ["there is no key for the broken brain; set BROKEN_KEY"]
        await it.press("b")
        await it.pilot.press("enter")  # the one that thinks already
        await it.press("b")
        await it.pilot.press("escape")
        assert of(it.events, BrainChanged) == [] and it.closed == []
        await say(it)
        assert len(it.world.effects()) == 1


async def test_r_records_from_the_beginning_and_the_record_replays(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await say(it)
        await it.press("r")
        await say(it)
        await it.press("r")
        written = list(read_record(it.record))
        assert written == again(it.events)[: len(written)]
        assert folded(written).counters.turns == 2
        await say(it)
        assert list(read_record(it.record)) == written
        await it.press("r")
        assert len(list(read_record(it.record))) > len(written)
    # It was still being written when the session ended.
    assert list(read_record(it.record)) == again(it.events)
    assert f"headstart replay {it.record}" in "".join(it.notices())


async def test_a_record_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        (tmp_path / "records").write_text("a file, where a folder should be")
        await it.press("r")
        (notice,) = it.notices()
        assert "records" in notice
        await say(it)


async def test_a_full_disk_ends_the_record_and_not_the_session(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("r")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (it.record.stat().st_size + 10, before[1]))
        try:
            await say(it)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len(it.world.effects()) == 1
        assert sum("cannot go on writing" in notice for notice in it.notices()) == 1
        assert it.control.record_error is not None
        await it.press("r")
        assert it.control.record_error is None
    assert list(read_record(it.record)) == again(it.events)


async def test_q_closes_the_screen(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("q")
        await it.until(lambda: not it.screen.is_running)
        assert it.screen.return_code == 0


# ---- the voice -----------------------------------------------------------------------------------


async def test_x_closes_the_microphone_and_opens_it(tmp_path: Path) -> None:
    hand = VoiceHand()
    async with running(tmp_path, voice=hand) as it:
        await it.press("x")
        assert hand.is_muted and it.screen.state.muted
        await it.press("x")
        assert not hand.is_muted
        assert [event.on for event in of(it.events, Muted)] == [True, False]


async def test_space_opens_a_closed_microphone_for_one_turn(tmp_path: Path) -> None:
    hand = VoiceHand(muted=True)
    async with running(tmp_path, voice=hand) as it:
        await it.press("space")
        assert not hand.is_muted
        hand.turn_ended()
        assert hand.is_muted
        await it.press("space", "space")  # thought better of it
        await it.until(lambda: hand.is_muted)
        await it.press("space", "x", "x")
        hand.turn_ended()  # it was opened for good
        assert not hand.is_muted
        await it.press("space")
        assert it.notices() == ["the microphone is open: just talk, or close it with x"]


async def test_typed_words_have_no_microphone(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        for key in ("space", "x", "d"):
            await it.press(key)
        await it.until(lambda: len(it.notices()) == 3)
        assert set(it.notices()) == {"there is no microphone in this session: its words are typed"}


async def test_d_chooses_a_microphone_and_a_speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        Direction.INPUT: [Device(0, "Desk", 48000, 1, True), Device(1, "[b]Head[/b]set", 16000, 1, False)],
        Direction.OUTPUT: [Device(2, "Loud", 48000, 2, True), Device(1, "[b]Head[/b]set", 16000, 1, False)],
    }
    monkeypatch.setattr(control_module, "devices", lambda direction: found[direction])
    monkeypatch.setattr(control_module, "pick", lambda direction, name: found[direction][0])
    hand = VoiceHand()
    async with running(tmp_path, voice=hand) as it:
        assert it.screen.query_one(Headline).devices == "Desk → Loud"
        assert it.screen.query_one(Headline).echo == "echo cancelled"
        await it.press("d")
        await it.until(lambda: isinstance(it.screen.screen, Picker))
        options = it.screen.screen.query_one(OptionList)
        assert [str(option.prompt) for option in options.options] == [
            "● microphone  Desk",
            "  microphone  [b]Head[/b]set",
            "● speaker     Loud",
            "  speaker     [b]Head[/b]set",
        ]
        await it.pilot.press("down", "enter")
        await it.until(hand.changed.is_set)
        assert hand.take() == Ends(Microphone("[b]Head[/b]set"), Speaker())
        await it.press("d")
        await it.until(lambda: isinstance(it.screen.screen, Picker))
        await it.pilot.press("end", "enter")
        await it.until(hand.changed.is_set)
        assert hand.take() == Ends(Microphone(), Speaker("[b]Head[/b]set"))


async def test_d_says_why_there_is_no_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(direction: Direction) -> list[Device]:
        raise AudioUnavailable("PortAudio is missing; install it")

    monkeypatch.setattr(control_module, "devices", missing)
    monkeypatch.setattr(control_module, "pick", lambda direction, name: missing(direction))
    async with running(tmp_path, voice=VoiceHand()) as it:
        await it.press("d")
        await it.until(lambda: it.notices() == ["PortAudio is missing; install it"])


# ---- the picture ---------------------------------------------------------------------------------


async def test_f_freezes_the_picture_and_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.press("f")
        await say(it)
        it.screen.paint()
        headline = it.screen.query_one(Headline)
        assert headline.frozen and not headline.state.turns
        await it.press("f")
        assert not headline.frozen and headline.state is it.screen.state


async def test_arrows_go_back_and_forth_in_time_and_end_returns(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await say(it)
        await say(it)
        it.session.level(0.1)
        headline = it.screen.query_one(Headline)
        shows = [i for i, event in enumerate(it.events, 1) if not type(event).__name__ == "Level"]
        await it.press("left")
        assert headline.state == folded(it.events[: shows[-1]])
        await it.press("left")
        assert headline.state == folded(it.events[: shows[-2]]) and headline.frozen
        assert headline.now == headline.state.clock
        await it.press("right")
        assert headline.state == folded(it.events[: shows[-1]])
        await it.press("shift+left")
        assert len(headline.state.turns) == 2 and not headline.state.turns[-1].words
        await it.press("shift+left", "shift+left")
        assert headline.state == ScreenState()
        await it.press("shift+right")
        assert len(headline.state.turns) == 1
        await say(it)  # the session goes on meanwhile
        assert len(headline.state.turns) == 1
        await it.press("end")
        assert headline.state is it.screen.state and not headline.frozen
        await it.press("left", "right", "right", "right")
        assert headline.state is it.screen.state and not headline.frozen


async def test_a_replay_can_be_scrubbed_too(sample: list[Event]) -> None:
    screen = HeadstartScreen(lambda: 20.0, events=sample)
    async with screen.run_test() as pilot:
        await pilot.press("left")
        assert screen.query_one(Headline).state == folded(sample[:-1])


async def test_l_shows_the_log_and_hides_it(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        log = it.screen.query_one(Log)
        assert not log.display
        await it.press("l")
        assert log.display and log.size.height > 2
        await it.press("l")
        assert not log.display


async def test_t_goes_through_the_themes(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        seen = [it.screen.theme]
        for _ in THEMES:
            await it.press("t")
            seen.append(it.screen.theme)
        assert seen == [*(theme.name for theme in THEMES), THEMES[0].name]


async def test_question_mark_explains_and_escape_closes_it(tmp_path: Path) -> None:
    async with running(tmp_path, HOLD) as it:
        it.session.speech_started()
        await it.press("question_mark")
        assert isinstance(it.screen.screen, Help)
        await it.press("escape")
        assert not isinstance(it.screen.screen, Help)
        assert not it.session.is_idle  # it closed the page and stopped nothing


def test_every_key_was_pressed() -> None:
    assert {command.key for command in COMMANDS} <= pressed
