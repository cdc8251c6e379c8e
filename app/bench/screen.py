"""What the screen costs: CPU time, delay from event to pixel, and what it does to the audio's rhythm.

`headstart talk` plays a sound file through the real pipeline, in a process of its own on a terminal of its
own, in turn with the screen and without. Hooks in that process note times; nothing of the product knows
of them. Figures are of the time from the start of the first turn to the last answer.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from textual.drivers._writer_thread import WriterThread  # where bytes leave; Textual tells nobody
from textual.geometry import Size

from agents.events import Answered, Event, Level, TurnStarted
from agents.session import Session
from app import talk
from app.bench.cost import machine
from app.bench.ranges import Range
from app.screen import HeadstartScreen
from app.screen.painted import Painted
from app.settings import load
from app.shown import ScreenState
from app.talk import DEMO
from tools.errors import HeadstartError
from voice.pipeline import run_voice
from voice.vad import VoiceDetector

COLUMNS, ROWS = 120, 36
CPU_LIMIT = 10.0  # percent of one core
PIXEL_LIMIT = 120.0  # milliseconds, of the 95th percentile
JITTER_LIMIT = 3.0  # milliseconds, between the 95th percentiles with the screen and without
_PATIENCE = 180.0  # seconds a run may take


class BenchError(HeadstartError):
    """A run that gave no figures. The message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process noted.

    `seconds` is the wall time of the window, `cpu` the CPU seconds of the whole process in it, `ui` those
    of the screen: all that runs in Textual's tasks, its writer thread, and taking events in. `late` is by
    how many milliseconds each gap between two audio frames missed their period. `levels` and `others` are
    the milliseconds from an event (a microphone level, or any other) to the last byte that shows it, for
    each event that changed the picture; `unshown` counts those whose picture was never written.
    """

    screen: bool
    seconds: float
    cpu: float
    ui: float
    late: list[float]
    levels: list[float]
    others: list[float]
    unshown: int


@dataclass(frozen=True, slots=True)
class ScreenCost:
    """All runs together. CPU is in percent of one core; `ui` is what the goal is about.

    `cpu_with` and `cpu_without` are of the whole process: recognition and the brain, and in one of them
    the screen.
    """

    runs: int
    ui: float
    cpu_with: float
    cpu_without: float
    pixels: Range
    pixels_but_levels: Range
    unshown: int
    jitter_with: Range
    jitter_without: Range

    @property
    def goals(self) -> dict[str, bool]:
        """Each goal, and whether it is met."""
        return {
            "cpu": self.ui < CPU_LIMIT,
            "pixels": self.pixels.p95 < PIXEL_LIMIT and not self.unshown,
            "jitter": abs(self.jitter_with.p95 - self.jitter_without.p95) < JITTER_LIMIT,
        }


def run(runs: int, *, as_json: bool) -> None:
    """Measure `runs` runs of each kind and print the figures. Raises BenchError."""
    cost, where, load = measure(runs), machine(), os.getloadavg()[0]
    if as_json:
        limits = {"cpu_percent": CPU_LIMIT, "pixels_ms": PIXEL_LIMIT, "jitter_ms": JITTER_LIMIT}
        facts = {"machine": where, "load": load, "limits": limits}
        print(json.dumps(facts | {"screen": asdict(cost), "goals": cost.goals}))
    else:
        print("{cpu} · {cores} cores · Python {python}".format(**where) + f" · load {load:.1f} in the end")
        print(table(cost))


def measure(runs: int, sound: Path = DEMO) -> ScreenCost:
    """Play `sound` `runs` times with the screen and `runs` times without, in turn. Raises BenchError."""
    done = [_play(sound, screen) for _ in range(runs) for screen in (True, False)]
    seen, plain = ([one for one in done if one.screen is screen] for screen in (True, False))
    others = [delay for one in seen for delay in one.others]
    levels = [delay for one in seen for delay in one.levels]
    return ScreenCost(
        runs=runs,
        ui=_percent(seen, lambda one: one.ui),
        cpu_with=_percent(seen, lambda one: one.cpu),
        cpu_without=_percent(plain, lambda one: one.cpu),
        pixels=Range.of(others + levels),
        pixels_but_levels=Range.of(others),
        unshown=sum(one.unshown for one in seen),
        jitter_with=Range.of([late for one in seen for late in one.late]),
        jitter_without=Range.of([late for one in plain for late in one.late]),
    )


def _percent(runs: Sequence[Run], used: Callable[[Run], float]) -> float:
    return 100 * sum(map(used, runs)) / sum(one.seconds for one in runs)


def table(cost: ScreenCost) -> str:
    """The figures, and which goals they meet."""
    said = {name: "met" if met else "missed" for name, met in cost.goals.items()}
    apart = cost.jitter_with.p95 - cost.jitter_without.p95
    rows = (("event to pixel", cost.pixels), ("  but levels", cost.pixels_but_levels))
    rows += (("audio jitter, screen", cost.jitter_with), ("  --no-screen", cost.jitter_without))
    each = f"{cost.runs} run{'' if cost.runs == 1 else 's'} of each"
    lines = [
        f"{COLUMNS}x{ROWS}, with the screen and without in turn, {each}",
        "",
        f"  {'ms':<22}{'p50':>8}{'p95':>8}{'max':>8}{'n':>7}",
        *(f"  {name:<22}{r.p50:8.1f}{r.p95:8.1f}{r.worst:8.1f}{r.count:>7}" for name, r in rows),
        "",
        f"  {'% of one core':<22}{'screen':>8}{'process':>9}{'--no-screen':>13}",
        f"  {'while speaking':<22}{cost.ui:8.1f}{cost.cpu_with:9.1f}{cost.cpu_without:13.1f}",
        "",
        f"  screen's own CPU      {cost.ui:6.1f} %   goal: under {CPU_LIMIT:g} % of one core, {said['cpu']}",
        f"  event to pixel p95    {cost.pixels.p95:6.1f} ms  goal: under {PIXEL_LIMIT:g} ms, {said['pixels']}"
        + (f"; {cost.unshown} never shown" if cost.unshown else ""),
        f"  jitter p95 apart by   {apart:+6.1f} ms  goal: within {JITTER_LIMIT:g} ms, {said['jitter']}",
    ]
    return "\n".join(lines)


def _play(sound: Path, screen: bool) -> Run:
    """One run in a process and a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
    # The user's own settings would measure something else.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTART_")}
    environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        kind = "--screen" if screen else "--no-screen"
        command = [sys.executable, "-m", "app.bench.screen", str(notes), str(sound), folder + "/data", kind]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ) as child:
            os.close(theirs)
            try:
                said = _drain(ours, time.monotonic() + _PATIENCE)
            finally:
                child.kill()
                os.close(ours)
        if not notes.exists():
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise BenchError(f"the run {kind} gave no figures; its last line: {last or 'none'}")
        return Run(**json.loads(notes.read_text(encoding="utf-8")))


def _drain(terminal: int, until: float) -> bytes:
    """Read as a terminal does until the other side closes it; the last of what it said."""
    said = b""
    os.set_blocking(terminal, False)
    while time.monotonic() < until:
        try:
            data = os.read(terminal, 1 << 16)
        except BlockingIOError:
            time.sleep(0.002)
            continue
        except OSError:  # how Linux tells the end
            break
        said = (said + data)[-4096:]
    return said


# ---- in the process that is measured ---------------------------------------------------------------

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
