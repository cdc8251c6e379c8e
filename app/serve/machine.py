"""What there is to serve on: graphics cards, and vLLM itself."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import HeadstartError

_QUERY = ("index", "uuid", "name", "memory.total", "memory.free", "compute_cap")
_MIB = 1 << 20
_VERSION = "from importlib.metadata import version; print(version('vllm'))"


class ServeError(HeadstartError):
    """vLLM cannot serve. The message is one line: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card of NVIDIA's; memory in bytes, `capability` as in (8, 9)."""

    index: str
    uuid: str
    name: str
    memory: int
    free: int
    capability: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Engine:
    """vLLM: its command and version; `cpu` where it was built for processors."""

    command: Path
    version: str

    @property
    def is_for_cpu(self) -> bool:
        """Whether it was built for processors."""
        return self.version.endswith("+cpu")


def gpus(environ: Mapping[str, str]) -> list[Gpu]:
    """The cards that CUDA programs may use here; none where there is no driver.

    Raises ServeError for a driver that does not answer.
    """
    if (tool := shutil.which("nvidia-smi", path=environ.get("PATH"))) is None:
        return []
    command = [tool, f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except subprocess.TimeoutExpired:
        raise ServeError(
            "nvidia-smi does not answer: the graphics driver hangs; restart the machine"
        ) from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stdout", "").strip() or str(error)).splitlines()[0]
        raise ServeError(
            f"the graphics driver does not work: nvidia-smi says {said!r}; install it again"
        ) from None
    return visible(read_gpus(asked.stdout), environ)


def read_gpus(text: str) -> list[Gpu]:
    """The cards in what nvidia-smi printed. Raises ServeError where it leaves something out."""
    found: list[Gpu] = []
    for row in csv.reader(text.splitlines(), skipinitialspace=True):
        try:
            index, uuid, name, memory, free, capability = row
            major, _, minor = capability.partition(".")
            found.append(
                Gpu(index, uuid, name, int(memory) * _MIB, int(free) * _MIB, (int(major), int(minor)))
            )
        except ValueError:
            raise ServeError(
                f"nvidia-smi does not tell what is needed ({', '.join(row)}); start vLLM yourself, with what "
                "`headstart serve --print` shows for a card of 24 GB"
            ) from None
    return found


def visible(cards: Sequence[Gpu], environ: Mapping[str, str]) -> list[Gpu]:
    """Those of `cards` that CUDA_VISIBLE_DEVICES leaves, which nvidia-smi does not heed."""
    named = environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return list(cards)
    wanted = [name.strip() for name in named.split(",") if name.strip()]
    return [
        card
        for name in wanted
        for card in cards
        if name == card.index or (name.startswith("GPU-") and card.uuid.startswith(name))
    ]


def engine(environ: Mapping[str, str]) -> Engine:
    """The vLLM of this Python, else that on the path. Raises ServeError where there is none."""
    here = Path(sys.executable).with_name("vllm")
    found = str(here) if here.is_file() else shutil.which("vllm", path=environ.get("PATH"))
    if found is None:
        raise ServeError(
            "vLLM is not installed: uv sync --frozen --inexact --extra vllm, or apart from Headstart, "
            "uv tool install vllm"
        )
    command = Path(found)
    return Engine(command, _version(command))


def _version(command: Path) -> str:
    """As the Python tells it that runs `command`; vLLM itself takes long to be asked."""
    with command.open("rb") as script:
        first = script.readline(512)
    python = Path(first.removeprefix(b"#!").decode(errors="replace").strip())
    if not first.startswith(b"#!") or not python.name.startswith("python") or not python.is_file():
        return "unknown"  # wrapped, or for a path that is too long for such a line
    asked = subprocess.run([python, "-c", _VERSION], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ServeError(f"{command} does not work: its Python has no vLLM; install vLLM again")
    return asked.stdout.strip()
