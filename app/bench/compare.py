"""Plays a suite under every arm, then sweeps conditions; prints and keeps what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents.tasks import Task
from app.bench import estimates, results, runner, tables, verdict
from app.bench.arms import Arm
from app.bench.delays import TAIL
from app.bench.player import Clock, Thinks, player, thinker
from app.bench.results import Results
from app.bench.runner import Conditions
from app.bench.score import Run
from app.bench.suites import Suite
from app.bench.verdict import Verdict

SWEEP_ARMS = (Arm.SEQUENTIAL, Arm.FULL, Arm.ORACLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be compared. `speed` in tokens a second; 0: as fast as the brain is."""

    suite: Suite
    arms: tuple[Arm, ...]
    brain: Thinks
    clock: Clock
    conditions: Conditions
    speed: float

    @property
    def setup(self) -> dict[str, object]:
        """All that makes two comparisons the same one."""
        return {
            "suite": self.suite.name,
            "tasks": [task.id for task in self.suite.tasks],
            "arms": list(self.arms),
            "brain": self.brain,
            "clock": self.clock,
            "speed": self.speed,
            "conditions": asdict(self.conditions),
        }


def play(plan: Plan, folder: Path | None, label: str = "") -> Results:
    """Play what is not yet in `folder`, a task under every arm before the next.

    Raises SettingsError and BrainError.
    """
    estimates.require()
    found = results.begin(plan.setup, folder)
    todo = [(task, arm) for task in plan.suite.tasks for arm in plan.arms if not found.has(task.id, arm)]
    if not todo:
        return found
    with (
        player(plan.brain, plan.clock, plan.suite.stage, plan.conditions, plan.speed) as play_one,
        _progress() as progress,
    ):
        bar = progress.add_task(label or plan.suite.name, total=len(todo))
        for task, arm in todo:
            found.add(play_one(task, arm))
            progress.advance(bar)
    return found


def play_peers(plan: Plan, folder: Path | None, *, livekit: bool) -> Results:
    """The gold brain beside other programs, in real time; `livekit`: LiveKit Agents too.

    Raises SettingsError.
    """
    import voice  # noqa: F401  # keeps Pipecat's banner off the terminal
    from app.bench.endpoint import GoldEndpoint
    from app.bench.peers import LIVEKIT, PIPECAT, Peer, pipecat_bot
    from app.bench.peers.livekit_process import LiveKit

    estimates.require()
    stage, conditions, tasks = plan.suite.stage, plan.conditions, plan.suite.tasks
    peers = (*PIPECAT, *LIVEKIT) if livekit else PIPECAT
    live = [*(arm for arm in plan.arms if arm is not Arm.ORACLE), *peers]

    async def play_all() -> Results:
        endpoint = GoldEndpoint(plan.speed)
        think = runner.gold(stage, plan.speed)
        async with contextlib.AsyncExitStack() as stack:
            url = await stack.enter_async_context(endpoint.serve())
            other = await stack.enter_async_context(LiveKit.start()) if livekit else None
            versions = {} if other is None else {"livekit-agents": other.version}
            found = results.begin(plan.setup | {"arms": [*live, Arm.ORACLE]}, folder, versions)

            def attempt(task: Task, arm: Arm | Peer) -> Awaitable[Run]:
                if isinstance(arm, Arm):
                    return runner.attempt(task, stage, arm, conditions, think)
                if other is not None and arm in LIVEKIT:
                    return other.attempt(task, stage, arm, conditions, endpoint, url)
                return pipecat_bot.attempt(task, stage, arm, conditions, endpoint, url)

            for arm in live:  # what is loaded once is loaded here
                await attempt(tasks[0], arm)
            with _progress() as progress:
                bar = progress.add_task("peers", total=len(tasks) * len(live))
                for task in tasks:
                    for arm in live:
                        if not found.has(task.id, arm):
                            found.add(await attempt(task, arm))
                        progress.advance(bar)
        return found

    found = asyncio.run(play_all())
    _add_oracle(found, plan)
    return found


def play_spoken(plan: Plan, folder: Path | None) -> Results:
    """The arms that a recogniser allows, voice to voice; the oracle is that of typed words.

    Raises SettingsError, BrainError and ModelMissing.
    """
    from app.bench import spoken
    from voice.models import warm_up

    estimates.require()
    stage, conditions, tasks = plan.suite.stage, plan.conditions, plan.suite.tasks
    found = results.begin(plan.setup, folder)

    async def play_all() -> None:
        models = await warm_up(lambda _: None)
        async with thinker(plan.brain, stage, plan.speed) as think:
            with _progress() as progress, tempfile.TemporaryDirectory() as sounds:
                bar = progress.add_task("spoken", total=len(tasks) * len(spoken.ARMS))
                for task in tasks:
                    for arm in spoken.ARMS:
                        if not found.has(task.id, arm):
                            run = spoken.attempt(task, stage, arm, conditions, think, models, Path(sounds))
                            found.add(await run)
                        progress.advance(bar)

    asyncio.run(play_all())
    _add_oracle(found, plan)
    return found


def _add_oracle(found: Results, plan: Plan) -> None:
    """The physical limit of each task, which is computed and not played."""
    for task in plan.suite.tasks:
        if not found.has(task.id, Arm.ORACLE):
            found.add(runner.oracle(task, plan.suite.stage, plan.conditions))


def conclude(found: Results, folder: Path | None, *, as_json: bool) -> Verdict:
    """Print the verdict, and write it into `folder` with pictures where they can be drawn."""
    reached = verdict.judge(found)
    text = tables.report(found, reached)
    whole = {"setup": found.setup, "facts": found.facts, "verdict": asdict(reached)}
    if folder is not None:
        (folder / "report.md").write_text(text, encoding="utf-8")
        (folder / "report.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        _draw(found, folder)
    print(json.dumps(whole) if as_json else text)
    return reached


def sweep(plan: Plan) -> str:
    """The suite under one changed condition after the other, as a table."""
    rows: list[Sequence[str]] = []
    for label, conditions in _variations(plan.conditions):
        found = play(replace(plan, arms=SWEEP_ARMS, conditions=conditions), None, label)
        arms = {arm.arm: arm for arm in verdict.judge(found).arms}
        full, before, limit = (arms[arm] for arm in (Arm.FULL, Arm.SEQUENTIAL, Arm.ORACLE))
        times = full.fair or full.all
        rows.append(
            (
                label,
                f"{(before.fair or before.all).p50.value:.2f}",
                f"{times.p50.value:.2f}",
                f"{(limit.fair or limit.all).p50.value:.2f}",
                tables.estimate(times.speedup, 2),
                tables.estimate(times.head_start, 0, 100),
                tables.estimate(full.delta, 1, 100),
                str(full.wrong_effects),
            )
        )
    head = ("condition", "sequential p50", "full p50", "oracle p50", "times as fast")
    head += ("% of the oracle's head start", "Δ points", "wrong effects")
    return "\n".join(tables.table(head, rows)) + "\n"


def _variations(usual: Conditions) -> Iterator[tuple[str, Conditions]]:
    pace = usual.pace
    yield "as above", usual
    for delay in ("0", "2", TAIL):
        yield f"calls take {delay if delay != TAIL else 'a heavy tail of'} s", replace(usual, delay=delay)
    for rate in (2.2, 4.6):
        yield f"{rate:g} words a second", replace(usual, pace=replace(pace, rate=rate))
    for chunk in (1, 3, 6):
        yield f"{chunk} words at a time", replace(usual, pace=replace(pace, chunk=chunk))
    for network in (0.1, 0.3, 0.6):
        yield f"{network:g} s of network a reaction", replace(usual, network=network)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _draw(found: Results, folder: Path) -> None:
    try:
        from app.bench.plots import draw
    except ImportError:
        print("headstart: no pictures without matplotlib; it is in the extra `bench`", file=sys.stderr)
    else:
        draw(found, folder)
