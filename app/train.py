"""`headstart train`: an adapter for the local brain from nothing, its data, and how good it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.events import Mode
from app.settings import SettingsError

if TYPE_CHECKING:
    from agents.training.scores import Task

train = typer.Typer()


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
