"""The `headstart` command: flags to settings, settings to a session, errors to one line."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.bench.measures import bench
from app.flags import (
    AsrModel,
    Brain,
    Budget,
    Data,
    Delay,
    DemoData,
    EchoFlag,
    Hear,
    Input,
    Json,
    Language,
    Mcp,
    ModeFlag,
    Model,
    Output,
    PushToTalk,
    Record,
    RecordAudio,
    Screen,
    Speculator,
    Url,
    VoiceFlag,
)
from app.serve.command import serve
from app.settings import CONFIG, SettingsError, load
from app.tool_commands import tools
from app.train import train
from tools.errors import HeadstartError

app = typer.Typer(
    help="A voice assistant that starts working before you finish speaking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bench, name="bench")
app.add_typer(tools, name="tools")
app.add_typer(train, name="train")
app.command()(serve)


@app.command()
def talk(
    brain: Brain = None,
    model: Model = None,
    url: Url = None,
    speculator: Speculator = None,
    voice: VoiceFlag = None,
    hear: Hear = None,
    budget: Budget = None,
    mode: ModeFlag = None,
    input: Input = None,
    output: Output = None,
    asr_model: AsrModel = None,
    language: Language = None,
    screen: Screen = None,
    echo: EchoFlag = None,
    push_to_talk: PushToTalk = None,
    json: Json = None,
    record: Record = None,
    record_audio: RecordAudio = None,
    data: Data = None,
    demo_data: DemoData = None,
    tool_delay: Delay = None,
    mcp: Mcp = None,
) -> None:
    """Talk to the assistant through microphone and speaker.

    Without a microphone, PortAudio or a terminal it says what is missing, and plays a recorded request
    through the same pipeline instead.
    """
    from app.talk import talk as run_talk

    settings = load(
        brain=brain,
        model=model,
        url=url,
        speculator=speculator,
        voice=voice,
        hear=hear,
        budget=budget,
        mode=mode,
        input=input,
        output=output,
        asr_model=asr_model,
        language=language,
        screen=screen,
        echo=echo,
        push_to_talk=push_to_talk,
        json=json,
        record=record,
        record_audio=record_audio,
        data=data,
        demo_data=demo_data,
        tool_delay=tool_delay,
        mcp=mcp,
    )
    asyncio.run(run_talk(settings))


@app.command()
def say(
    texts: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="What you would have said, one turn each.")
    ],
    reply: Annotated[
        str | None, typer.Option(help="What to say when the assistant asks before it acts.")
    ] = None,
    brain: Brain = None,
    model: Model = None,
    url: Url = None,
    speculator: Speculator = None,
    voice: VoiceFlag = None,
    budget: Budget = None,
    mode: ModeFlag = None,
    output: Output = None,
    screen: Screen = False,
    json: Json = None,
    record: Record = None,
    data: Data = None,
    demo_data: DemoData = None,
    tool_delay: Delay = None,
    mcp: Mcp = None,
) -> None:
    """Deliver typed words at speaking pace to the same session."""
    from app.talk import say as run_say

    if not all(text.split() for text in texts):
        raise SettingsError('there are no words to say; try: headstart say "set a timer for ten minutes"')
    settings = load(
        brain=brain,
        model=model,
        url=url,
        speculator=speculator,
        voice=voice,
        budget=budget,
        mode=mode,
        output=output,
        screen=screen,
        json=json,
        record=record,
        data=data,
        demo_data=demo_data,
        tool_delay=tool_delay,
        mcp=mcp,
    )
    asyncio.run(run_say(settings, texts, reply))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A record made with --record.")],
    speed: Annotated[float, typer.Option(help="1 is as it was, 2 twice as fast.")] = 1.0,
    at: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, help="Begin there; the picture of that moment.")
    ] = None,
    theme: Annotated[str | None, typer.Option(metavar="NAME", help="Colours of the screen.")] = None,
    screen: Screen = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only verify that it replays to the same states.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg|png|html", help="Only write a picture: of its end, or with --at."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="COLUMNSxROWS", help="Of the picture; 120x36 without.")
    ] = None,
    web: Annotated[bool, typer.Option("--web", help="Show it in a browser on this machine.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="For --web; 0 is any that is free.")] = 8000,
) -> None:
    """Show a recorded session again."""
    from app import replay as player

    theme = load(theme=theme).theme
    if not 0 < speed < math.inf:
        raise SettingsError("the speed must be above 0; 1 is as it was, 2 twice as fast")
    if check:
        differences = player.check(file)
        for line in differences:
            print(line)
        print(f"{file}: {'replays differently' if differences else 'replays to the same states'}")
        raise typer.Exit(1 if differences else 0)
    if export is not None:
        from app.export import export as write_picture
        from app.export import picture_size

        asyncio.run(write_picture(file, export, size=picture_size(size), theme=theme, at=at))
    elif web:
        from app.web import serve

        serve(file, port, speed=speed, start=at, theme=theme)
    elif screen or (screen is None and sys.stdout.isatty() and sys.stderr.isatty()):
        raise typer.Exit(asyncio.run(player.replay_on_screen(file, speed, start=at or 0.0, theme=theme)))
    else:
        from app.run import story_printer

        asyncio.run(player.replay(file, speed, story_printer(), start=at or 0.0))


@app.command()
def devices(
    microphone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Use this one from now on; a part of its name will do.")
    ] = None,
    speaker: Annotated[str | None, typer.Option(metavar="NAME", help="The same for the speaker.")] = None,
) -> None:
    """List microphones and speakers, those in use with a star; choose others by name."""
    from app.devices import choose, show

    if microphone is not None or speaker is not None:
        choose(microphone, speaker, CONFIG)
    show(load())


@app.command()
def doctor(
    data: Data = None,
    brain: Brain = None,
    model: Model = None,
    url: Url = None,
    speculator: Speculator = None,
    json: Annotated[bool, typer.Option("--json", help="One check a line, as JSON.")] = False,
) -> None:
    """Check what the assistant needs on this machine; each failure comes with its fix."""
    from app.doctor import examine

    if not examine(load(data=data, brain=brain, model=model, url=url, speculator=speculator), as_json=json):
        raise typer.Exit(1)


@app.command()
def effects(
    last: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the newest N.")] = None,
    data: Data = None,
    json: Annotated[bool, typer.Option("--json", help="One effect a line, as JSON.")] = False,
) -> None:
    """List everything the assistant has done, oldest first, and what can be undone."""
    from app.effects import show

    show(load(data=data).data, last=last, as_json=json)


@app.command()
def undo(
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="Its number in `headstart effects`; else the latest.")
    ] = None,
    data: Data = None,
) -> None:
    """Undo the latest effect, or effect N."""
    from app.effects import undo as run_undo

    asyncio.run(run_undo(load(data=data).data, number))


def main() -> NoReturn:
    """Run the command. Errors a person can do something about are one line and exit code 2."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our lines has gone; what is still to be flushed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except HeadstartError as error:
        print(f"headstart: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)
