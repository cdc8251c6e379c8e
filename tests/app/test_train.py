"""`headstart train`: what it refuses, and what it scores."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.training.curve import curve
from app.cli import app
from app.settings import SettingsError
from tools.errors import HeadstartError

DATA = Path(__file__).parents[1] / "data"


def run(*arguments: str | Path) -> str:
    made = CliRunner().invoke(app, ["train", *map(str, arguments)], catch_exceptions=False)
    assert made.exit_code == 0
    return made.output


@pytest.mark.parametrize("command", [["--out", "runs"], ["data", "turns.npz"]])
def test_without_the_extra_one_line_says_what_to_install(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("bases", "shards", "export", "packing", "sft"):
        monkeypatch.delitem(sys.modules, f"agents.training.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(SettingsError, match="--extra train"):
        run(*command)
    assert not list(tmp_path.iterdir())


def test_turns_that_are_there_and_new_ones_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="choose"):
        run("--data", tmp_path / "data.npz", "--turns", "10")


def test_what_cannot_be_scored(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="name a file of tasks"):
        run("eval")
    for text in ("{", '{"id": "x"}', "[1]"):
        file = tmp_path / "tasks.jsonl"
        file.write_text(text)
        with pytest.raises(SettingsError, match="no file of tasks"):
            run("eval", file)
    with pytest.raises(HeadstartError, match=r"none\.gguf is missing"):
        run("eval", DATA / "requests.jsonl", "--adapter", tmp_path / "none.gguf")


def test_an_adapter_is_scored_as_json_or_as_a_table() -> None:
    asked = ["eval", DATA / "requests.jsonl", "--sample", "2", "--mode", "sequential"]
    scores = json.loads(run(*asked, "--json"))
    assert (scores["set"], scores["mode"], scores["tasks"], scores["updates"]) == (
        "requests",
        "sequential",
        2,
        2,
    )
    assert set(scores["by_prefix"]) == {"25", "50", "75", "100"}
    assert scores["tokens_an_update"] > 1
    table = run(*asked)
    assert f"all{scores['tasks']:>20}{scores['plan']:>7g}" in table


def test_the_curve_falls_with_the_loss() -> None:
    assert curve([8.0, 4.0, 2.0, 1.0]) == "█▆▃▁"
    assert curve([3.0]) == "▁"
    assert len(curve([1.0 + at for at in range(500)])) == 60


# What torch compiles with warns of itself in many ways.
@pytest.mark.filterwarnings("ignore")
def test_one_command_makes_an_adapter_from_nothing(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    pytest.importorskip("peft", reason="training needs the extra `train`")
    told = run("--out", tmp_path, "--turns", "10", "--minutes", "0.05", "--rank", "4", "--rows", "1")
    assert "sha256" in told and "loss " in told
    assert {path.name for path in tmp_path.iterdir()} >= {"adapter.gguf", "peft", "losses.csv", "run.json"}
    with pytest.raises(HeadstartError, match="no model can be read"):
        run("--model", str(tmp_path / "nothing"), "--out", tmp_path / "other")
