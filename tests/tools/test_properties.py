"""What holds for every built-in tool whatever it is given: reads never write, an undo restores exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.conftest import NOW
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.journal import Journal
from tools.store import Store
from tools.tool import Arguments, Effect, Json, Tool, ToolContext, ToolError
from tools.toolbox import Toolbox

SLOW = settings(max_examples=60, deadline=None)  # each example opens a store


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network", request=request)


BOX = Toolbox(assistant_tools(httpx.MockTransport(_unreachable)))
PEOPLE = st.sampled_from(
    ["Ana", "mum", "Sam", "Sam Novak, Ben", "my boss", "ana.lopez@example.com", "Zoe", "$1"]
)
TIMES = st.sampled_from(
    ["Saturday at one", "tomorrow", "noon", "Friday from two to three", "every day", "soon"]
)
SPANS = st.sampled_from(["ten minutes", "an hour and a half", "forty", "half past three"])
THINGS = st.sampled_from(["shopping list", "garden", "the lease", "party", "list", "home", "../x", "dentist"])
WORDS = st.one_of(THINGS, st.text(min_size=1, max_size=20))
STATES = st.sampled_from(["on", "off", "thirty percent", "warm white", "dim", "banana"])
ROOMS = st.sampled_from(["kitchen", "the living room lights", "all the lights", "hall"])
DEGREES = st.sampled_from(
    ["twenty one and a half", "two degrees warmer", "seventy", "a bit cooler", "70 fahrenheit"]
)
BY_NAME: Mapping[str, st.SearchStrategy[Json]] = {
    **dict.fromkeys(("to", "invitees"), PEOPLE),
    **dict.fromkeys(("day", "start", "due"), TIMES),
    **dict.fromkeys(("duration", "end"), SPANS),
    **dict.fromkeys(("name", "path", "place", "from", "attachments"), THINGS | PEOPLE),
    "state": STATES,
    "room": ROOMS,
    "degrees": DEGREES,
    "mode": st.sampled_from(["on foot", "bus", "by dragon"]),
}


@st.composite
def calls(draw: st.DrawFn, effects: frozenset[Effect]) -> tuple[Tool, Arguments]:
    """A tool of these effects with arguments that mostly make sense, the optional ones at times left out."""
    tool = draw(st.sampled_from([tool for tool in BOX if tool.effect in effects]))
    names = [name for name in tool.parameters["properties"] if name in tool.required or draw(st.booleans())]
    return tool, {name: draw(BY_NAME.get(name, WORDS)) for name in names}


def dump(store: Store) -> list[list[tuple[Json, ...]]]:
    """Everything in the store but the journal and the counters of row IDs, as it is."""
    tables = store.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('journal', 'sqlite_sequence')"
    )
    return [[tuple(row) for row in store.rows(f"SELECT * FROM {table['name']}")] for table in tables]


@SLOW
@given(calls(frozenset({Effect.READ})))
def test_a_read_never_writes(call: tuple[Tool, Arguments]) -> None:
    tool, arguments = call
    with Store.memory() as store:
        seed(store, NOW)
        before, changes = dump(store), store.changes
        try:
            result = asyncio.run(tool.run(ToolContext(store, lambda: NOW), arguments))
            assert result.text.strip() and "\n" not in result.text
        except ToolError as error:
            assert str(error).strip() and "\n" not in str(error)
        assert (dump(store), store.changes) == (before, changes)


@SLOW
@given(calls(frozenset({Effect.READ, Effect.WRITE, Effect.CONFIRM})))
def test_a_failure_leaves_nothing_behind(call: tuple[Tool, Arguments]) -> None:
    tool, arguments = call
    with Store.memory() as store:
        seed(store, NOW)
        before = dump(store)
        try:
            asyncio.run(Journal(store).perform("1", tool, ToolContext(store, lambda: NOW), arguments))
        except ToolError:
            assert dump(store) == before


@SLOW
@given(st.lists(calls(frozenset({Effect.WRITE})), min_size=1, max_size=4))
def test_undoing_all_restores_exactly(made: list[tuple[Tool, Arguments]]) -> None:
    with Store.memory() as store:
        seed(store, NOW)
        context, journal = ToolContext(store, lambda: NOW), Journal(store)
        worlds = [dump(store)]
        for key, (tool, arguments) in enumerate(made):
            try:
                asyncio.run(journal.perform(str(key), tool, context, arguments))
                worlds.append(dump(store))
            except ToolError:
                continue
        while len(worlds) > 1:
            assert dump(store) == worlds.pop()
            latest = journal.latest_undoable()
            assert latest is not None
            asyncio.run(journal.undo(latest.id, BOX, context))
        assert dump(store) == worlds[0]
