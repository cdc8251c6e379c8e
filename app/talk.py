"""`talk` and `say`: a session fed by a voice or by typed words."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from agents.session import Session
from app import typed
from app.run import Show, run_session
from app.settings import Settings, SettingsError
from voice.devices import AudioUnavailable, Direction, native_errors_to, pick
from voice.hand import VoiceHand
from voice.models import Recogniser
from voice.pipeline import Microphone, Speaker, VoiceOptions, run_speaker, run_voice
from voice.tape import Tape
from voice.turns import Patience
from voice.wavfile import BadAudio, read_audio

NOISE = "native.log"  # in the data folder: what sound libraries print
DEMO = Path(__file__).parents[1] / "assets" / "demo.wav"


async def talk(settings: Settings) -> None:
    """Listen and speak as the settings say; without a microphone, play the demonstration instead.

    Raises AudioUnavailable where a device was asked for by name or by "mic" or "speaker".
    """
    with native_errors_to(settings.data / NOISE):
        await _talk(settings)


async def _talk(settings: Settings) -> None:
    screen = settings.screen and not settings.json_
    if screen and not _is_terminal():
        _tell(
            "this is no terminal, so there is no screen: run it in one to see it; telling the story as text"
        )
        screen = False
    source = _source(settings)
    if isinstance(source, Path):
        read_audio(source)  # refuse what is no audio before anything starts
    if source is None:
        source, screen = DEMO, False
        settings = _with_household(settings)
    if settings.push_to_talk and isinstance(source, Microphone) and not screen:
        raise SettingsError(
            "--push-to-talk needs the screen, for the key that opens the microphone; leave it out"
        )
    sink = _sink(settings)

    name = source.name if isinstance(source, Path) else "microphone"
    hand = VoiceHand(muted=settings.push_to_talk and isinstance(source, Microphone))

    with _tape(settings) as tape:
        end = settings.end
        options = VoiceOptions(
            recogniser=Recogniser(settings.asr_model, settings.language),
            turns=Patience(end.likely, end.sure, end.soon, end.late),
            echo=settings.echo,
            tape=tape,
        )

        async def feed(session: Session) -> None:
            await run_voice(session, source, sink, options=options, hand=hand)
            if isinstance(source, Path) and not session.has_heard:
                raise BadAudio(
                    f"no speech was heard in {source}; give a recording of somebody speaking English"
                )

        await run_session(settings, name, Show(screen, settings.json_), feed, hand)


async def say(settings: Settings, texts: Sequence[str], reply: str | None) -> None:
    """Deliver `texts` one after the other as if they were spoken, and `reply` to what is asked."""
    with native_errors_to(settings.data / NOISE):
        await _say(settings, texts, reply)


async def _say(settings: Settings, texts: Sequence[str], reply: str | None) -> None:
    sink = None if settings.output is None else _sink(settings)

    async def feed(session: Session) -> None:
        if sink is None:
            await typed.say(session, texts, reply=reply)
        else:
            await run_speaker(session, sink, lambda: typed.say(session, texts, reply=reply))

    screen = settings.screen and not settings.json_ and _is_terminal()
    await run_session(settings, "typed words", Show(screen, settings.json_), feed)


def _tape(settings: Settings) -> AbstractContextManager[Tape | None]:
    """Where the microphone's sound goes: beside the record, if it is wanted."""
    if not settings.record_audio:
        return nullcontext()
    if settings.record is None:
        raise SettingsError("--record-audio puts the sound beside a record; add --record FILE")
    return Tape(Path(f"{settings.record}.wav"))


def _with_household(settings: Settings) -> Settings:
    """For the demonstration: a household of its own, so that the user's calendar stays as it is."""
    if "data" in settings.model_fields_set:
        return settings.model_copy(update={"demo_data": True})
    folder = Path(tempfile.mkdtemp(prefix="headstart-demo-"))
    _tell(f"its store is made for this run, in {folder}")
    return settings.model_copy(update={"data": folder, "demo_data": True})


def _source(settings: Settings) -> Microphone | Path | None:
    """Where the user's voice comes from; None where there is none and nobody insisted."""
    if settings.input not in (None, "mic"):
        return Path(settings.input)
    try:
        pick(Direction.INPUT, settings.microphone)
    except AudioUnavailable as error:
        if settings.input == "mic" or settings.microphone:
            raise
        _tell(str(error))
        _tell(f"playing a recorded request instead: {DEMO.name}, with an invented household")
        return None
    return Microphone(settings.microphone)


def _sink(settings: Settings) -> Speaker | Path | None:
    """Where the assistant's voice goes; None where it goes nowhere."""
    if settings.output == "none":
        return None
    if settings.output not in (None, "speaker"):
        return Path(settings.output)
    try:
        pick(Direction.OUTPUT, settings.speaker)
    except AudioUnavailable as error:
        if settings.output == "speaker" or settings.speaker:
            raise
        _tell(f"{error}; the answer is shown only")
        return None
    return Speaker(settings.speaker)


def _is_terminal() -> bool:
    # Textual draws on standard error.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream.isatty() for stream in streams) and os.environ.get("TERM", "dumb") != "dumb"


def _tell(line: str) -> None:
    print(f"headstart: {line}", file=sys.stderr, flush=True)
