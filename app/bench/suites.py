"""The suites: which tasks, with which tools, from what they start."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agents.actions import Call
from agents.tasks import Kind, Task, load
from agents.words import spoken_words
from app.bench import worlds
from app.bench.passages import Passages, rows
from app.bench.runner import Stage
from app.settings import SettingsError
from tools.store import Store
from tools.tool import Arguments, Effect, Speculate, Tool, ToolContext, ToolResult
from tools.toolbox import Toolbox

_DATA = Path(__file__).parents[2] / "tests" / "data"
_NOW = datetime(2026, 11, 23, 9, 0)
_SERVICES = "tests.data.unseen_tools:unseen_tools"


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks and where they are played."""

    name: str
    tasks: tuple[Task, ...]
    stage: Stage

    def sample(self, count: int | None, seed: int) -> Suite:
        """The suite with `count` of its tasks, drawn from `seed`, in their order; all where it has fewer."""
        if count is None or count >= len(self.tasks):
            return self
        places = sorted(random.Random(seed).sample(range(len(self.tasks)), count))
        return replace(self, tasks=tuple(self.tasks[place] for place in places))


def without_questions(suite: Suite) -> Suite:
    """The tasks in which nothing must be confirmed: a spoken question takes time, and so does its yes."""
    tools = suite.stage.tools()
    asks = {tool.name for tool in tools if tool.effect is Effect.CONFIRM}
    kept = (task for task in suite.tasks if not asks.intersection(call.name for call in task.calls))
    return replace(suite, name=f"{suite.name}, spoken", tasks=tuple(kept))


def undoable_early(suite: Suite) -> Suite:
    """The suite with every write that has an undo opted in to run before the end of the turn."""

    def opted_in(tool: Tool) -> Tool:
        is_undoable = tool.effect is Effect.WRITE and tool.undo is not None
        return replace(tool, speculate=Speculate.EARLY) if is_undoable else tool

    make = suite.stage.tools
    stage = replace(suite.stage, tools=lambda: Toolbox(map(opted_in, make())))
    return replace(suite, name=f"{suite.name}, undoable writes early", stage=stage)


def household(name: str) -> Suite:
    """`assistant`, or its `disfluent` twins: the built-in tools. Raises SettingsError."""
    tools = worlds.toolbox()
    return Suite(name, _own(f"{name}.jsonl", tools), Stage(lambda: tools, _household()))


def services() -> Suite:
    """A shop, a bank, a library, trains and more, most of which changes something: tools nobody trained on.

    Raises SettingsError.
    """
    make = tools_of_module(_SERVICES)

    def tools() -> Toolbox:
        return worlds.toolbox(make())

    return Suite("services", _own("unseen.jsonl", tools()), Stage(tools, _household()))


def hotpotqa(folder: Path) -> Suite:
    """Comparison questions over two passages that have to be found. Raises SettingsError.

    `folder` holds `questions.jsonl` and `passages.jsonl`; `search` looks through the latter.
    """
    try:
        tasks = tuple(map(_question, rows(folder / "questions.jsonl")))
        passages = Passages.read(folder / "passages.jsonl")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{folder} does not hold HotpotQA: it needs questions.jsonl (id, question, answer, gold_titles) "
            f"and passages.jsonl (title, text)"
        ) from error

    async def search(context: ToolContext, arguments: Arguments) -> ToolResult:
        return ToolResult(passages.best(str(arguments["query"])))

    tools = Toolbox(
        replace(tool, run=search, local=False) if tool.name == "search" else tool for tool in worlds.toolbox()
    )
    return Suite("hotpotqa", tasks, Stage(lambda: tools, lambda _: Store.memory(), reads=True))


def own(tasks: Path, tools: Callable[[], Iterable[Tool]]) -> Suite:
    """The tasks of a file over the built-in tools and `tools`, which are made anew for each task.

    Raises TaskError.
    """

    def make() -> Toolbox:
        return worlds.toolbox(tools())

    def store(task: Task) -> Store:
        return worlds.household(task, {}) if task.world == worlds.HOUSEHOLD else Store.memory()

    return Suite(tasks.stem, tuple(load(tasks, make())), Stage(make, store))


def tools_of_module(name: str) -> Callable[[], Sequence[Tool]]:
    """The function `MODULE:FUNCTION`, which makes tools. Raises SettingsError."""
    module, _, function = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"no tools at {name!r} ({error}); name a function that returns a list of Tool as MODULE:FUNCTION"
        ) from error


def _own(name: str, tools: Toolbox) -> tuple[Task, ...]:
    path = _DATA / name
    if not path.is_file():
        raise SettingsError(
            f"{name} is not part of an installed Headstart; run this in its source folder, or "
            "`headstart bench tasks FILE` with tasks of your own"
        )
    return tuple(load(path, tools))


def _household() -> Callable[[Task], Store]:
    facts = worlds.read_facts(_DATA / "facts.json")
    return lambda task: worlds.household(task, facts)


def _question(row: dict[str, object]) -> Task:
    titles = row["gold_titles"]
    assert isinstance(titles, list)
    calls = tuple(Call(id, "search", {"query": str(title)}) for id, title in enumerate(titles, 1))
    said = " ".join(spoken_words(str(row["question"])))
    return Task(
        str(row["id"]),
        said,
        Kind.FLUENT,
        _NOW,
        "",
        calls,
        (),
        answer_any=(),
        answer=str(row["answer"]),
        words=(),
    )
