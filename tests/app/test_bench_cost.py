"""The cost benchmark on a virtual clock: that it measures what it says and notices a wrong effect."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest

from agents.actions import Answer, Call, Remove
from app.bench import report
from app.bench.cost import turn_cost, wrong_effects
from app.bench.load import LoadCost, bends, load_cost
from app.bench.probe import Cause, Moment, Spread
from app.bench.workload import CONFIRM, READ, WRITE, DeclaredTurn, declare
from tests.conftest import VirtualLoop, run_virtually
from tools.journal import Journal
from tools.store import Store
from tools.tool import Effect, Tool, ToolContext, ToolResult

CALLS = 12


def test_percentiles_are_by_nearest_rank() -> None:
    spread = Spread.of([Moment(at * 10**6, (201 - at) * 1000) for at in range(200, 0, -1)])
    assert spread == Spread(200, 100, 180, 198, 200, 0.198)
    assert Spread.of([]) == Spread(0, 0, 0, 0, 0, 0)


def test_a_declared_turn_is_the_same_every_time_and_has_every_kind_of_call() -> None:
    turns = [declare(f"turn {turn}", 50, 10) for turn in range(20)]
    assert turns == [declare(f"turn {turn}", 50, 10) for turn in range(20)]
    actions = [action for turn in turns for step in turn.steps for action in step.actions]
    assert {type(action) for action in actions} == {Call, Remove, Answer}
    issued = [action for action in actions if isinstance(action, Call)]
    assert {call.name for call in issued} == {READ, WRITE}
    assert any(str(call.arguments.get("of", "")).startswith("$") for call in issued)
    assert len(issued) > 20 * 50  # some were patched
    assert all(turn.effects for turn in turns)
    assert declare("turn", 2, 2, ask=True).effects[-1][0] in (CONFIRM, WRITE)


@pytest.mark.parametrize("on_disk", [False, True])
def test_every_start_is_counted_under_its_cause(tmp_path: Path, on_disk: bool) -> None:
    cost = run_virtually(turn_cost(CALLS, 4, tmp_path if on_disk else None))
    assert (cost.calls, cost.turns, cost.store) == (CALLS, 4, "disk" if on_disk else "memory")
    assert cost.wrong_effects == 0
    counts = {cause: spread.count for cause, spread in cost.delays.items()}
    assert sum(counts.values()) - counts[Cause.WORDS] == cost.starts >= 4 * CALLS * 0.8
    assert all(counts[cause] for cause in Cause if cause is not Cause.REPLY)
    assert counts[Cause.COMMIT] <= 4  # one a turn: the effects after it wait for each other
    for spread in cost.delays.values():
        assert 0 <= spread.p50 <= spread.p90 <= spread.p99 <= spread.worst


def test_conversations_end_with_the_right_effects() -> None:
    cost = run_virtually(load_cost(5, turns=2))
    assert (cost.sessions, cost.turns, cost.wrong_effects) == (5, 10, 0)
    assert cost.effects >= 10
    assert cost.delays[Cause.REPLY].count > 0
    assert cost.lag.count > 100
    assert cost.events_per_second > 0
    assert cost.cpu > 0
    assert cost.answers.count == 10 and cost.answers.p50 >= 500


def test_answers_of_a_busy_process_are_late_and_it_is_said_where_that_begins() -> None:
    async def busy_load() -> LoadCost:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)

        async def work() -> None:
            while True:
                await asyncio.sleep(0.3)
                loop._virtual.skipped += 0.3  # nothing else happens meanwhile

        working = asyncio.create_task(work())
        try:
            return await load_cost(3, turns=2)
        finally:
            working.cancel()

    calm, busy = run_virtually(load_cost(2, turns=2)), run_virtually(busy_load())
    assert calm.wrong_effects == busy.wrong_effects == 0
    assert bends(busy, calm) and not bends(calm, calm)
    assert "It bends between 2 and 3 sessions" in report.scale_verdict([calm, busy])
    assert "It does not bend up to 2 sessions" in report.scale_verdict([calm])


def journal_of(turn: DeclaredTurn) -> Store:
    """A store in which exactly the effects of `turn` happened."""

    async def run(context: ToolContext, arguments: object) -> ToolResult:
        return ToolResult("Done.")

    store = Store.memory()
    tool = Tool(WRITE, "Write.", Effect.WRITE, {"type": "object", "properties": {}}, run)
    for place, (_, arguments) in enumerate(turn.effects):
        asyncio.run(
            Journal(store).perform(str(place), tool, ToolContext(store, datetime.now), dict(arguments))
        )
    return store


def test_a_wrong_effect_is_noticed() -> None:
    turn = declare("turn 0", 30, 6)
    assert len(turn.effects) > 3
    with journal_of(turn) as store:
        assert wrong_effects(store, [turn]) == 0
        store.write("UPDATE journal SET state = 'failed' WHERE id = 2")
        assert wrong_effects(store, [turn]) == 1
    with journal_of(turn) as store:
        store.write("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)")
        assert wrong_effects(store, [turn]) == 1
    with journal_of(turn) as store:
        store.write(
            "INSERT INTO journal (key, tool, local, arguments, state, created) "
            "SELECT 'again', tool, local, arguments, state, created FROM journal WHERE id = 1"
        )
        assert wrong_effects(store, [turn]) == 1
    with journal_of(turn) as store:
        first, second = (dict(arguments) for _, arguments in turn.effects[:2])
        store.write("UPDATE journal SET arguments = ? WHERE id = 1", json.dumps(second))
        store.write("UPDATE journal SET arguments = ? WHERE id = 2", json.dumps(first))
        assert wrong_effects(store, [turn]) == 2


@pytest.fixture
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "run", run_virtually)


@pytest.mark.usefixtures("_virtual")
def test_loads_are_told_one_by_one_and_kept_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.scale((1, 3), as_json=False)
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in table[4:6]] == [["1", "0.500"], ["3", "0.500"]]
    assert table[-1] == "It does not bend up to 3 sessions."
    assert report.scale((1, 3), as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert [load["sessions"] for load in figures["loads"]] == [1, 3]
    assert all(load["answers"]["count"] == load["turns"] == 3 * load["sessions"] for load in figures["loads"])


@pytest.mark.usefixtures("_virtual")
def test_the_table_and_the_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.run(CALLS, 2, 2, as_json=False)
    table = capsys.readouterr().out
    assert f"2 turns of {CALLS} calls, store in memory" in table
    assert f"1 turn of {CALLS} calls, store on disk" in table
    assert "2 sessions at the same time" in table
    assert table.count("no wrong effects") == 3
    assert max(map(len, table.splitlines())) <= 100
    assert report.run(CALLS, 2, 2, as_json=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    figures = json.loads(lines[0])
    assert figures.keys() == {"machine", "limit_ms", "turn", "on_disk", "few_calls", "load"}
    assert figures["machine"].keys() == {"cpu", "cores", "python"}
    assert figures["machine"]["cpu"] in table
    assert figures["turn"]["delays"].keys() == {cause.value for cause in Cause}
    assert figures["load"]["sessions"] == 2
