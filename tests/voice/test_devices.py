import asyncio
import ctypes.util
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.voice.test_conversation import plain
from voice.devices import AudioUnavailable, Direction, native_errors_to, pick

PULSE = [
    "pulseaudio",
    "-n",
    "--daemonize=no",
    "--exit-idle-time=-1",
    "-L",
    "module-native-protocol-unix",
    "-L",
    "module-null-sink sink_name=speaker",
    "-L",
    "module-null-sink sink_name=mic rate=44100 channels=1",
]
MISSING = [name for name in ("pulseaudio", "pactl", "paplay", "parec") if shutil.which(name) is None]
if ctypes.util.find_library("portaudio") is None:
    MISSING.append("libportaudio2")


def test_without_portaudio_the_way_to_install_it_is_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(ctypes.util, "find_library", lambda _: None)
    with pytest.raises(AudioUnavailable, match="sudo apt install libportaudio2"):
        pick(Direction.INPUT)


def test_native_noise_goes_to_the_log(tmp_path, capfd):
    log = tmp_path / "native.log"
    with native_errors_to(log):
        os.write(2, b"ALSA lib pcm.c: nonsense\n")
    os.write(2, b"after\n")
    assert log.read_bytes() == b"ALSA lib pcm.c: nonsense\n"
    assert capfd.readouterr().err == "after\n"


def test_native_noise_ends_with_an_exception_too(tmp_path, capfd):
    with pytest.raises(KeyError), native_errors_to(tmp_path / "native.log"):
        raise KeyError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


async def output_of(*command, env):
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    return process.returncode, out


@pytest.fixture
async def sound_server(tmp_path):
    """A PulseAudio of its own without hardware; gives the environment that leads to it."""
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    server = await asyncio.create_subprocess_exec(*PULSE, env=env, stderr=subprocess.DEVNULL)
    try:
        while (await output_of("pactl", "info", env=env))[0]:
            assert server.returncode is None, "PulseAudio did not start"
        await output_of("pactl", "set-default-source", "mic.monitor", env=env)
        await output_of("pactl", "set-default-sink", "speaker", env=env)
        yield env
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
async def test_turns_over_real_devices_which_change_in_between(sound_server, speak):
    question = speak(0.5, "What time is it?", 0.5)
    recorder = await asyncio.create_subprocess_exec(
        "parec",
        "--device=speaker.monitor",
        "--format=s16le",
        "--channels=1",
        env=sound_server,
        stdout=subprocess.PIPE,
    )
    talk = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.voice.talk_to_devices", env=sound_server, stdout=subprocess.PIPE
    )
    for notice in (b"listening\n", b"now with pulse, pulse\n"):
        assert await talk.stdout.readline() == notice
        await output_of("paplay", "--device=mic", str(question), env=sound_server)
    sound = asyncio.create_task(recorder.communicate())
    out, _ = await talk.communicate()
    recorder.terminate()
    heard = np.frombuffer((await sound)[0], np.int16)
    report = json.loads(out)
    words = [plain(rest[0]) for name, *rest in report["calls"] if name == "end_turn"]
    assert words == ["what time is it"] * 2
    spoken = [rest for name, *rest in report["calls"] if name == "speaking_ended"]
    assert spoken == [["It is noon.", False]] * 2
    assert report["used"] == ["pulse", "pulse"] and 0.01 < report["loudest"] < 1.0
    assert report["default"] in report["devices"]["input"]
    assert np.abs(heard.astype(int)).max() > 1000
