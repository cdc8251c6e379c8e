"""`headstart bench cost`, `scale`, `screen`, `voice`, `serve`, `classify`: the program, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.bench.commands import comparisons
from app.flags import Model, Url
from app.settings import SettingsError

bench = typer.Typer()
bench.add_typer(comparisons)


@bench.callback(invoke_without_command=True)
def bench_all(context: typer.Context) -> None:
    """Measure what speculation buys and what it costs."""
    if context.invoked_subcommand is None:
        raise SettingsError("say what to measure, such as `headstart bench assistant`; see --help")


@bench.command("cost")
def bench_cost(
    calls: Annotated[int, typer.Option(min=1, help="Calls in a turn.")] = 50,
    sessions: Annotated[int, typer.Option(min=1, help="Conversations at the same time.")] = 200,
    turns: Annotated[int, typer.Option(min=1, help="Turns to measure; half as many on disk.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measure what the core itself costs. Takes a minute.

    The delay it adds before a call starts, in turns of many calls, and what many conversations at the
    same time take in one process.
    """
    from app.bench import report

    if not report.run(calls, sessions, turns, as_json=json):
        raise typer.Exit(1)


@bench.command("scale")
def bench_scale(
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measure how many conversations one process holds before answers come later. Takes some minutes."""
    from app.bench import report

    if not report.scale(as_json=json):
        raise typer.Exit(1)


@bench.command("screen")
def bench_screen(
    runs: Annotated[int, typer.Option(min=1, help="Runs with the screen, and as many without.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measure what the screen costs while you speak. Takes a minute.

    CPU time, the delay from an event to its pixels, and how evenly audio arrives with it and without.
    """
    from app.bench import screen

    screen.run(runs, as_json=json)


@bench.command("voice")
def bench_voice(
    clips: Annotated[int, typer.Option(min=1, help="Sentences to synthesise and listen to.")] = 18,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Recordings instead: one.wav, its words in one.txt."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Measure how well and how fast it hears, takes turns and speaks. Takes eight minutes.

    Word errors and lags of sentences in several voices, with noise and in a room, played in real time while
    the local brain thinks along; pauses within sentences; cutting in. And the same sentences through
    Pipecat's own Whisper service.
    """
    from app.bench.voice import report

    report.run(clips, data, as_json=json)


@bench.command("serve")
def bench_serve(
    sessions: Annotated[str, typer.Option(metavar="N,N,...", help="Talkers at the same time.")] = "1,2,4,8",
    suite: Annotated[
        str, typer.Option(help="assistant, disfluent; or services, whose tools are declared to the model.")
    ] = "assistant",
    limit: Annotated[int, typer.Option(metavar="N", min=2, help="Tasks of it at each level.")] = 32,
    delay: Annotated[str, typer.Option(metavar="S|S-S|tail", help="Seconds a call takes.")] = "0.5-1",
    seed: Annotated[int, typer.Option(help="Draws word times, delays and the tasks.")] = 1,
    url: Url = None,
    model: Model = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Measure how many people one server of the vllm brain can serve. Takes five minutes.

    So many sessions talk to it at the same time, in real time; answer times, what its prefix cache saves,
    what is computed again, what ran for nothing.
    """
    from app.bench import crowd_report
    from app.bench.delays import read_delay
    from app.bench.runner import Conditions
    from app.bench.suites import household, services
    from app.brains import served_engine
    from app.settings import load

    try:
        counts = sorted({int(each) for each in sessions.split(",")})
    except ValueError:
        counts = [0]
    if counts[0] < 1:
        raise SettingsError(f"{sessions!r} are no numbers of sessions; say it as in --sessions 1,2,4,8")
    settings = load(url=url, model=model)
    url = settings.vllm.url
    if suite not in ("assistant", "disfluent", "services"):
        raise SettingsError(f"there is no suite {suite!r} here; choose from assistant, disfluent, services")
    played = (services() if suite == "services" else household(suite)).sample(limit, seed)
    conditions = Conditions(delay=read_delay(delay), seed=seed)
    if not crowd_report.run(counts, played, conditions, lambda: served_engine(settings), url, as_json=json):
        raise typer.Exit(1)


@bench.command("classify")
def bench_classify(
    hints: Annotated[
        Path, typer.Option(metavar="FILE", help='A list of tools as JSON, each with "is_transactional".')
    ],
) -> None:
    """Check proposed effect classes against labels. Fails if a tool that changes something may read ahead."""
    from app.bench.classify import failures, judge, report

    judged = judge(hints)
    print(report(judged))
    if failures(judged):
        raise typer.Exit(1)
