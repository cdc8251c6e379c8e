"""Kills the journal with SIGKILL at every step and checks what is left: `python -m tests.tools.crash`.

A trial is a new data folder and some lives in it (see `crash_child`): all but the last are killed, at a
given point or at any instant; the last one starts again, settles what it finds and retries everything under
the same keys. Where the kill hit a statement that SQLite had just made durable, a power cut in the middle of
writing it is imitated by tearing the write-ahead log at some byte of that statement. (That a disk keeps what
it said it had kept cannot be tested this way.) HEADSTART_CRASHES is the number of kills.
"""

from __future__ import annotations

import itertools
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from tests.tools.crash_child import OUTSIDE, PLAN, Victim
from tests.tools.crash_mutants import MUTANTS
from tools.journal import Entry, EntryState, Journal
from tools.store import Store

SEED = 20261123
Make = Callable[[Store], Journal]


@dataclass(frozen=True, slots=True)
class Kill:
    """When to kill a life: before its point `at` (from 1), or after `seconds`; whether to tear the log."""

    at: int | None = None
    seconds: float | None = None
    tear: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """What a life told, and the size of the write-ahead log by then in bytes."""

    word: str
    log: int
    about: str
    more: str


@dataclass(slots=True)
class Tally:
    """The figures of many trials."""

    trials: int = 0
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)  # by phase and step
    sorts: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # what restarts had to settle
    states: Counter[EntryState] = field(default_factory=Counter)  # of all entries in the end
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not happen."""
        return self.doubled + self.lost


class Trials:
    """Runs trials in new folders below `folder` and keeps the tally."""

    def __init__(self, folder: Path, make: Make = Journal) -> None:
        self.tally = Tally()
        self._folder = folder
        self._make = make
        self._chance = random.Random(SEED)
        self._empty = folder / "empty"
        Store.open(self._empty).close()

    def trial(self, *kills: Kill, first_start: bool = False) -> list[list[Word]]:
        """One trial, on an empty store or, at a `first_start`, without any; what each life told."""
        folder = self._folder / str(self.tally.trials)
        if first_start:
            folder.mkdir()
        else:
            shutil.copytree(self._empty, folder)
        lives = [self._life(folder, kill, first=number == 0) for number, kill in enumerate((*kills, None))]
        for word in (word for life in lives for word in life):
            if word.word in ("settled", "guess"):
                self.tally.found[f"{word.word} {word.more}".strip()] += 1
        _judge(folder, lives, self.tally, f"killed by {kills}")
        self.tally.trials += 1
        shutil.rmtree(folder)
        return lives

    def _life(self, folder: Path, kill: Kill | None, *, first: bool) -> list[Word]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._live(Victim(folder, writing, kill.at if kill else None, first=first))
        os.close(writing)
        if kill is not None and kill.seconds is not None:
            select.select([], [], [], kill.seconds)
            os.kill(child, signal.SIGKILL)
        with open(reading, encoding="utf-8") as pipe:
            told = [_word(line) for line in pipe]
        _, status = os.waitpid(child, 0)
        if kill is not None and os.WIFSIGNALED(status):
            self._killed(folder, kill, told)
        else:  # it was over before it could be killed
            assert status == 0, "the journal broke; see above"
        return told

    def _live(self, victim: Victim) -> NoReturn:
        """The child's whole life."""
        try:
            victim.live(self._make)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _killed(self, folder: Path, kill: Kill, told: list[Word]) -> None:
        last = points(told)[-1] if told else Word("point", 0, "open", "fork")
        step = (last.about, last.more) if kill.at else ("any instant, during", last.about)
        self.tally.kills[step] += 1
        if kill.tear and len(told) > 1 and told[-2].log < last.log:
            self.tally.sorts["torn write"] += 1
            self._tear(folder / "store.sqlite3-wal", told[-2].log, last.log)
        else:
            self.tally.sorts["at a step" if kill.at else "at any instant"] += 1

    def _tear(self, log: Path, kept: int, size: int) -> None:
        """Of the bytes after `kept`, only some reached the disk, or nothing but noise."""
        with open(log, "r+b") as file:
            cut = self._chance.randrange(kept, size)
            file.truncate(cut)
            if self._chance.random() < 0.5:
                file.seek(cut)
                file.write(self._chance.randbytes(size - cut))


def _word(line: str) -> Word:
    word, log, about, *more = line.rstrip("\n").split("\t")
    return Word(word, int(log), about, more[0] if more else "")


def _judge(folder: Path, lives: Sequence[Sequence[Word]], tally: Tally, how: str) -> None:
    """Hold the world against the journal, and both against what the user was told."""
    world = folder / OUTSIDE
    lines = world.read_text().splitlines() if world.exists() else []
    with Store.open(folder) as store:
        rows = Counter[str](row["name"] for row in store.rows("SELECT name FROM notes"))
        entries = {entry.key: entry for entry in Journal(store).entries()}
    told = {(word.word, word.about) for life in lives for word in life}
    early = {op.key for op in PLAN if op.early}
    asked = {op.key for op in PLAN} - early  # the last life has tried all of these
    for key in sorted(asked | entries.keys() | rows.keys() | {line[1:] for line in lines}):
        done, undone = lines.count(f"+{key}"), lines.count(f"-{key}")
        if max(done, undone, rows[key]) > 1:
            tally.doubled.append(f"{key}: done {done + rows[key]} times, undone {undone} times, {how}")
        present = rows[key] + done - undone > 0
        entry = entries.get(key)
        for wrong in _contradictions(key, entry, present, told, key in early):
            tally.lost.append(f"{key}: {wrong}, {how}")
        if entry is not None:
            tally.states[entry.state] += 1
            if entry.state is EntryState.UNDONE and ("commit", key) in told:
                tally.found["committed guess, not kept yet, taken back"] += 1


def _contradictions(
    key: str, entry: Entry | None, present: bool, told: set[tuple[str, str]], early: bool
) -> Iterator[str]:
    """What the journal hides or gets wrong about one effect."""
    match entry and entry.state:
        case None:
            yield f"the journal does not know it; it {'is' if present else 'is not'} there"
        case EntryState.DONE if not present:
            yield "the journal says done; it is not there"
        case EntryState.FAILED | EntryState.UNDONE as state if present:
            yield f"the journal says {state}; it is there"
        case EntryState.INTENT | EntryState.UNDOING as state:
            yield f"after a restart it is still {state}"
        case EntryState.UNKNOWN if entry is not None and (entry.local or "not known" not in entry.text):
            yield f"unknown without need, or unsaid: {entry.text}"
    state = entry.state if entry else None
    meant = ("kept" if early else "done", key) in told and ("undoing", key) not in told
    if meant and state is not EntryState.DONE:
        yield f"it was meant, and told as done; the journal says {state}"
    if ("undone", key) in told and state is not EntryState.UNDONE:
        yield f"the user was told it is undone; the journal says {state}"
    if early and ("commit", key) not in told and state is EntryState.DONE:
        yield "a guess that nobody confirmed stands"
    if state is EntryState.UNKNOWN and not told & {("settled", key), ("unknown", key)}:
        yield "nobody said that its outcome is not known"


def points(life: Sequence[Word]) -> list[Word]:
    """The points of a life, in order: where it can be killed."""
    return [word for word in life if word.word == "point"]


def every_step(trials: Trials) -> None:
    """Kill a life before each of its points; a first start and a restart before each of theirs."""
    for at, _ in _starting(trials.trial(first_start=True)[0]):
        trials.trial(Kill(at=at), first_start=True)
    known: set[tuple[str, ...]] = set()
    for at in range(1, 1 + len(points(trials.trial()[0]))):
        restart = trials.trial(Kill(at=at))[1]
        settling = _starting(restart)
        steps = tuple(word.more for word in points(restart)[: len(settling)])
        if steps not in known:  # it has something else to settle than any restart before
            known.add(steps)
            for again, phase in settling:
                if phase == "recover":
                    trials.trial(Kill(at=at), Kill(at=again))


def _starting(life: Sequence[Word]) -> list[tuple[int, str]]:
    """The points of a life before its first new effect, with their phases."""
    numbered = enumerate((word.about for word in points(life)), start=1)
    return list(itertools.takewhile(lambda each: each[1] in ("open", "recover"), numbered))


def any_time(trials: Trials, kills: int) -> None:
    """Kill at random: a step, two in a row, an instant, a write torn in half, until `kills` are reached."""
    chance = random.Random(SEED)
    whole = len(points(trials.trial()[0]))
    while trials.tally.kills.total() < kills:
        trials.trial(*[_any_kill(chance, whole) for _ in range(chance.choice((1, 1, 2, 3)))])


def _any_kill(chance: random.Random, whole: int) -> Kill:
    match chance.choice(("step", "instant", "torn")):
        case "instant":
            return Kill(seconds=chance.uniform(0, 0.04))
        case sort:
            return Kill(at=chance.randint(1, whole), tear=sort == "torn")


def report(tally: Tally) -> Iterator[str]:
    """The figures, line by line."""
    yield "kills by step, each before the step named"
    phases: dict[str, list[str]] = {}
    for (phase, step), kills in tally.kills.items():
        phases.setdefault(phase, []).append(f"{step} {kills}")
    for phase, steps in phases.items():
        yield f"  {phase:<32} {' · '.join(steps)}"
    yield ""
    for title, counts in (
        ("kills", tally.sorts),
        ("found by restarts", tally.found),
        ("entries in the end", tally.states),
    ):
        parts = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        yield f"{title:<20} {counts.total():>6}   {parts}"
    yield f"{'trials':<20} {tally.trials:>6}"
    yield f"{'doubled':<20} {len(tally.doubled):>6}"
    yield f"{'silently lost':<20} {len(tally.lost):>6}"
    yield f"{'unknown, and said':<20} {tally.states[EntryState.UNKNOWN]:>6}"


def caught(folder: Path, mutant: type[Journal], phase: str) -> str | None:
    """The first wrong thing found when a broken journal is killed before the points of one phase."""
    trials = Trials(folder, mutant)
    life = trials.trial()[0]
    assert not trials.tally.wrong, "its mistake shows without a crash"
    for at, point in enumerate(points(life), start=1):
        if point.about == phase and not trials.tally.wrong:
            trials.trial(Kill(at=at))
    return next(iter(trials.tally.wrong), None)


def main() -> int:
    """Run as many kills as HEADSTART_CRASHES says, print the figures, and try the check itself."""
    # A SIGKILL leaves what the system holds for a disk as it is: waiting for a real one shows nothing more.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        trials = Trials(Path(folder, "real"))
        every_step(trials)
        any_time(trials, int(os.environ.get("HEADSTART_CRASHES", "1000")))
        print("\n".join([*report(trials.tally), *trials.tally.wrong, "", "journals broken on purpose"]))
        blind = False
        for mutant, phase in MUTANTS.items():
            found = caught(Path(folder, mutant.__name__), mutant, phase)
            blind = blind or found is None
            print(f"  {mutant.__name__:<20} {'NOT CAUGHT' if found is None else 'caught: ' + found}")
    return 1 if trials.tally.wrong or blind else 0


if __name__ == "__main__":
    sys.exit(main())
