"""What the screen costs: CPU time, delay from event to pixel, and what it does to the audio's rhythm.

`headstart talk` plays a sound file through the real pipeline, in a process of its own on a terminal of its
own, in turn with the screen and without; `screen_probe` notes times there. Figures are of the time from
the start of the first turn to the last answer.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.bench.cost import machine
from app.bench.ranges import Range
from app.talk import DEMO
from tools.errors import HeadstartError

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
        command = [
            sys.executable,
            "-m",
            "app.bench.screen_probe",
            str(notes),
            str(sound),
            folder + "/data",
            kind,
        ]
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
