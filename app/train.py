"""`headstart train`: an adapter for the local brain from nothing, its data, and how good it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.events import Mode
from app.settings import SettingsError

if TYPE_CHECKING:
    from agents.training.scores import Task

train = typer.Typer()
_NO_EXTRA = "training needs torch, transformers and peft: uv sync --frozen --inexact --extra train"

Model = Annotated[str | None, typer.Option(metavar="NAME", help="Of a hub, or a folder; else the built-in.")]
BaseFrom = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Where its weights lie: a GGUF file or a folder.")
]
Seed = Annotated[int, typer.Option(help="The same one gives the same turns.")]


@train.callback(invoke_without_command=True)
def train_adapter(
    context: typer.Context,
    model: Model = None,
    base_from: BaseFrom = None,
    minutes: Annotated[float, typer.Option(min=0, help="Time budget; the learning rate follows it.")] = 50,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Of the run, which goes on if it is there.")
    ] = Path("runs/local"),
    seed: Seed = 1,
    rank: Annotated[int, typer.Option(min=1, help="Of the adapter; 32 is 20 MB of the built-in one.")] = 32,
    rows: Annotated[int, typer.Option(min=1, help="Rows a step.")] = 4,
    length: Annotated[int, typer.Option(min=64, help="Tokens of a row; longer turns are left out.")] = 1024,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 1e-3,
    every: Annotated[float, typer.Option(min=0, help="Minutes between checkpoints.")] = 10,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Turns from `headstart train data`.")
    ] = None,
    turns: Annotated[
        int | None, typer.Option(min=1, help="Make so many first, for as many epochs as there is time for.")
    ] = None,
    valid: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Turns to be measured on at each checkpoint.")
    ] = None,
    start: Annotated[Path | None, typer.Option(metavar="FILE", help="An adapter.gguf to go on from.")] = None,
) -> None:
    """Train an adapter: from nothing, with one command.

    Turns are made as they are needed. Writes adapter.gguf for llama.cpp, the folder peft for PEFT and vLLM.
    """
    if context.invoked_subcommand is not None:
        return
    if data and turns:
        raise SettingsError("--data names turns that are there, --turns makes new ones: choose")
    with _training():
        from agents.training import sft, shards
        from agents.training.bases import Base

        base = Base.of(model, base_from)
        if turns:
            data = out / "data.npz"
            if not data.exists():
                shards.make(base, turns, seed, data)
        run = sft.Run(base, out, minutes, seed, rate, rank, rows, length, every, None, start, data, valid)
        sft.train(run)
    print(
        f"the adapter is in {out}; score it with: headstart train eval FILE --adapter {out / 'adapter.gguf'}"
    )


@train.command("data")
def train_data(
    out: Annotated[Path, typer.Argument(metavar="FILE.npz", help="To write.")],
    turns: Annotated[int, typer.Option(min=1, help="In steps of 2000.")] = 100_000,
    seed: Seed = 1,
    model: Model = None,
    base_from: BaseFrom = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="With the names and tools that training sets aside.")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Each turn heard at once.")] = False,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Mix in the questions of a file of Disfl-QA.")
    ] = None,
    commands: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Mix in turns in the words of a file of SLURP.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Make turns to train on, for many epochs or another machine; print their number and hash."""
    with _training():
        from agents.training import shards
        from agents.training.bases import Base

        shards.make(
            Base.of(model, base_from),
            turns,
            seed,
            out,
            held_out=held_out,
            whole=whole,
            questions=questions,
            commands=commands,
            processes=processes,
        )


@contextlib.contextmanager
def _training() -> Iterator[None]:
    """What can go wrong with packages and files, in one line."""
    try:
        yield
    except ImportError as error:
        raise SettingsError(_NO_EXTRA) from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"training stopped: {' '.join(str(error).split())[:200]}") from error


@train.command("eval")
def train_eval(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Files of tasks.")] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another adapter than the one in use.")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="As words are said, or once all are.")] = Mode.SPECULATIVE,
    tools: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="More tools, to be declared.")
    ] = None,
    unseen: Annotated[
        int, typer.Option(min=0, help="Turns to make, with names and tools that training sets aside.")
    ] = 0,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of Disfl-QA, each to be searched for.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many of each set, drawn by --seed.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample, and of the pace of speech.")] = 1,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    show: Annotated[bool, typer.Option("--show", help="What went wrong as well.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a set instead of tables.")] = False,
) -> None:
    """Score an adapter: plans, arguments and effects, by kind and by prefix, wrong guesses, time."""
    from agents.training import evaluate

    sets: dict[str, list[Task]] = {}
    try:
        for path in files or []:
            sets[path.stem] = evaluate.tasks(path)
        if questions:
            sets["questions as written"], sets["questions as asked"] = evaluate.questions(questions)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(f"that is no file of tasks: {error}") from error
    if unseen:
        sets["made"] = evaluate.generated(seed, unseen)
    if not sets:
        raise SettingsError("name a file of tasks, or how many --unseen turns to make")
    if sample:
        sets = {name: evaluate.sample(tasks, sample, seed) for name, tasks in sets.items()}
    asyncio.run(_evaluate(sets, adapter, mode, tools, seed, threads, show, json))


async def _evaluate(
    sets: dict[str, list[Task]],
    adapter: Path | None,
    mode: Mode,
    tools: str | None,
    seed: int,
    threads: int,
    show: bool,
    as_json: bool,
) -> None:
    from agents.brains.local import ADAPTER, LocalBrain
    from agents.training.evaluate import attempt, mistake
    from app.bench.suites import tools_of_module
    from app.scores import as_object, table
    from tools.assistant import assistant_tools
    from tools.toolbox import Toolbox

    toolbox = Toolbox([*assistant_tools(), *(tools_of_module(tools)() if tools else [])])
    brain = LocalBrain(adapter or ADAPTER, threads)
    try:
        await brain.warm_up()
        for name, tasks in sets.items():
            outcomes = [await attempt(brain, toolbox, task, seed, mode) for task in tasks]
            print(as_object(name, mode, outcomes) if as_json else table(name, mode, outcomes), flush=True)
            for outcome in outcomes if show else ():
                if not outcome.exact:
                    print(mistake(outcome))
    finally:
        await brain.close()
