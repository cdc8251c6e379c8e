"""Records: written line by line, read back whole, refused when damaged, without secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import SCHEMA_VERSION, CallChanged, CallIssued, CallState, Event, Notice
from agents.records import to_json
from app.hidden import secrets
from app.record import HIDDEN, Recorder, RecordError, read_record
from tools.tool import Effect

ROOT = Path(__file__).parents[2]


def write(path: Path, events: list[Event]) -> Path:
    with Recorder(path) as recorder:
        for event in events:
            recorder.write(event)
    return path


def test_the_frozen_sample_is_what_its_builder_makes(
    sample: list[Event], sample_path: Path, tmp_path: Path
) -> None:
    made = write(tmp_path / "made.jsonl", sample)
    assert made.read_text() == sample_path.read_text()


def test_a_record_reads_back_as_it_was(sample: list[Event], tmp_path: Path) -> None:
    assert list(read_record(write(tmp_path / "a.jsonl", sample))) == sample


def test_odd_texts_and_values_survive(tmp_path: Path) -> None:
    events: list[Event] = [
        Notice(0.5, 'line\nbreak "quote" \u2028 日本 \ud800'),
        CallChanged(1, 1.0, 1, 1, CallState.READY, value={"a": [1, 2.5, None, {"b": True}]}),
        CallChanged(1, 1.0, 1, 1, CallState.READY, value=[1]),
    ]
    assert list(read_record(write(tmp_path / "a.jsonl", events))) == events


def test_every_line_is_on_disk_at_once(sample: list[Event], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorder = Recorder(path)
    for count, event in enumerate(sample[:5], start=1):
        recorder.write(event)
        assert len(path.read_text().splitlines()) == count + 1
    assert json.loads(path.read_text().splitlines()[0]) == {"headstart": SCHEMA_VERSION}
    recorder.close()
    recorder.close()


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r"^cannot write .*: no such file or directory; record somewhere else$"
    ):
        Recorder(tmp_path / "missing" / "a.jsonl")


def test_a_full_disk_says_so(sample: list[Event]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(RecordError, match="cannot go on writing"):
        Recorder(full)


HEADER = '{"headstart":3}\n'
NOTICE = '{"event":"Notice","at":1.0,"text":"hello","error":false}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (NOTICE, "not a Headstart record"),
        ("hello\n", "is not a Headstart record: line 1 is not valid JSON"),
        ('{"headstart":1}\n', "record format 1, this version reads 3; record again, or replay it with"),
        ('{"headstart":99}\n', "record format 99, this version reads 3; update Headstart"),
        ('{"headstart":true}\n', "record format True"),
        (
            HEADER + NOTICE + NOTICE[:20],
            "line 3 is cut short.* replay what came before: head -n 2 .*a.jsonl > a-part.jsonl",
        ),
        (HEADER + NOTICE[:-1], "line 2 is cut short"),
        (HEADER + "\n", "line 2 is not valid JSON"),
        (HEADER + NOTICE + "[1]\n" + NOTICE, "line 3 is not a JSON object"),
        (HEADER + '{"event":"Danced","at":1.0}\n', "line 2 is no event this version knows .*Danced"),
        (HEADER + '{"event":"Notice","at":1.0}\n', "line 2 is no event.*text"),
        (HEADER + NOTICE.replace("1.0", '"soon"'), "line 2 is no event.*at has the wrong type"),
        (HEADER + NOTICE.replace("1.0", "NaN"), "line 2 is not valid JSON"),
        (HEADER + NOTICE.replace("1.0", "1e999"), "line 2 is no event.*at has the wrong type"),
        (HEADER + NOTICE.replace('"hello"', "7"), "text has the wrong type"),
        (
            HEADER + '{"event":"Heard","turn":true,"at":1,"stable":"","unstable":""}\n',
            "turn has the wrong type",
        ),
        (HEADER + "[" * 100_000 + "\n", "line 2 is not valid JSON"),
    ],
)
def test_damage_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(RecordError, match=message) as caught:
        list(read_record(path))
    assert "\n" not in str(caught.value)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "a.wav"
    binary.write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(RecordError, match="not UTF-8"):
        list(read_record(binary))
    with pytest.raises(RecordError, match="cannot read"):
        list(read_record(tmp_path / "none.jsonl"))


def test_what_precedes_the_damage_is_given(tmp_path: Path, sample: list[Event]) -> None:
    path = write(tmp_path / "a.jsonl", sample[:3])
    path.write_text(path.read_text() + '{"event":')
    seen: list[Event] = []
    with pytest.raises(RecordError, match="line 5 is cut short"):
        for event in read_record(path):
            seen.append(event)
    assert seen == sample[:3]


def test_the_advice_for_a_damaged_record_is_a_command_that_works(tmp_path: Path, sample: list[Event]) -> None:
    path = write(tmp_path / "my record.jsonl", sample[:3])
    path.write_text(path.read_text() + '{"event":')
    with pytest.raises(RecordError) as caught:
        list(read_record(path))
    command = str(caught.value).partition("came before: ")[2]
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert list(read_record(tmp_path / "my record-part.jsonl")) == sample[:3]


@given(keep=st.integers(0, 10_000), flip=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_any_damage_is_read_or_refused_in_one_line(
    keep: int, flip: int, byte: int, sample_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(sample_path.read_bytes())
    content[flip % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.jsonl"
    path.write_bytes(content[: keep % (len(content) + 1)])
    try:
        for event in read_record(path):
            to_json(event)
    except RecordError as error:
        assert "\n" not in str(error)


KEY = "sk-proj-9f8e7d6c5b4a"
SERVERS = {
    "notes": {"url": "http://anna:hunter2hunter2@localhost/mcp?key=in-the-address-77&x=1"},
    "mail": {
        "url": "http://localhost/mcp",
        "headers": {"Authorization": "Bearer ${MAIL}", "X-Id": "a-header-99"},
    },
    "git": {"command": "git-server", "env": {"GIT_TOKEN": "ghp_0123456789", "GIT_DIR": "/home/anna/notes"}},
}


def test_what_is_secret(tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": SERVERS}))
    environ = {"OPENAI_API_KEY": KEY, "MAIL": "from-the-env-1234", "HOME": "/home/anna", "PIN_KEY": "short"}
    found = secrets(environ, file)
    assert found >= {
        KEY, "hunter2hunter2", "in-the-address-77", "from-the-env-1234", "a-header-99", "ghp_0123456789"
    }  # fmt: skip
    assert not found & {"/home/anna", "/home/anna/notes", "short", "Bearer", "1"}
    assert secrets(environ, None) == {KEY}


def test_no_secret_gets_into_a_record(tmp_path: Path) -> None:
    value = {"headers": [f"Bearer {KEY}", {"deep": KEY}], "n": 3}
    events: list[Event] = [
        Notice(0.1, f"401 from https://example.org/?key={KEY}", error=True),
        CallIssued(1, 0.2, 1, 1, "fetch", {"token": KEY, "page": 2}, Effect.READ),
        CallChanged(1, 0.3, 1, 1, CallState.READY, text=f"it says {KEY}!", value=value),
        CallChanged(1, 0.3, 1, 1, CallState.READY, text=f"{KEY}-longer", value=None),
    ]
    path = tmp_path / "a.jsonl"
    with Recorder(path, {KEY, KEY + "-longer", "event", "CallIssued", "ready"}) as recorder:
        for event in events:
            recorder.write(event)
    assert KEY not in path.read_text()
    notice, issued, ready, longer = read_record(path)
    assert notice == Notice(0.1, f"401 from https://example.org/?key={HIDDEN}", error=True)
    assert isinstance(issued, CallIssued)
    assert issued.arguments == {"token": HIDDEN, "page": 2}
    assert isinstance(ready, CallChanged)
    assert (ready.text, ready.value) == (
        f"it says {HIDDEN}!", {"headers": [f"Bearer {HIDDEN}", {"deep": HIDDEN}], "n": 3}
    )  # fmt: skip
    assert isinstance(longer, CallChanged)
    assert longer.text == HIDDEN


def test_a_session_with_keys_around_it_leaves_none_in_its_record(tmp_path: Path) -> None:
    """A server that refuses and repeats the key it was given, as some do in their error pages."""
    told = "Bearer " + KEY

    class Talkative(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"error": f"I do not know {self.headers['Authorization']}"}).encode()
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Talkative) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/mcp?api_key={KEY}"
        file = tmp_path / "servers.json"
        file.write_text(
            json.dumps({"mcpServers": {"talkative": {"url": url, "headers": {"Authorization": told}}}})
        )
        record = tmp_path / "a.jsonl"
        run = subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "say", f"make a note that says {KEY}",
             "--mcp", str(file), "--record", str(record), "--data", str(tmp_path / "data")],
            capture_output=True, text=True, cwd=ROOT, timeout=120,
            env={**os.environ, "OPENAI_API_KEY": KEY, "SOME_TOKEN": "another-one-1234"},
        )  # fmt: skip
        server.shutdown()
    assert run.returncode == 0, run.stderr
    text = record.read_text()
    assert "talkative" in text  # the notice that it did not come up
    assert HIDDEN in text  # the user's own words held the key
    assert KEY not in text
    assert "another-one-1234" not in text
