"""A screen that breaks: the session goes on, and is told as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip

from agents.actions import Answer, Call
from agents.brains.scripted import ScriptedBrain, Step
from agents.events import Effected, Event, Notice
from agents.session import Session
from app.run import View, watch
from app.screen import HeadstartScreen
from app.screen import screen as screen_module
from app.screen.canvas import Canvas
from app.screen.painted import Painted
from app.screen.widgets import Headline
from app.shown import ScreenState
from tests.agents.test_session import of, talk
from tests.agents.worlds import Recorder, build

PUT = [Step(None, [Call(1, "put", {"x": "a"}), Answer("$1")])]


def break_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    paint = Headline.paint

    def broken(self: Headline, state: ScreenState, now: float, width: int, height: int) -> Canvas:
        if state.effects:
            raise RuntimeError("no colours left")
        return paint(self, state, now, width, height)

    monkeypatch.setattr(Headline, "paint", broken)


def break_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    render_line = Painted.render_line

    def broken(self: Painted, y: int) -> Strip:
        if self.state.effects:
            raise RuntimeError("no colours left")
        return render_line(self, y)

    monkeypatch.setattr(Painted, "render_line", broken)


def break_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    push = screen_module.History.push

    def broken(self: screen_module.History, event: Event) -> None:
        if isinstance(event, Effected):
            raise RuntimeError("no colours left")
        push(self, event)

    monkeypatch.setattr(screen_module.History, "push", broken)


def break_mounting(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: HeadstartScreen) -> None:
        raise RuntimeError("no colours left")

    monkeypatch.setattr(HeadstartScreen, "on_mount", broken)


@pytest.mark.parametrize("break_it", [break_painting, break_rendering, break_folding, break_mounting])
async def test_the_session_outlives_its_screen(
    break_it: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    log = tmp_path / "screen.log"
    break_it(monkeypatch)
    recorder = Recorder()
    events: list[Event] = []
    toolbox, world = build(recorder)
    session = Session(ScriptedBrain(lambda _: PUT), toolbox, world)
    session.subscribe(events.append)
    screen = HeadstartScreen(session.now)
    screen.driver_class = HeadlessDriver
    view = View()
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await asyncio.sleep(0)
        watching = group.create_task(watch(session, screen, view, log))
        await talk(session, "one two", seconds_a_word=0.05)
        await watching
        assert asyncio.get_running_loop().get_task_factory() is None
        await talk(session, "three four", seconds_a_word=0.01)
        session.close()
    assert not view.left.is_set() and view.closed.is_set()
    assert len(recorder.effects()) == 2
    (notice,) = of(events, Notice)
    assert notice.error and str(log) in notice.text
    assert "no colours left" in log.read_text()
    out, err = capsys.readouterr()
    assert err == ""
    told = out[out.index("the screen broke") :]
    assert "turn 2" in told and "put of a." in told  # told with what had been before: it is the second turn


async def test_leaving_the_screen_ends_the_session(capsys: pytest.CaptureFixture[str]) -> None:
    toolbox, world = build(Recorder())
    session = Session(ScriptedBrain(PUT), toolbox, world)
    screen = HeadstartScreen(session.now)
    screen.driver_class = HeadlessDriver
    view = View()
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await asyncio.sleep(0)
        watching = group.create_task(watch(session, screen, view, Path("screen.log")))
        while not screen.is_running:
            await asyncio.sleep(0.01)
        screen.exit()
        await watching
        session.close()
    assert view.left.is_set() and view.closed.is_set()
    assert capsys.readouterr() == ("", "")
