"""The `headstart` command: flags to settings, settings to a session, errors to one line."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from agents.events import Mode
from app.settings import SettingsError, load
from tools.errors import HeadstartError

app = typer.Typer(
    help="A voice assistant that starts working before you finish speaking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Brain = Annotated[str | None, typer.Option(help="Who thinks: local, vllm, openai or gemini.")]
ModeFlag = Annotated[
    Mode | None, typer.Option(help="speculative, or sequential: the baseline that waits for the end.")
]
Input = Annotated[
    str | None, typer.Option(metavar="mic|FILE", help="The microphone, or a sound file heard in real time.")
]
Output = Annotated[
    str | None, typer.Option(metavar="speaker|FILE.wav|none", help="Where the assistant speaks.")
]
Screen = Annotated[
    bool | None, typer.Option("--screen/--no-screen", help="Full screen, or a story of plain text.")
]
Json = Annotated[bool | None, typer.Option("--json", help="One event a line on stdout.")]
Record = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write every event to a record for `replay`.")
]
Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of contacts, calendar, notes and the journal.")
]
DemoData = Annotated[
    bool | None, typer.Option("--demo-data", help="Fill an empty store with an invented household.")
]
Delay = Annotated[
    str | None, typer.Option(metavar="S|S-S", help="Slow each call down, as a far service would.")
]


@app.command()
def talk(
    brain: Brain = None,
    mode: ModeFlag = None,
    input: Input = None,
    output: Output = None,
    screen: Screen = None,
    json: Json = None,
    record: Record = None,
    data: Data = None,
    demo_data: DemoData = None,
    tool_delay: Delay = None,
) -> None:
    """Talk to the assistant through microphone and speaker.

    Without a microphone, PortAudio or a terminal it says what is missing, and plays a recorded request
    through the same pipeline instead.
    """
    from app.talk import talk as run_talk

    settings = load(
        brain=brain,
        mode=mode,
        input=input,
        output=output,
        screen=screen,
        json=json,
        record=record,
        data=data,
        demo_data=demo_data,
        tool_delay=tool_delay,
    )
    asyncio.run(run_talk(settings))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What you would have said.")],
    reply: Annotated[
        str | None, typer.Option(help="What to say when the assistant asks before it acts.")
    ] = None,
    brain: Brain = None,
    mode: ModeFlag = None,
    output: Output = None,
    screen: Screen = False,
    json: Json = None,
    record: Record = None,
    data: Data = None,
    demo_data: DemoData = None,
    tool_delay: Delay = None,
) -> None:
    """Deliver typed words at speaking pace to the same session."""
    from app.talk import say as run_say

    if not text.split():
        raise SettingsError('there are no words to say; try: headstart say "set a timer for ten minutes"')
    settings = load(
        brain=brain,
        mode=mode,
        output=output,
        screen=screen,
        json=json,
        record=record,
        data=data,
        demo_data=demo_data,
        tool_delay=tool_delay,
    )
    asyncio.run(run_say(settings, text, reply))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A record made with --record.")],
    speed: Annotated[float, typer.Option(help="1 is as it was, 2 twice as fast.")] = 1.0,
    screen: Screen = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only verify that it replays to the same states.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Only write a picture of its end.")
    ] = None,
) -> None:
    """Show a recorded session again."""
    from app import replay as player
    from app.run import story_printer

    if not speed > 0:
        raise SettingsError("the speed must be above 0; 1 is as it was, 2 twice as fast")
    if check:
        differences = player.check(file)
        for line in differences:
            print(line)
        print(f"{file}: {'replays differently' if differences else 'replays to the same states'}")
        raise typer.Exit(1 if differences else 0)
    if export is not None:
        asyncio.run(player.export(file, export))
    elif screen is False or not sys.stdout.isatty():
        asyncio.run(player.replay(file, speed, story_printer()))
    else:
        asyncio.run(player.replay_on_screen(file, speed))


@app.command()
def devices() -> None:
    """List microphones and speakers."""
    from voice.devices import Direction
    from voice.devices import devices as listed

    for direction in Direction:
        found = listed(direction)
        if not found:
            print(f"  {direction:<6}  none found; connect one, and see `headstart doctor`")
        for device in found:
            mark = "*" if device.default else " "
            print(f"{mark} {direction:<6}  {device.rate:>6} Hz  {device.channels} ch  {device.name}")


@app.command()
def doctor(
    data: Data = None,
    json: Annotated[bool, typer.Option("--json", help="One check a line, as JSON.")] = False,
) -> None:
    """Check what the assistant needs on this machine; each failure comes with its fix."""
    from app.doctor import examine

    if not examine(load(data=data).data, as_json=json):
        raise typer.Exit(1)


@app.command()
def tools() -> None:
    """List what the assistant can do, and when each thing may happen."""
    from tools.assistant import assistant_tools

    for tool in assistant_tools():
        undo = "undo" if tool.undo else ""
        print(f"{tool.name:<24} {tool.effect:<8} {undo:<5} {tool.description}")


@app.command()
def bench() -> None:
    """Measure what speculation buys. Not in this version yet."""
    raise SettingsError(
        "bench is not in this version yet; to compare by hand: headstart say TEXT --mode sequential --json"
    )


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
