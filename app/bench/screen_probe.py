"""What `headstart bench screen` measures, in the process that is measured: hooks that note times.

They run in the places of methods of the product, which knows nothing of them.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from textual.drivers._writer_thread import WriterThread  # where bytes leave; Textual tells nobody
from textual.geometry import Size

from agents.events import Answered, Event, Level, TurnStarted
from agents.session import Session
from app import talk
from app.bench.screen import Run
from app.screen import HeadstartScreen
from app.screen.painted import Painted
from app.settings import load
from app.shown import ScreenState
from voice.pipeline import run_voice
from voice.vad import VoiceDetector

_OF_SCREEN = ContextVar("of_screen", default=False)


class _Notes:
    """What the hooks note. Times in seconds of `perf_counter`."""

    def __init__(self) -> None:
        self.ui = 0.0  # CPU seconds of the screen so far
        self.writer = 0.0  # and of Textual's writer thread
        self.begun: tuple[float, float, float] | None = None  # clock, CPU of the process, CPU of the screen
        self.ended: tuple[float, float, float] | None = None
        self.audio: list[tuple[float, float]] = []  # arrival, period
        self.pushed: list[tuple[float, Event, ScreenState, ScreenState]] = []  # time, event, before, after
        self.paints: list[tuple[float, float, dict[Painted, Size]]] = []  # began, time shown, drawn anew
        self.rendered: set[Painted] = set()  # panels in the frame under way
        self.frames: list[tuple[float, set[Painted], int]] = []  # rendered, panels, number of its last write
        self.queued = 0  # writes given to the writer thread
        self.written: list[float] = []  # when each of them was out

    def tell(self, event: Event) -> None:
        """Follow the window of the measurement."""
        now = (time.perf_counter(), time.process_time(), self.ui + self.writer)
        if isinstance(event, TurnStarted):
            self.begun = self.begun or now
        elif isinstance(event, Answered):
            self.ended = now

    def figures(self, screen: bool) -> Run | None:
        """What was measured, None where nothing was answered. Draws again, so it comes after the run."""
        if self.begun is None or self.ended is None:
            return None
        begun, ended = self.begun[0], self.ended[0]
        seconds, cpu, ui = (after - before for before, after in zip(self.begun, self.ended, strict=True))
        late = [
            abs(after - before - period) * 1000
            for (before, _), (after, period) in zip(self.audio, self.audio[1:], strict=False)
            if begun <= before and after <= ended
        ]
        levels, others = list[float](), list[float]()
        for at, event, before, after in self.pushed:
            if begun <= at <= ended and (shown := self._shown(at, before, after)) is not None:
                (levels if isinstance(event, Level) else others).append((shown - at) * 1000)
        unshown = (levels + others).count(math.inf)
        levels, others = ([delay for delay in delays if delay < math.inf] for delays in (levels, others))
        return Run(screen, seconds, cpu, ui, late, levels, others, unshown)

    def _shown(self, at: float, before: ScreenState, after: ScreenState) -> float | None:
        """When the last panel that an event changed was written; None if it changed none."""
        painted = next((paint for paint in self.paints if paint[0] >= at), None)
        if painted is None:
            return math.inf
        began, now, drawn = painted
        times = [
            self._out(panel, began)
            for panel, size in drawn.items()
            if _differs(panel, before, after, now, size)
        ]
        return max(times, default=None)

    def _out(self, panel: Painted, since: float) -> float:
        for rendered, panels, last in self.frames:
            if rendered >= since and panel in panels and last < len(self.written):
                return self.written[last]
        return math.inf


def _differs(panel: Painted, before: ScreenState, after: ScreenState, now: float, size: Size) -> bool:
    one, other = (panel.paint(state, now, *size) for state in (before, after))
    return any(one.differs(other, y) for y in range(one.height))


class _File:
    """The terminal as Textual's writer thread sees it: notes when what was written is out."""

    def __init__(self, file: IO[str], notes: _Notes) -> None:
        self._file, self._notes, self._pending = file, notes, 0

    def write(self, text: str) -> None:
        self._file.write(text)
        self._pending += 1

    def flush(self) -> None:
        self._file.flush()
        self._notes.written += [time.perf_counter()] * self._pending
        self._pending = 0
        self._notes.writer = time.thread_time()  # only this thread writes here: all it has used

    def fileno(self) -> int:
        return self._file.fileno()


def _around(owner: type, name: str, hook: Callable[..., Any]) -> None:
    """Let `hook(original, self, ...)` run in the place of a method."""
    original = getattr(owner, name)
    setattr(owner, name, lambda self, *given, **named: hook(original, self, *given, **named))


def _hook_screen(notes: _Notes) -> None:
    drawn: dict[Painted, Size] = {}

    def run(original: Any, self: Any, *given: Any, **named: Any) -> Any:
        async def marked() -> Any:
            _OF_SCREEN.set(True)  # every task that Textual starts inherits it, none of the session's does
            return await original(self, *given, **named)

        return marked()

    def handle(original: Any, self: Any) -> None:
        if not self._context.get(_OF_SCREEN, False):
            original(self)
            return
        began = time.thread_time()
        original(self)
        notes.ui += time.thread_time() - began

    def push(original: Any, self: HeadstartScreen, event: Event) -> None:
        at, began, before = time.perf_counter(), time.thread_time(), self.state
        original(self, event)
        notes.ui += time.thread_time() - began
        notes.pushed.append((at, event, before, self.state))

    def show(original: Any, self: Any, state: ScreenState, now: float) -> None:
        began = time.perf_counter()
        drawn.clear()
        original(self, state, now)
        notes.paints.append((began, now, dict(drawn)))

    def redraw(original: Any, self: Painted) -> None:
        before = self._canvas
        original(self)
        # None: laid out anew; the compositor asks for its lines.
        if self._canvas is None or (before is not self._canvas and self._dirty_regions):
            drawn[self] = self.size

    def render(original: Any, self: Painted, *given: Any) -> Any:
        notes.rendered.add(self)
        return original(self, *given)

    def display(original: Any, self: Any, *given: Any) -> None:
        at, panels = time.perf_counter(), notes.rendered
        notes.rendered = set()
        original(self, *given)
        notes.frames.append((at, panels, notes.queued - 1))

    def open_writer(original: Any, self: Any, file: IO[str]) -> None:
        original(self, _File(file, notes))

    def write(original: Any, self: Any, text: str) -> None:
        notes.queued += 1
        original(self, text)

    _around(HeadstartScreen, "run_async", run)
    _around(asyncio.Handle, "_run", handle)
    _around(HeadstartScreen, "push", push)
    _around(HeadstartScreen, "_show", show)
    _around(Painted, "redraw", redraw)
    _around(Painted, "render_lines", render)
    _around(HeadstartScreen, "_display", display)
    _around(WriterThread, "__init__", open_writer)
    _around(WriterThread, "write", write)


def _child(out: Path, sound: Path, data: Path, kind: str) -> None:
    """Run the command with its hooks, and write down what they noted."""
    notes, screen = _Notes(), kind == "--screen"
    _hook_screen(notes)

    async def listen(original: Any, self: VoiceDetector, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, InputAudioRawFrame):
            period = len(frame.audio) / (2 * frame.sample_rate * frame.num_channels)
            notes.audio.append((time.perf_counter(), period))
        await original(self, frame, direction)

    def hear(original: Any, self: Session, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        self.subscribe(notes.tell)

    async def played(session: Session, *given: Any, **named: Any) -> None:
        await run_voice(session, *given, **named)
        if screen:  # it stays open until the user leaves
            signal.raise_signal(signal.SIGTERM)

    _around(VoiceDetector, "process_frame", listen)
    _around(Session, "__init__", hear)
    talk.run_voice = played
    settings = load(input=str(sound), output="none", screen=screen, data=data, demo_data=True)
    asyncio.run(talk.talk(settings))
    if (one := notes.figures(screen)) is not None:
        out.write_text(json.dumps(asdict(one)), encoding="utf-8")


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
