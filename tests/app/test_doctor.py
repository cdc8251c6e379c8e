"""What the doctor finds, and says."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from agents.brain import Brain
from app import devices as chooser
from app import doctor
from app.settings import Settings, SettingsError, load
from app.speed import Speed
from tests.served import served
from voice import devices as sound
from voice.devices import AudioUnavailable, Device, Direction
from voice.echo import Echo
from voice.probe import Probe

FOUND = {
    Direction.INPUT: [Device(0, "Desk", 48000, 1, True), Device(1, "USB Headset", 16000, 1, False)],
    Direction.OUTPUT: [Device(2, "Loud", 48000, 2, True)],
}


@pytest.fixture
def two_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sound, chooser):
        monkeypatch.setattr(module, "devices", lambda direction: FOUND[direction])


@pytest.fixture
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "devices", lambda _: [])


async def first_action(brain: Brain) -> float:
    return 0.5


@pytest.mark.parametrize(("seconds", "ok"), [(0.9, True), (1.1, False)])
def test_a_model_that_cannot_keep_up_is_named(
    monkeypatch: pytest.MonkeyPatch, seconds: float, ok: bool
) -> None:
    speeds = [Speed("words", seconds, 4.0, 1.0), Speed("voice", 0.1, 4.0, 2.0)]
    monkeypatch.setattr("voice.models.load", lambda: None)
    monkeypatch.setattr("app.speed.measure", lambda _: speeds)
    check = doctor._check("speed", doctor._speed)
    assert check.ok == ok
    assert check.detail.startswith(f"words {seconds:.2f} s for 4.0 s; voice 0.10 s for 4.0 s")
    assert ok or "words cannot keep up" in check.detail


@pytest.mark.usefixtures("no_devices")
def test_each_check_says_in_one_line_what_was_found_or_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-printed")
    monkeypatch.setattr("voice.models.load", lambda: None)
    monkeypatch.setattr("app.speed.measure", lambda _: [Speed("words", 0.2, 4.0, 1.0)])
    monkeypatch.setattr("app.speed.first_action", first_action)
    assert not doctor.examine(Settings(data=tmp_path), as_json=True)
    out = capsys.readouterr().out
    checks = [json.loads(line) for line in out.splitlines()]
    assert "not-to-be-printed" not in out
    assert [check["name"] for check in checks if check["ok"]] == [
        "packages",
        "models",
        "speed",
        "brain",
        "store",
    ]
    assert {check["name"] for check in checks if not check["ok"]} == {"microphone", "speaker", "echo"}
    assert all("connect one" in check["detail"] for check in checks if not check["ok"])


def test_a_package_that_is_missing_or_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["numpy", "no-such-package>=1", "pydantic>=99", 'matplotlib>=99; extra == "bench"']
    monkeypatch.setattr(metadata, "requires", lambda _: needed)
    check = doctor._check("packages", doctor._packages)
    assert not check.ok
    assert check.detail.startswith("no-such-package is missing; pydantic is 2.")
    assert "numpy" not in check.detail and "matplotlib" not in check.detail


@pytest.mark.usefixtures("two_devices")
@pytest.mark.parametrize(
    ("room", "echo", "left", "setting", "advice"),
    [
        (-60, -30, -55, Echo.CANCEL, None),
        (-60, -30, -40, Echo.CANCEL, "half-duplex"),
        (-60, -30, -40, Echo.HALF_DUPLEX, None),
        (-60, -30, -55, Echo.OFF, "cancel"),
        (-60, -30, -40, Echo.OFF, "half-duplex"),
        (-60, -58, -58, Echo.OFF, None),
    ],
)
def test_the_advice_on_echo_follows_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, room: float, echo: float, left: float, setting: Echo, advice: str | None
) -> None:
    monkeypatch.setattr("voice.probe.probe", lambda *_: Probe(room, echo, left))
    check = doctor._check("echo", lambda: doctor._echo(Settings(echo=setting)))
    assert check.ok == (advice is None)
    assert advice is None or f'echo = "{advice}"' in check.detail


@pytest.mark.usefixtures("two_devices")
@pytest.mark.parametrize(("loudness", "told"), [(-100, "unmute"), (-10, "quieter"), (-60, None)])
def test_a_microphone_that_is_muted_or_drowned_is_told(
    monkeypatch: pytest.MonkeyPatch, loudness: float, told: str | None
) -> None:
    monkeypatch.setattr("voice.probe.level", lambda _: loudness)
    check = doctor._check("microphone", lambda: doctor._microphone(Settings()))
    assert check.ok == (told is None)
    assert told is None or told in check.detail


@pytest.mark.usefixtures("two_devices")
def test_a_device_is_chosen_by_a_part_of_its_name_and_the_rest_of_the_file_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('# mine\nbrain = "local"  # small\n')
    chooser.choose("headset", None, config)
    assert config.read_text() == '# mine\nbrain = "local"  # small\nmicrophone = "USB Headset"\n'
    chooser.show(Settings(microphone="USB Headset"))
    starred = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines() if line[0] == "*"]
    assert starred == ["USB Headset", "Loud"]


@pytest.mark.usefixtures("two_devices")
def test_a_device_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with pytest.raises(AudioUnavailable, match="there are: Loud"):
        chooser.choose("Desk", "none of these", config)
    assert not config.exists()
    config.write_text("= nonsense")
    with pytest.raises(SettingsError, match="cannot be read"):
        chooser.choose("Desk", None, config)


def test_the_server_of_the_brain_is_tried_and_named() -> None:
    with served() as server:
        check = doctor._check("brain", lambda: doctor._brain(load(brain="vllm", url=f"{server}/v1")))
    assert f"at {server.removeprefix('http://')}" in check.detail
    assert "s to its first call" in check.detail
    check = doctor._check("brain", lambda: doctor._brain(load(brain="vllm", url="http://127.0.0.1:1/v1")))
    assert not check.ok
    assert "there is no server at 127.0.0.1:1; start one with `headstart serve`" in check.detail


def test_a_model_that_cannot_run_inside_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADSTART_VLLM", json.dumps({"inside": str(tmp_path)}))
    check = doctor._check("brain", lambda: doctor._brain(load(brain="vllm")))
    assert not check.ok
    assert "\n" not in check.detail
