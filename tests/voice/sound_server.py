"""A sound card that is none: a PulseAudio of its own, whose sinks stand for loudspeaker and air."""

from __future__ import annotations

import asyncio
import ctypes.util
import os
import shutil
import subprocess
from pathlib import Path

MISSING = [name for name in ("pulseaudio", "pactl", "paplay", "parec") if shutil.which(name) is None]
if ctypes.util.find_library("portaudio") is None:
    MISSING.append("libportaudio2")


class SoundServer:
    """Two devices: what goes into the sink `mic` is heard by the default microphone, `speaker` is spoken to.

    `start` needs the environment `env` only for itself; whoever is to use the devices needs it, too.
    """

    def __init__(self, folder: Path) -> None:
        self.env = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "PYTHONWARNINGS": "ignore",
        }
        self._server: asyncio.subprocess.Process | None = None
        self._modules: dict[str, str] = {}

    async def start(self) -> None:
        """Return when both devices are there."""
        command = ("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--log-target=stderr")
        modules = ("-L", "module-native-protocol-unix")
        self._server = await asyncio.create_subprocess_exec(
            *command, *modules, env=self.env, stderr=subprocess.DEVNULL
        )
        while (await self.run("pactl", "info"))[0]:
            assert self._server.returncode is None, "PulseAudio did not start"
        await self.plug_in("speaker")
        await self.plug_in("mic")

    async def stop(self) -> None:
        """As if the server had crashed."""
        if self._server is not None and self._server.returncode is None:
            self._server.terminate()
            await self._server.wait()
        self._modules.clear()

    def signal(self, number: int) -> None:
        """SIGSTOP: from now on it hangs; SIGCONT: no more."""
        assert self._server is not None
        self._server.send_signal(number)

    async def plug_in(self, name: str) -> None:
        """`mic` or `speaker` is there, and the default. Whoever listened to it before does so again."""
        self._modules[name] = await self._load("module-null-sink", f"sink_name={name}", "rate=44100")
        if name == "mic":
            await self.run("pactl", "set-default-source", "mic.monitor")
            # Without a microphone the server lets them hear the speaker. A desktop's takes them back.
            _, listeners = await self.run("pactl", "list", "short", "source-outputs")
            for line in listeners.splitlines():
                number, *_, module = line.split("\t")
                if "loopback" not in module:
                    await self.run("pactl", "move-source-output", number, "mic.monitor")
        else:
            await self.run("pactl", "set-default-sink", "speaker")

    async def pull_out(self, name: str) -> None:
        """`mic` or `speaker` is there no more."""
        await self.run("pactl", "unload-module", self._modules.pop(name))

    async def open_the_room(self) -> None:
        """From now on the microphone hears the speaker, 50 ms late."""
        await self._load("module-loopback", "source=speaker.monitor", "sink=mic", "latency_msec=50")

    async def say(self, recording: Path) -> None:
        """Return when the microphone has heard it."""
        await self.run("paplay", "--device=mic", str(recording))

    async def record_speaker(self) -> asyncio.subprocess.Process:
        """Writes what is spoken to its stdout, 16-bit mono at 44.1 kHz."""
        format = ("--format=s16le", "--channels=1", "--rate=44100", "--latency-msec=20")
        return await asyncio.create_subprocess_exec(
            "parec", "--device=speaker.monitor", *format, env=self.env, stdout=subprocess.PIPE
        )

    async def run(self, *command: str) -> tuple[int | None, str]:
        """Exit status and stdout of a command, this server its sound server."""
        process = await asyncio.create_subprocess_exec(
            *command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    async def _load(self, *module: str) -> str:
        status, number = await self.run("pactl", "load-module", *module)
        assert status == 0, module
        return number.strip()
