"""The voice benchmark as tables for a terminal, or as one JSON object."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from loguru import logger

from app.bench.cost import machine
from app.bench.ranges import Range
from app.bench.voice.clips import Clip, recorded, synthesised
from app.bench.voice.hearing import Hearing, hear
from app.bench.voice.hesitating import Hesitating, hesitate
from app.bench.voice.pauses import Pauses, pauses
from app.bench.voice.peer import Peer, at_once, peer
from app.bench.voice.speaking import Speaking, speaking
from app.bench.voice.words import Errors
from voice.models import Models, load

GOALS = {
    "stable word, median": (0.8, "s behind the moment it was said"),
    "final transcript, median": (0.35, "s after the end of speech"),
    "word error rate": (1.0, "points above the whole clip at once"),
    "false cut-offs": (5.0, "% of pauses of 1 s, judged"),
    "false cut-offs in conversation": (5.0, "% of pauses of 1 s"),
    "barge-in to silence, median": (0.2, "s"),
    "audio jitter, 95th percentile": (15.0, "ms"),
}
_CUTS = 6  # times the user cuts in


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is measured."""

    hearing: Hearing
    pauses: Pauses
    hesitating: Hesitating
    speaking: Speaking
    at_once: Errors
    pipecat: Peer


def run(count: int, folder: Path | None, *, as_json: bool) -> None:
    """Measure `count` synthesised clips, or those of `folder`, and print. Raises BenchError and BadAudio.

    `count` is also that of the sentences with a pause.
    """
    logger.remove()
    where = machine()
    _progress("loading the models")
    models = load()
    clips = recorded(folder) if folder else synthesised(models.voice, count)
    figures = asyncio.run(_measure(models, clips, count))
    goals = reached(figures)
    if as_json:
        met = {name: {"measured": value, "goal": GOALS[name][0]} for name, value in goals.items()}
        print(json.dumps({"machine": where, "load": os.getloadavg()[0], "goals": met} | asdict(figures)))
    else:
        print("{cpu} · {cores} cores · Python {python}".format(**where) + f" · load {os.getloadavg()[0]:.1f}")
        print("\n".join(table(figures, goals)))


async def _measure(models: Models, clips: Sequence[Clip], count: int) -> Figures:
    seconds = sum(clip.seconds for clip in clips)
    _progress(f"hearing {len(clips)} clips, {seconds:.0f} s of them, with the local brain")
    hearing = await hear(models, clips, _progress)
    _progress("pauses in sentences")
    judged = await pauses(models, clips, _progress)
    hesitating = await hesitate(models, count, _progress)
    speech = await speaking(models, _CUTS, _progress)
    _progress("the same clips at once, and through Pipecat's Whisper service")
    whole = await asyncio.to_thread(at_once, clips)
    return Figures(hearing, judged, hesitating, speech, whole, await peer(clips, _progress))


def reached(figures: Figures) -> dict[str, float | None]:
    """What was measured for each of `GOALS`; None for what could not be, as nothing came in time."""
    hearing, speech = figures.hearing, figures.speaking
    values = (
        hearing.stable.p50 if hearing.stable.count else None,
        hearing.transcript.p50 if hearing.turn.count else None,
        hearing.errors.rate - figures.at_once.rate,
        figures.pauses.cut[1.0],
        figures.hesitating.rate if figures.hesitating.pauses else None,
        speech.silent.p50 if speech.silent.count else None,
        hearing.jitter.p95,
    )
    return dict(zip(GOALS, values, strict=True))


def table(figures: Figures, goals: dict[str, float | None]) -> list[str]:
    """All figures, line by line."""
    hearing, judged, speech = figures.hearing, figures.pauses, figures.speaking
    hesitating, whole, other = figures.hesitating, figures.at_once, figures.pipecat
    return [
        f"{hearing.clips} clips, {whole.words} words; medians, 95th percentiles, worst",
        "",
        *_rows(
            ("word stable", hearing.stable),
            ("word there", hearing.unstable),
            ("final transcript", hearing.transcript),
            ("  Pipecat's Whisper", other.transcript),
            ("end of turn", hearing.turn),
            ("sentence to sound", speech.synthesis),
            ("answer to sound", speech.first),
            ("cut-in noticed", speech.noticed),
            ("cut-in to silence", speech.silent),
        ),
        f"  {'ms audio jitter':<24}" + _figures(hearing.jitter),
        "",
        f"  {'% word errors':<24}{hearing.errors.rate:8.1f}   at once {whole.rate:.1f}   "
        f"Pipecat's Whisper {other.errors.rate:.1f}",
        f"  {'% partials that begin the final text':<38}stable words {hearing.prefixes[0]:.0f}   "
        f"all words {hearing.prefixes[1]:.0f}",
        f"  {'clips cut in two':<24}{hearing.split:8}   Pipecat's Whisper {other.split}",
        f"  {'% of one core':<24}{hearing.cpu:8.0f}   of that decoding {hearing.decoding:.0f}   "
        f"Pipecat's Whisper, no brain {other.cpu:.0f}",
        f"  {'s decoding a second':<24}{hearing.factor:8.2f}",
        f"  {'cut-ins missed':<24}{speech.missed:8}   after the answer had ended {speech.ended}",
        "",
        f"  {judged.hesitations} pauses within sentences; % taken for the end, by their length",
        "  " + "".join(f"{pause:>6g} s" for pause in judged.cut),
        "  " + "".join(f"{share:>8.1f}" for share in judged.cut.values()),
        f"  true ends after the short silence: {judged.sure:.0f} %",
        f"  in conversation, {hesitating.seconds:g} s: {len(hesitating.cut)} of {hesitating.pauses}",
        *(f"    {clip}" for clip in hesitating.cut),
        "",
        *(_goal(name, value) for name, value in goals.items()),
    ]


def _goal(name: str, value: float | None) -> str:
    goal, unit = GOALS[name]
    if value is None:
        return f"  {name:<32}       -  goal {goal:g} {unit}, missed: nothing came in time"
    return f"  {name:<32}{value:8.2f}  goal {goal:g} {unit}, {'met' if value <= goal else 'missed'}"


def _rows(*rows: tuple[str, Range]) -> list[str]:
    head = "".join(f"{name:>8}" for name in ("p50", "p95", "max", "n"))
    return [f"  {'s':<24}{head}", *(f"  {name:<24}{_figures(figures)}" for name, figures in rows)]


def _figures(figures: Range) -> str:
    return f"{figures.p50:8.2f}{figures.p95:8.2f}{figures.worst:8.2f}{figures.count:>8}"


def _progress(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)
