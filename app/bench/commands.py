"""`headstart bench SUITE` and `headstart bench compare`: what speculation buys, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.settings import SettingsError

if TYPE_CHECKING:
    from app.bench.suites import Suite

comparisons = typer.Typer()
Kind = TypeVar("Kind", bound=StrEnum)

QUICK_TASKS = 20
GOLD_SPEED = 60.0  # tokens a second: about what the local brain writes on one core


@dataclass(frozen=True, slots=True)
class Source:
    """Where a suite comes from that does not come with the project."""

    data: Path | None
    tasks: Path | None
    tools: str | None
    opened: ExitStack  # closes what must be closed once all is measured


def _household(name: str) -> Callable[[Source], Suite]:
    def open_suite(source: Source) -> Suite:
        from app.bench.suites import household

        return household(name)

    return open_suite


def _services(source: Source) -> Suite:
    from app.bench.suites import services

    return services()


def _hotpotqa(source: Source) -> Suite:
    from app.bench.suites import hotpotqa

    if source.data is None:
        raise SettingsError("say with --data DIR where questions.jsonl and passages.jsonl of HotpotQA are")
    return hotpotqa(source.data)


def _own(source: Source) -> Suite:
    from app.bench.suites import own, tools_of_module

    if source.tasks is None:
        raise SettingsError("say with --tasks FILE which tasks; one JSON object a line")
    if source.tools is None:
        return own(source.tasks, list)
    if Path(source.tools).suffix == ".json":
        from app.bench.servers import served

        offered = source.opened.enter_context(served(Path(source.tools)))
        return own(source.tasks, lambda: offered)
    return own(source.tasks, tools_of_module(source.tools))


def _one_of(kind: type[Kind], text: str, called: str) -> Kind:
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"there is no {called} {text!r}; choose from {', '.join(kind)}") from None


def _add(name: str, about: str, open_suite: Callable[[Source], Suite]) -> None:
    """Add the command that compares the arms on a suite."""

    @comparisons.command(name, help=about)
    def compare_arms(
        quick: Annotated[
            bool, typer.Option("--quick", help=f"{QUICK_TASKS} tasks, sequential and full, in real time.")
        ] = False,
        brain: Annotated[
            str, typer.Option(help="local; or gold, which knows every plan: the machinery alone.")
        ] = "local",
        clock: Annotated[
            str | None, typer.Option(help="virtual, which waits for nothing, or real. [virtual]")
        ] = None,
        arms: Annotated[
            str | None,
            typer.Option(
                help="Some of parallel, eager, async, full; sequential and oracle are always there."
            ),
        ] = None,
        limit: Annotated[
            int | None, typer.Option(metavar="N", min=2, help="Only N tasks, drawn by the seed.")
        ] = None,
        delay: Annotated[str, typer.Option(metavar="S|S-S|tail", help="Seconds a call takes.")] = "0.5-1",
        rate: Annotated[float, typer.Option(min=0.5, max=10, help="Words a second.")] = 3.3,
        chunk: Annotated[
            int, typer.Option(min=0, help="Words handed over at a time; 0: as they are recognised.")
        ] = 0,
        network: Annotated[
            float, typer.Option(min=0, max=10, metavar="S", help="Seconds to the brain and back.")
        ] = 0,
        speed: Annotated[
            float | None,
            typer.Option(min=1, metavar="TOKENS/S", help="How fast the brain writes, on the virtual clock."),
        ] = None,
        seed: Annotated[int, typer.Option(help="Draws word times, delays and the sample.")] = 1,
        out: Annotated[
            Path | None, typer.Option(metavar="DIR", help="Keep all of it there; go on with what is there.")
        ] = None,
        early: Annotated[
            bool, typer.Option("--early", help="Writes with an undo may run early, in full and oracle.")
        ] = False,
        sweep: Annotated[
            bool, typer.Option("--sweep", help="Then with other delays, paces, chunks and networks.")
        ] = False,
        data: Annotated[
            Path | None, typer.Option(metavar="DIR", help="hotpotqa: where questions and passages are.")
        ] = None,
        tasks: Annotated[Path | None, typer.Option(metavar="FILE", help="own: the tasks.")] = None,
        tools: Annotated[
            str | None,
            typer.Option(metavar="MODULE:FUNCTION|FILE.json", help="own: makes tools; or MCP servers."),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    ) -> None:
        from app.bench import compare
        from app.bench.arms import Arm
        from app.bench.delays import read_delay
        from app.bench.player import Clock, Thinks
        from app.bench.runner import Conditions
        from app.bench.speaking import Pace
        from app.bench.suites import undoable_early

        thinks = _one_of(Thinks, brain, "brain")
        ticks = _one_of(Clock, clock, "clock") if clock else Clock.REAL if quick else Clock.VIRTUAL
        named = arms or (Arm.FULL if quick else ",".join(Arm))
        wanted = {_one_of(Arm, each.strip(), "arm") for each in named.split(",")}
        chosen = tuple(arm for arm in Arm if arm in wanted | {Arm.SEQUENTIAL, Arm.ORACLE})
        if speed is not None and thinks is Thinks.LOCAL and ticks is Clock.REAL:
            raise SettingsError(
                "--speed is for the virtual clock: in real time the brain is as fast as it is"
            )
        conditions = Conditions(Pace(rate=rate, chunk=chunk), read_delay(delay), network, seed)
        pace = speed or (GOLD_SPEED if thinks is Thinks.GOLD else 0.0)
        with ExitStack() as opened:
            suite = open_suite(Source(data, tasks, tools, opened))
            suite = suite.sample(limit or (QUICK_TASKS if quick else None), seed)
            suite = undoable_early(suite) if early else suite
            plan = compare.Plan(suite, chosen, thinks, ticks, conditions, pace)
            reached = compare.conclude(compare.play(plan, out), out, as_json=json)
            if sweep:
                print(compare.sweep(plan))
        if reached.faults:
            raise typer.Exit(1)


_add(
    "assistant",
    "Requests to the built-in tools: waiting for the end against starting early.",
    _household("assistant"),
)
_add("disfluent", "The same with fillers, pauses, false starts, corrections.", _household("disfluent"))
_add("services", "Requests to shop, bank, trains and more: most change something.", _services)
_add("hotpotqa", "Questions over two passages that must be found first.", _hotpotqa)
_add("own", "Your own tasks over your own tools.", _own)


@comparisons.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="A folder that --out has written.")],
    now: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
) -> None:
    """Compare two results, task by task."""
    from app.bench.against import against
    from app.bench.results import read

    print(against(read(before), read(now)))


Few = Annotated[int, typer.Option("--limit", metavar="N", min=2, help="Of the tasks of `assistant`.")]
Delay = Annotated[str, typer.Option(metavar="S|S-S|tail", help="Seconds a call takes.")]
Seed = Annotated[int, typer.Option(help="Draws word times, delays and the sample.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep all of it there; go on with what is there.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")]


@comparisons.command()
def peers(
    limit: Few = QUICK_TASKS,
    livekit: Annotated[
        bool, typer.Option("--livekit", help="LiveKit Agents too, which uv fetches; not installed here.")
    ] = False,
    delay: Delay = "0.5-1",
    speed: Annotated[
        float, typer.Option(min=1, metavar="TOKENS/S", help="How fast the model writes.")
    ] = GOLD_SPEED,
    seed: Seed = 1,
    out: Out = None,
    json: Json = False,
) -> None:
    """Stock Pipecat and LiveKit bots beside this project: same words, tools, delays, model."""
    from app.bench import compare
    from app.bench.arms import Arm
    from app.bench.delays import read_delay
    from app.bench.player import Clock, Thinks
    from app.bench.runner import Conditions
    from app.bench.suites import household

    plan = compare.Plan(
        household("assistant").sample(limit, seed),
        (Arm.SEQUENTIAL, Arm.EAGER, Arm.FULL, Arm.ORACLE),
        Thinks.GOLD,
        Clock.REAL,
        Conditions(delay=read_delay(delay), seed=seed),
        speed,
    )
    if compare.conclude(compare.play_peers(plan, out, livekit=livekit), out, as_json=json).faults:
        raise typer.Exit(1)


@comparisons.command()
def spoken(
    limit: Few = QUICK_TASKS,
    delay: Delay = "0.5-1",
    seed: Seed = 1,
    out: Out = None,
    json: Json = False,
) -> None:
    """Voice to voice: a synthetic voice asks, the whole pipeline answers."""
    from app.bench import compare
    from app.bench.arms import Arm
    from app.bench.delays import read_delay
    from app.bench.player import Clock, Thinks
    from app.bench.runner import Conditions
    from app.bench.suites import household, without_questions

    plan = compare.Plan(
        without_questions(household("assistant")).sample(limit, seed),
        (Arm.SEQUENTIAL, Arm.FULL, Arm.ORACLE),
        Thinks.LOCAL,
        Clock.REAL,
        Conditions(delay=read_delay(delay), seed=seed),
        0.0,
    )
    if compare.conclude(compare.play_spoken(plan, out), out, as_json=json).faults:
        raise typer.Exit(1)
