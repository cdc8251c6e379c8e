"""The real command in a process of its own: what people type, what they read, and what it leaves behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from tools.store import Store

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo.wav"
HEADSTART = [sys.executable, "-c", "from app.cli import main; main()"]


def headstart(*arguments: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HEADSTART, *map(str, arguments), "--data", str(data)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        cwd=ROOT,
    )


def events_of(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def refused(run: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal."""
    assert run.returncode == 2, (run.returncode, run.stderr)
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("headstart: ")
    return lines[0]


def listen(file: Path, data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return headstart("talk", "--input", file, "--output", "none", "--json", "--demo-data", *more, data=data)


def silence(path: Path, seconds: float = 1.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(int(seconds * 16000) * 2))
    return path


def test_a_file_that_is_no_audio(tmp_path: Path) -> None:
    assert "not an audio file" in refused(listen(ROOT / "README.md", tmp_path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in refused(listen(tmp_path / "nothing.wav", tmp_path))


def test_silence_in_which_a_timer_that_ran_out_before_is_told(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write("INSERT INTO timers (label, due, seconds) VALUES ('tea', '2026-01-01T12:00:00', 60)")
    run = listen(silence(tmp_path / "silence.wav"), tmp_path)
    told = [event for line in run.stdout.splitlines() if "Alert" in (event := json.loads(line))["event"]]
    text = "Your tea timer was done on Thursday the 1st of January"
    assert [event["event"] for event in told] == ["AlertDue", "AlertTold"]
    assert all(event["text"].startswith(text) for event in told) and told[1]["heard"] == told[1]["text"]
    with Store.open(tmp_path) as store:
        assert [row["told"] for row in store.rows("SELECT told FROM timers")] == [1]
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].startswith("headstart: no speech was heard")


@pytest.mark.parametrize(("brain", "told"), [("clever", "no brain 'clever'"), ("vllm", "headstart serve")])
def test_a_brain_that_cannot_be_had(
    tmp_path: Path, brain: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    monkeypatch.setenv("HEADSTART_VLLM", json.dumps({"url": nobody}))
    assert told in refused(headstart("say", "hello", "--brain", brain, data=tmp_path))


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert str(blocked) in refused(headstart("say", "hello", data=blocked / "data"))


def test_a_second_copy_on_the_same_store(tmp_path: Path) -> None:
    with Store.open(tmp_path):
        assert "another Headstart" in refused(headstart("say", "hello", data=tmp_path))


def test_no_words_to_say(tmp_path: Path) -> None:
    assert "no words" in refused(headstart("say", " ", data=tmp_path))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path]:
    data = tmp_path_factory.mktemp("demo")
    record = data / "demo.jsonl"
    return events_of(listen(DEMO, data, "--record", str(record))), data


def test_the_demo_starts_before_the_end_of_speech_and_writes_after_commit(
    demo: tuple[list[dict[str, Any]], Path],
) -> None:
    events, _ = demo
    silence = max(e["at"] for e in events if e["event"] == "SpeechEnded")
    commit = next(e["at"] for e in events if e["event"] == "Committed")
    running = [e["at"] for e in events if e["event"] == "CallChanged" and e["state"] == "running"]
    effects = [e["at"] for e in events if e["event"] == "Effected"]
    assert min(running) < silence
    assert len(effects) == 1
    assert effects[0] >= commit
    summary = events[-1]
    assert summary["event"] == "SessionEnded"
    assert summary["answer_at"] > summary["end_of_speech"]
    assert summary["rolled_back"] >= 1
    assert summary["wrong_effects"] == 0
    assert {"head_start", "calls"} <= summary.keys()


def test_the_demo_leaves_exactly_the_event_that_was_asked_for(
    demo: tuple[list[dict[str, Any]], Path],
) -> None:
    events, data = demo
    with Store.open(data) as store:
        journal = store.rows("SELECT tool, state FROM journal")
        added = store.rows("SELECT title, start FROM events ORDER BY id DESC LIMIT 1")
    assert [tuple(row) for row in journal] == [("create_calendar_event", "done")]
    assert added[0]["title"].casefold() == "lunch with anna"
    issued = next(
        e for e in reversed(events) if e["event"] == "CallIssued" and e["name"] == "create_calendar_event"
    )
    assert issued["arguments"]["start"].casefold().startswith("saturday")
    assert added[0]["start"].endswith("13:00:00") or "T13:00" in added[0]["start"]


def test_sequential_mode_has_the_same_effects(
    demo: tuple[list[dict[str, Any]], Path], tmp_path: Path
) -> None:
    events, _ = demo
    late = events_of(listen(DEMO, tmp_path, "--mode", "sequential"))
    final = next(e["at"] for e in late if e["event"] == "Updated" and e["final"])
    assert all(e["at"] >= final for e in late if e["event"] == "CallIssued")
    assert [e["text"] for e in events if e["event"] == "Effected"] == [
        e["text"] for e in late if e["event"] == "Effected"
    ]


def test_a_record_of_the_demo_replays_to_the_same_states(demo: tuple[list[dict[str, Any]], Path]) -> None:
    _, data = demo
    run = subprocess.run(
        [*HEADSTART, "replay", str(data / "demo.jsonl"), "--check"],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_middle_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    words = "set a timer for ten minutes and " + "please " * 40
    process = subprocess.Popen(
        [*HEADSTART, "say", words, "--json", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "CallIssued":
            process.send_signal(number)
            break
    rest, complaints = process.communicate(timeout=30)
    assert json.loads(rest.splitlines()[-1])["event"] == "SessionEnded"
    assert complaints == ""
    with Store.open(tmp_path) as store:
        assert store.rows("SELECT * FROM journal") == []
        assert store.rows("SELECT * FROM timers") == []


def test_a_reader_that_goes_away_ends_the_talk(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    command = [*HEADSTART, "talk", "--input", str(silence(tmp_path / "long.wav", 300)), "--output", "none"]
    process = subprocess.Popen(
        [*command, "--json", "--data", str(tmp_path), "--record", str(record)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None and process.stderr is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "Level":
            break
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert complaints == ""
    told = [json.loads(line) for line in record.read_text().splitlines()[1:]]
    assert told[-1]["event"] == "SessionEnded"
    assert not [event for event in told if event["event"] == "Notice" and event["error"]]
