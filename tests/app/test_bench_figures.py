"""Estimates, tables, results that go on, and the commands over them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.bench import estimates, results
from app.bench.against import against
from app.bench.commands import comparisons
from app.bench.estimates import difference, mcnemar, percentile, rate, ratio, share
from app.bench.score import Run, Span
from app.bench.tables import report
from app.bench.verdict import judge
from app.settings import SettingsError
from tools.errors import HeadstartError

ROGUE = Path(__file__).parents[1] / "tools" / "mcp" / "rogue.py"
HEADSTART = str(Path(sys.executable).with_name("headstart"))


def bench(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(comparisons, arguments)


# ---- estimates ----------------------------------------------------------------------------------


def test_a_rate_has_wilsons_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 and 0 of 20
    found = rate([True] * 81 + [False] * 182)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    none = rate([False] * 20)
    assert none.value == 0 and (none.low, none.high) == pytest.approx((0, 0.1611), abs=1e-4)


def test_a_difference_that_never_shows_still_has_a_width() -> None:
    same = difference([True] * 100, [True] * 100)
    assert same.value == 0 and same.low == pytest.approx(-same.high) and 0.01 < same.high < 0.03
    worse = difference([True] * 60 + [False] * 40, [True] * 100)
    assert worse.value == -0.4 and worse.high < -0.25
    assert same.high < difference([True] * 10, [True] * 10).high


def test_mcnemar_counts_what_changed_only() -> None:
    assert mcnemar([True] * 50, [True] * 50) == 1
    before = [False] * 10 + [True] * 90
    assert mcnemar([True] * 100, before) == pytest.approx(2 * 0.5**10)


def test_times_are_compared_task_by_task() -> None:
    slow = [1.0 + 0.01 * n for n in range(100)]
    fast = [each / 2 for each in slow]
    found = ratio(slow, fast)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))  # unpaired it would be wide
    assert share(slow, fast, [each / 4 for each in slow]).value == pytest.approx(2 / 3)
    median = percentile(slow, 0.5)
    assert median.value == pytest.approx(1.495) and median.low < median.value < median.high
    assert percentile(slow, 0.5) == median
    assert math.isinf(percentile([1.0], 0.5).high)


# ---- results ------------------------------------------------------------------------------------

SETUP = {
    "suite": "assistant",
    "tasks": ["a", "b", "c"],
    "arms": ["sequential", "full", "oracle"],
    "brain": "local",
    "clock": "real",
    "speed": 0,
    "conditions": {"delay": "1", "network": 0, "seed": 1, "pace": {"rate": 3.3, "end": 0.5}},
}


def run(task: str, arm: str, answer: float, right: bool = True, faults: tuple[str, ...] = ()) -> Run:
    wasted = [Span(2, "search", -1.0, -0.5, False)] if arm == "full" else []
    spans = [Span(1, "open_note", 0.5, 1.0, True), *wasted]
    return Run(
        task,
        "fluent",
        arm,
        answer,
        None,
        right,
        right,
        True,
        True,
        None,
        None,
        0,
        3,
        "Yes.",
        [],
        spans,
        [*faults],
    )


def compared(*, full_is_right: bool = True, faults: tuple[str, ...] = ()) -> results.Results:
    found = results.begin(SETUP, None)
    for at, task in enumerate("abc"):
        found.add(run(task, "sequential", 2.0 + at))
        found.add(run(task, "full", 1.0 + at, right=full_is_right or task != "c", faults=faults))
        found.add(run(task, "oracle", 0.5 + at))
    return found


def test_times_are_those_of_tasks_that_every_arm_got_right() -> None:
    sequential, full, oracle = judge(compared(full_is_right=False)).arms
    assert full.fair is not None and full.fair.tasks == 2 and full.all.tasks == 3
    assert full.fair.mean == 1.5 and full.all.mean == 2.0
    assert full.fair.speedup.value == pytest.approx(2.5 / 1.5)
    assert full.fair.head_start.value == pytest.approx(1 / 1.5)
    assert oracle.fair is not None and oracle.fair.head_start.value == 1
    assert (sequential.right.value, full.right.value) == (1, pytest.approx(2 / 3))
    assert full.delta.value == pytest.approx(-1 / 3)
    assert (full.wasted, full.wasted_seconds, sequential.wasted) == (1, 0.5, 0)
    assert judge(compared(full_is_right=False)).resolves == (full.delta.high - full.delta.low) / 2


def test_the_report_says_what_it_is_of_and_what_it_cannot_say() -> None:
    text = report(compared(), judge(compared()))
    assert "real time" in text and "the local brain" in text and "do not count" not in text
    assert "cannot be told from chance" in text and "still allows up to 100.0 %" in text
    gold = compared()
    gold.setup |= {"brain": "gold", "speed": 60.0}
    assert "its accuracy says nothing" in report(gold, judge(gold))


def test_a_broken_rule_is_said_first() -> None:
    broken = compared(faults=("answered before the end of the turn",))
    assert "**These figures do not count:** answered before the end of the turn (3 runs)" in report(
        broken, judge(broken)
    )


def test_a_comparison_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    found = results.begin(SETUP, tmp_path / "x")
    found.add(run("a", "full", 1.0))
    again = results.begin(SETUP, tmp_path / "x")
    assert again.runs == found.runs and again.has("a", "full") and not again.has("a", "oracle")
    with pytest.raises(SettingsError, match="other clock; choose another --out"):
        results.begin(SETUP | {"clock": "virtual"}, tmp_path / "x")
    with pytest.raises(SettingsError, match="holds no results"):
        results.read(tmp_path)


def test_two_results_are_compared_over_what_both_have() -> None:
    old, new = compared(), compared(full_is_right=False)
    new.runs = [replace(each, answer_at=(each.answer_at or 0) / 2) for each in new.runs if each.task != "a"]
    rows = {line.split()[1]: line for line in against(old, new).splitlines()[2:]}
    assert rows["full"].split()[3] == "2" and " 50.0 " in rows["full"] and "-50.0 [" in rows["full"]
    assert " 2.00 " in rows["sequential"]
    with pytest.raises(SettingsError, match="no task and arm in common"):
        against(old, replace(new, runs=[]))


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(SettingsError, match="extra `bench`"):
        estimates.require()


# ---- commands -----------------------------------------------------------------------------------


def test_a_suite_is_compared_kept_and_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = bench("assistant", "--brain", "gold", "--limit", "5", "--out", str(out), "--arms", "full")
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("# assistant: 5 tasks") and "gold brain" in first.stdout
    lines = (out / "runs.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 5 * 3
    (out / "runs.jsonl").write_text("\n".join(lines[:-4]) + "\n")
    second = bench(
        "assistant", "--brain", "gold", "--limit", "5", "--out", str(out), "--arms", "full", "--json"
    )
    whole = json.loads(second.stdout)
    assert (out / "runs.jsonl").read_text().splitlines() == lines  # drawn alike the second time
    assert [arm["arm"] for arm in whole["verdict"]["arms"]] == ["sequential", "full", "oracle"]
    assert not whole["verdict"]["faults"]
    assert json.loads((out / "report.json").read_text()) == whole
    compared = bench("compare", str(out), str(out))
    assert compared.exit_code == 0 and "full" in compared.stdout


def test_tasks_and_tools_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from tools.registry import tool\n"
        "from tools.tool import Effect, ToolContext, ToolResult\n"
        "@tool(effect=Effect.READ)\n"
        "async def tide(context: ToolContext, harbour: str) -> ToolResult:\n"
        '    """Say when the tide is high."""\n'
        '    return ToolResult(f"High water in {harbour} is at six.")\n'
        "def tools():\n    return [tide]\n"
    )
    task = {
        "id": "t1",
        "said": "when is high water in Whitby today",
        "kind": "fluent",
        "now": "2026-11-23T09:00:00",
        "world": "",
        "calls": [{"id": 1, "name": "tide", "arguments": {"harbour": "Whitby"}}],
        "effects": [],
        "answer_any": ["six"],
    }
    (tmp_path / "tasks.jsonl").write_text("\n".join(json.dumps(task | {"id": f"t{n}"}) for n in range(3)))
    command = [
        HEADSTART,
        "bench",
        "own",
        "--tasks",
        "tasks.jsonl",
        "--tools",
        "mine:tools",
        "--brain",
        "gold",
    ]
    found = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr
    assert all(arm["right"]["value"] == 1 for arm in json.loads(found.stdout)["verdict"]["arms"])


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_tools_of_a_server(tmp_path: Path, clock: str) -> None:
    task = {
        "id": "t1",
        "said": "echo rhubarb",
        "kind": "fluent",
        "now": "2026-11-23T09:00:00",
        "world": "",
        "calls": [
            {"id": 1, "name": "odd_echo", "arguments": {"x": "rhubarb"}},
            {"id": 2, "name": "odd_echo_write", "arguments": {"x": "rhubarb"}},
        ],
        "effects": [{"name": "odd_echo_write", "arguments": {"x": "rhubarb"}}],
        "answer_any": ["rhubarb"],
    }
    tasks, servers = tmp_path / "tasks.jsonl", tmp_path / "servers.json"
    tasks.write_text("\n".join(json.dumps(task | {"id": f"t{n}"}) for n in range(2)))
    program = ["-I", str(ROGUE), "well", str(tmp_path / "got.jsonl")]
    odd = {"command": sys.executable, "args": program, "trust": "annotations"}
    servers.write_text(json.dumps({"mcpServers": {"odd": odd}}))
    command = ["own", "--tasks", str(tasks), "--tools", str(servers), "--brain", "gold", "--clock", clock]
    found = bench(*command, "--delay", "0", "--speed" if clock == "virtual" else "--seed", "60", "--json")
    assert found.exit_code == 0, found
    verdict = json.loads(found.stdout)["verdict"]
    assert not verdict["faults"] and all(arm["right"]["value"] == 1 for arm in verdict["arms"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("assistant", "--brain", "none"), "there is no brain 'none'; choose from local, gold"),
        (("assistant", "--arms", "half"), "there is no arm 'half'; choose from sequential, parallel"),
        (("assistant", "--delay", "long"), "'long' is no delay"),
        (("assistant", "--delay", "50"), "'50' is no delay; give seconds from 0 to 9"),
        (("assistant", "--clock", "real", "--speed", "60"), "--speed is for the virtual clock"),
        (("hotpotqa",), "say with --data DIR"),
        (("own",), "say with --tasks FILE"),
        (("own", "--tasks", "tests/data/unseen.jsonl", "--tools", "nowhere:x"), "no tools at 'nowhere:x'"),
        (("compare", "tests", "tests"), "tests holds no results"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: tuple[str, ...], says: str) -> None:
    refusal = bench(*arguments).exception
    assert isinstance(refusal, HeadstartError) and says in str(refusal) and "\n" not in str(refusal)
