"""Puts a session together from the settings, runs it, and shuts it down in order."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.events import Event
from agents.executor import World
from agents.port import Limits
from agents.records import to_json
from agents.session import Session
from app.brains import make_brain
from app.record import Recorder
from app.settings import Settings, delay_range
from app.story import Story
from app.toolbox import open_toolbox
from tools.assistant import warm_up
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import Arguments, ToolContext

Feed = Callable[[Session], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Show:
    """How a session is shown: on the `screen`, as `json` lines, or else as a story of plain text."""

    screen: bool
    json: bool


async def run_session(settings: Settings, source: str, show: Show, feed: Feed) -> None:
    """One session from its first event to its last: `feed` gives it words and returns when it has no more.

    SIGINT and SIGTERM end it in order: held calls are discarded, effects that have begun finish, the
    record, the servers and the store are closed. Raises StoreError, BrainError, RecordError, McpConfigError,
    SettingsError, and what `feed` raises.
    """
    warm_up()
    async with contextlib.AsyncExitStack() as opened:
        store = opened.enter_context(Store.open(settings.data))
        if settings.demo_data:
            seed(store, datetime.now())
        recorder = opened.enter_context(Recorder(settings.record)) if settings.record else None
        tools = await opened.enter_async_context(open_toolbox(settings))
        brain = make_brain(settings.brain)
        await brain.warm_up()
        try:
            world = World(Journal(store), ToolContext(store, datetime.now), _delay(settings.tool_delay))
            limits = Limits(call_seconds=settings.call_seconds, confirm_seconds=settings.confirm_seconds)
            session = Session(brain, tools.toolbox, world, mode=settings.mode, source=source, limits=limits)
            if recorder is not None:
                session.subscribe(recorder.write)
            async with _shown(session, show, settings.data / "screen.log") as gone:
                await _live(session, _after(tools.notices, feed), gone, stay=show.screen)
        finally:
            await brain.close()


def _after(notices: Sequence[str], feed: Feed) -> Feed:
    """`feed`, once the session has told the notices."""

    async def told(session: Session) -> None:
        for notice in notices:
            session.notice(notice)
        await feed(session)

    return told


async def _live(session: Session, feed: Feed, gone: asyncio.Event, stay: bool) -> None:
    """Feed a session until the user leaves, a signal comes, or (unless to `stay`) there is no more."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, gone.set)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run(), name="session")
            await asyncio.sleep(0)
            feeding = group.create_task(feed(session), name="feed")
            leaving = group.create_task(gone.wait(), name="leave")
            await asyncio.wait((feeding, leaving), return_when=asyncio.FIRST_COMPLETED)
            if stay:
                await leaving
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
async def _shown(session: Session, show: Show, log: Path) -> AsyncIterator[asyncio.Event]:
    """Show the session's events; the event that is yielded is set when the user leaves the screen.

    What native libraries print meanwhile goes to `log` instead of across the screen.
    """
    gone = asyncio.Event()
    if not show.screen:
        session.subscribe(_print_json if show.json else story_printer())
        yield gone
        return
    from app.screen.screen import HeadstartScreen
    from voice.devices import native_errors_to

    screen = HeadstartScreen(
        session.now,
        on_undo=lambda effect: session.undo(effect.entry),
        on_answer=lambda question, yes: session.confirm(yes),
    )
    session.subscribe(screen.push)
    with native_errors_to(log):
        task = asyncio.create_task(screen.run_async(), name="screen")
        task.add_done_callback(lambda _: gone.set())
        try:
            yield gone
        finally:
            if not task.done():
                screen.exit()
            await task


def _print_json(event: Event) -> None:
    print(json.dumps(to_json(event), ensure_ascii=False), flush=True)


def story_printer() -> Callable[[Event], None]:
    """A listener that tells the session on stdout."""
    encoding = (sys.stdout.encoding or "ascii").lower()
    story = Story(ascii=not encoding.startswith("utf"))

    def tell(event: Event) -> None:
        line = story.line(event)
        if line is not None:
            print(line, flush=True)

    return tell


def _delay(text: str) -> Callable[[str, Arguments], float] | None:
    """Delays drawn from the call alone, so that the same call is as slow in every mode and run."""
    low, high = delay_range(text)
    if high == 0:
        return None

    def draw(name: str, arguments: Arguments) -> float:
        call = json.dumps([name, dict(arguments)], sort_keys=True)
        seed = int.from_bytes(hashlib.sha256(call.encode()).digest()[:8])
        return random.Random(seed).uniform(low, high)

    return draw
