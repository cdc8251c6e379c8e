"""Puts a session together from the settings, runs it, and shuts it down in order."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.events import Event
from agents.executor import World
from agents.port import Limits
from agents.records import to_json
from agents.session import Session
from app.brains import make_brain, make_meter
from app.control import Control
from app.hidden import secrets
from app.record import Recorder
from app.settings import BRAINS, Settings, delay_range
from app.story import Story
from app.toolbox import open_toolbox
from tools.assistant import warm_up
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import Arguments, ToolContext
from voice.hand import VoiceHand

if TYPE_CHECKING:
    from app.screen import HeadstartScreen

Feed = Callable[[Session], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Show:
    """How a session is shown: on the `screen`, as `json` lines, or else as a story of plain text."""

    screen: bool
    json: bool


async def run_session(
    settings: Settings, source: str, show: Show, feed: Feed, voice: VoiceHand | None = None
) -> None:
    """One session from its first event to its last: `feed` gives it words and returns when it has no more.

    `voice` is the hand on the voice that feeds it, where one does. SIGINT and SIGTERM end it in order:
    held calls are discarded, effects that have begun finish, the record, the servers and the store are
    closed. A record that cannot be completed ends it only when it is over. Raises StoreError, BrainError,
    RecordError, McpConfigError, SettingsError, and what `feed` raises.
    """
    warm_up()
    async with contextlib.AsyncExitStack() as opened:
        store = opened.enter_context(Store.open(settings.data))
        if settings.demo_data:
            seed(store, datetime.now())
        hidden = secrets(os.environ, settings.mcp)
        recorder = opened.enter_context(Recorder(settings.record, hidden)) if settings.record else None
        tools = await opened.enter_async_context(open_toolbox(settings))
        meter = make_meter(settings)
        brain = make_brain(settings.brain, settings, meter, tools.toolbox)
        await brain.warm_up()
        world = World(Journal(store), ToolContext(store, datetime.now), delay_of(settings.tool_delay))
        limits = Limits(call_seconds=settings.call_seconds, confirm_seconds=settings.confirm_seconds)
        session = Session(
            brain,
            tools.toolbox,
            world,
            mode=settings.mode,
            source=source,
            limits=limits,
            meter=meter,
            rings=voice is not None,
        )
        control = Control(
            session,
            brain,
            record=settings.record or _record_path(settings.data),
            hidden=hidden,
            recorder=recorder,
            make_brain=lambda name: make_brain(name, settings, meter, tools.toolbox),
            brains=BRAINS,
            voice=voice,
        )
        opened.push_async_callback(control.close)
        async with _shown(session, control, show, settings) as view:
            await _live(session, _after(tools.notices, feed), view)
    if settings.record and control.record_error is not None:
        raise control.record_error


def _record_path(data: Path) -> Path:
    """Where a session is recorded that nobody named a file for."""
    return data / "records" / f"{datetime.now():%Y-%m-%d-%H%M%S}.jsonl"


def _after(notices: Sequence[str], feed: Feed) -> Feed:
    """`feed`, once the session has told the notices."""

    async def told(session: Session) -> None:
        for notice in notices:
            session.notice(notice)
        await feed(session)

    return told


class View:
    """How a session is watched: until the user has `left`, and as long as it is not `closed`.

    Without a screen nobody watches, and it is closed from the beginning.
    """

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.closed = asyncio.Event()

    def leave(self) -> None:
        """The user wants the session to end."""
        self.left.set()
        self.closed.set()


async def _live(session: Session, feed: Feed, view: View) -> None:
    """Feed a session until the user leaves, a signal comes, or there is no more and nobody watches."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, view.leave)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run(), name="session")
            await asyncio.sleep(0)
            feeding = group.create_task(feed(session), name="feed")
            leaving = group.create_task(view.left.wait(), name="leave")
            await asyncio.wait((feeding, leaving), return_when=asyncio.FIRST_COMPLETED)
            await view.closed.wait()
            feeding.cancel()
            leaving.cancel()
            await asyncio.wait((feeding,))
            session.close()
    except BaseExceptionGroup as group_error:
        raise _first(group_error) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _first(error: BaseException) -> BaseException:
    """The error that a task group wraps, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextlib.asynccontextmanager
async def _shown(session: Session, control: Control, show: Show, settings: Settings) -> AsyncIterator[View]:
    """Show the session's events, on the screen for as long as it lives.

    What is written to sys.stderr meanwhile goes to a log instead of across the screen.
    """
    view = View()
    if not show.screen:
        tell = _print_json if show.json else story_printer()
        gone: BrokenPipeError | None = None

        def told(event: Event) -> None:
            nonlocal gone
            if gone is None:
                try:
                    tell(event)
                except BrokenPipeError as error:
                    # Nobody reads it any more. Raised here it would be one more thing to tell.
                    gone = error
                    view.leave()

        session.subscribe(told)
        view.closed.set()
        yield view
        if gone is not None:
            raise gone
        return
    from app.export import themed
    from app.screen import HeadstartScreen

    log = settings.data / "screen.log"
    screen = themed(HeadstartScreen(session.now, control=control), settings.theme)
    with log.open("a", encoding="utf-8") as file, contextlib.redirect_stderr(file):
        task = asyncio.create_task(watch(session, screen, view, log), name="screen")
        try:
            yield view
        finally:
            screen.exit()
            await task


async def watch(session: Session, screen: HeadstartScreen, view: View, log: Path) -> None:
    """Run the screen until the user leaves. Where it breaks, the session goes on and is told as text.

    What broke it is written to `log`.
    """
    failure: Exception | None = None

    def push(event: Event) -> None:
        nonlocal failure
        if failure is None:
            try:
                screen.push(event)
            except Exception as error:
                failure = error
                screen.exit()

    session.subscribe(push)
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    running = asyncio.create_task(screen.run_async(), name="textual")
    await asyncio.sleep(0)
    # Textual makes all tasks of the loop begin at once. The session must run as it does without a screen.
    loop.set_task_factory(factory)
    try:
        await running
    except Exception as error:
        failure = error
    failure = failure or screen.failure
    if failure is None:
        view.leave()
        return
    with log.open("a", encoding="utf-8") as file:
        traceback.print_exception(failure, file=file)
    session.subscribe(story_printer(session.events))
    session.notice(f"the screen broke; the session goes on as text, ctrl+c ends it (see {log})", error=True)
    view.closed.set()


def _print_json(event: Event) -> None:
    print(json.dumps(to_json(event), ensure_ascii=False), flush=True)


def story_printer(events: Iterable[Event] = ()) -> Callable[[Event], None]:
    """A listener that tells the session on stdout, from what comes after `events` on."""
    encoding = (sys.stdout.encoding or "ascii").lower()
    story = Story(ascii=not encoding.startswith("utf"))
    for event in events:
        story.line(event)

    def tell(event: Event) -> None:
        line = story.line(event)
        if line is not None:
            print(line, flush=True)

    return tell


def delay_of(text: str) -> Callable[[str, Arguments], float] | None:
    """Delays drawn from the call alone, so that the same call is as slow in every mode and run."""
    low, high = delay_range(text)
    if high == 0:
        return None

    def draw(name: str, arguments: Arguments) -> float:
        call = json.dumps([name, dict(arguments)], sort_keys=True)
        seed = int.from_bytes(hashlib.sha256(call.encode()).digest()[:8])
        return random.Random(seed).uniform(low, high)

    return draw
