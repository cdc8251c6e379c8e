"""The benchmark of many talkers: its levels are fair, its figures are the server's, and it finds the bend."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.bench import crowd_report
from app.bench.crowd import Level, level
from app.bench.crowd_report import bend, rows, verdict
from app.bench.measures import bench_serve
from app.bench.metrics import Counted, counted, read
from app.bench.runner import Conditions
from app.bench.score import Run
from app.bench.suites import household
from app.brains import served_engine
from app.settings import SettingsError, load
from tests.served import served

METRICS = """\
# HELP vllm:prefix_cache_queries_total Prefix cache queries, in terms of number of queried tokens.
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="base"} 1200.0
vllm:prefix_cache_queries_total{engine="1",model_name="base"} 300.0
vllm:prefix_cache_queries_created{engine="0",model_name="base"} 1.795715e+09
vllm:prefix_cache_hits_total{engine="0",model_name="base"} 1000.0
vllm:prefix_cache_hits_total{engine="1",model_name="base"} 1e+02
vllm:generation_tokens_total{engine="0",model_name="base"} 64.0
vllm:num_preemptions_total{engine="0",model_name="base"} 2.0
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as server:
        yield f"{server}/v1"


def a_run(task: str, answer_at: float, *, failed: bool = False) -> Run:
    return Run(
        task,
        "fluent",
        "full",
        answer_at,
        None,
        plan=True,
        arguments=True,
        state=True,
        answered=not failed,
        exact=None,
        f1=None,
        wrong_effects=0,
        updates=3,
        said="",
        calls=[],
        failures=["It broke off."] if failed else [],
    )


def a_level(sessions: int, *times: float, failed: int = 0) -> Level:
    runs = [a_run(str(at), time, failed=at < failed) for at, time in enumerate(times)]
    return Level(sessions, runs, reactions=4 * len(runs), interrupted=len(runs), given=1200, new=300)


def test_counts_of_all_engines_of_a_server_are_summed() -> None:
    found = read(METRICS)
    assert found == Counted(1500, 1100, 64, 2)
    assert found.computed == 400
    assert found - Counted(500, 400, 60, 0) == Counted(1000, 700, 4, 2)
    assert read("vllm:prefix_cache_queries_total 3.0") is None


def test_figures_are_per_turn_and_per_request() -> None:
    one = replace_server(a_level(1, 1.0, 1.2, 0.8, 1.0), Counted(1280, 960, 64, 0))
    (row,) = rows([one])
    assert (row.requests, row.interrupted, row.turns, row.failed) == (4.0, 1.0, 4, 0)
    assert (row.given, row.hits, row.computed) == (75.0, 0.75, 20.0)
    assert row.again == 1.25  # of 320 that were computed, 300 were new
    assert row.p50 is not None
    assert row.p50.value == 1.0


def replace_server(level: Level, server: Counted) -> Level:
    level.server = server
    return level


def test_levels_are_compared_task_by_task_over_those_that_did_not_fail() -> None:
    first, second = rows([a_level(1, 9.0, 1.0, 1.0, failed=1), a_level(4, 1.0, 2.0, 2.0)])
    assert second.slower is not None
    assert second.slower.value == 2.0
    assert first.failed == 1


@pytest.mark.parametrize(
    ("levels", "at", "why"),
    [
        (
            [a_level(1, 1.0, 1.0), a_level(2, 1.1, 1.2), a_level(4, 1.6, 1.6)],
            4,
            "1.6 times as long as with 1",
        ),
        (
            [a_level(1, 1.0, 1.0), a_level(2, 1.0, 1.0, failed=1), a_level(4, 3.0, 3.0)],
            2,
            "1 of 2 turns fail",
        ),
        ([a_level(1, 1.0, 1.0), a_level(2, 1.4, 1.4)], None, "does not bend up to 2"),
    ],
)
def test_it_bends_where_answers_fail_or_take_half_as_long_again(
    levels: list[Level], at: int | None, why: str
) -> None:
    found = rows(levels)
    bent = bend(found)
    assert (bent and bent.sessions) == at
    assert why in verdict(found)


async def test_each_task_is_said_once_at_a_level_by_whoever_is_free(url: str) -> None:
    suite = household("assistant").sample(2, 1)
    settings = load(url=url)
    found = await level(2, suite.tasks, suite.stage, Conditions(), lambda: served_engine(settings), url)
    assert sorted(run.task for run in found.runs) == sorted(task.id for task in suite.tasks)
    assert not any(run.faults for run in found.runs)
    assert found.reactions > found.interrupted >= 0
    assert found.written > 0
    assert found.server is None  # llama.cpp is asked nothing it does not count
    assert await counted("http://127.0.0.1:1/v1") is None


def test_the_report_is_a_table_or_an_object(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    levels = {1: a_level(1, 1.0, 1.0), 2: a_level(2, 2.0, 1.5)}

    async def measured(sessions: int, *_: object) -> Level:
        return levels[sessions]

    monkeypatch.setattr(crowd_report, "level", measured)
    bench_serve(sessions="2,1", limit=2, url=url)
    text = capsys.readouterr().out
    assert "It bends with 2 at the same time: answers take 1.8 times as long as with 1." in text
    bench_serve(sessions="1,2", limit=2, url=url, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["bends_at"] == 2
    assert [row["sessions"] for row in told["levels"]] == [1, 2]


def test_a_server_that_answers_nobody_has_no_times() -> None:
    found = rows([a_level(1, 1.0, 1.0, failed=2)])
    assert (found[0].p50, found[0].p99, found[0].slower) == (None, None, None)
    assert verdict(found) == "It bends with 1 at the same time: 2 of 2 turns fail."
    text = crowd_report.report(found, household("assistant"), Conditions(), "gpu:8000", [])
    assert "- With 1, 2 times: It broke off." in text


@pytest.mark.parametrize("sessions", ["", "one", "0,2", "1,-2"])
def test_what_is_no_number_of_sessions_is_refused(sessions: str) -> None:
    with pytest.raises(SettingsError, match="--sessions 1,2,4,8"):
        bench_serve(sessions=sessions)


def test_a_suite_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="choose from assistant, disfluent, services"):
        bench_serve(sessions="1", suite="hotpotqa")


def test_the_address_is_a_setting_and_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"url": "http://gpu:8000/v1", "model": "qwen", "inside": "tiny"}
    monkeypatch.setenv("HEADSTART_VLLM", json.dumps(table))
    assert load().vllm.url == "http://gpu:8000/v1"
    assert load().vllm.inside == "tiny"
    found = load(url="https://other/v1").vllm
    assert (found.url, found.model, found.inside) == ("https://other/v1", "qwen", None)
    with pytest.raises(SettingsError, match=r"setting vllm\.url: '127\.0\.0\.1:8000' is no address"):
        load(url="127.0.0.1:8000")
