"""The `headstart` command: flags to settings, settings to a session, errors to one line."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from agents.events import Mode
from app.bench.commands import comparisons
from app.settings import CONFIG, Settings, SettingsError, load
from tools.errors import HeadstartError
from voice.echo import Echo

app = typer.Typer(
    help="A voice assistant that starts working before you finish speaking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
bench = typer.Typer()
bench.add_typer(comparisons)
app.add_typer(bench, name="bench")
tools = typer.Typer()
app.add_typer(tools, name="tools")

Brain = Annotated[str | None, typer.Option(help="Who thinks: local, vllm, openai or gemini.")]
Model = Annotated[str | None, typer.Option(help="The brain's model, where it has a choice.")]
Speculator = Annotated[
    str | None, typer.Option(metavar="URL/MODEL", help="A chat endpoint that guesses instead of the brain.")
]
VoiceFlag = Annotated[
    str | None, typer.Option("--voice", metavar="model|own", help="Who speaks for a brain in the cloud.")
]
Hear = Annotated[str | None, typer.Option(metavar="words|sound", help="What such a brain answers from.")]
Budget = Annotated[
    float | None, typer.Option(metavar="DOLLARS", min=0, help="What a session may cost before guessing ends.")
]
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
EchoFlag = Annotated[
    Echo | None,
    typer.Option("--echo", help="How the assistant is kept from hearing itself; off: you wear headphones."),
]
PushToTalk = Annotated[
    bool | None, typer.Option("--push-to-talk", help="Begin muted; space opens the microphone for one turn.")
]
Json = Annotated[bool | None, typer.Option("--json", help="One event a line on stdout.")]
Record = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write every event to a record for `replay`.")
]
RecordAudio = Annotated[
    bool | None, typer.Option("--record-audio", help="And what the microphone heard, to FILE.wav.")
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
Mcp = Annotated[
    Path | None, typer.Option("--mcp", metavar="FILE", help='Tools of MCP servers: {"mcpServers": ...}.')
]


@app.command()
def talk(
    brain: Brain = None,
    model: Model = None,
    speculator: Speculator = None,
    voice: VoiceFlag = None,
    hear: Hear = None,
    budget: Budget = None,
    mode: ModeFlag = None,
    input: Input = None,
    output: Output = None,
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
        speculator=speculator,
        voice=voice,
        hear=hear,
        budget=budget,
        mode=mode,
        input=input,
        output=output,
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
    brain: Brain = None,
    model: Model = None,
    json: Annotated[bool, typer.Option("--json", help="One check a line, as JSON.")] = False,
) -> None:
    """Check what the assistant needs on this machine; each failure comes with its fix."""
    from app.doctor import examine

    if not examine(load(data=data, brain=brain, model=model), as_json=json):
        raise typer.Exit(1)


@tools.callback(invoke_without_command=True)
def tools_listed(context: typer.Context, mcp: Mcp = None, data: Data = None) -> None:
    """List what the assistant can do, and when each thing may happen."""
    from app.toolbox import open_toolbox

    if context.invoked_subcommand is not None:
        return

    async def listed(settings: Settings) -> None:
        async with open_toolbox(settings) as opened:
            width = max(24, *(len(tool.name) for tool in opened.toolbox))
            for tool in opened.toolbox:
                undo = "undo" if tool.undo else ""
                description = tool.description.partition("\n")[0]
                print(f"{tool.name:<{width}} {tool.effect:<8} {undo:<5} {description}")
            for notice in opened.notices:
                print(f"headstart: {notice}", file=sys.stderr)

    asyncio.run(listed(load(mcp=mcp, data=data)))


@tools.command("classify")
def tools_classify(
    context: typer.Context,
    mcp: Mcp = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A list of tools as JSON, instead of servers.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the proposals into config.toml; what is set there stays.")
    ] = False,
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="Another file for --write.", show_default=False)
    ] = CONFIG,
    data: Data = None,
) -> None:
    """Propose when tools may run that do not say so themselves, and why.

    Goes by their words, and holds what it does not understand. Writes nothing without --write.
    """
    from app.classify import run

    before = context.parent.params if context.parent else {}
    settings = load(mcp=mcp or before.get("mcp"), data=data or before.get("data"))
    asyncio.run(run(settings, file, config if write else None))


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


@bench.callback(invoke_without_command=True)
def bench_all(context: typer.Context) -> None:
    """Measure what speculation buys and what it costs."""
    if context.invoked_subcommand is None:
        raise SettingsError("say what to measure, such as `headstart bench assistant`; see --help")


@bench.command("cost")
def bench_cost(
    calls: Annotated[int, typer.Option(min=1, help="Calls in a turn.")] = 50,
    sessions: Annotated[int, typer.Option(min=1, help="Conversations at the same time.")] = 200,
    turns: Annotated[int, typer.Option(min=1, help="Turns to measure; half as many on disk.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measure what the core itself costs. Takes a minute.

    The delay it adds before a call starts, in turns of many calls, and what many conversations at the
    same time take in one process.
    """
    from app.bench import report

    if not report.run(calls, sessions, turns, as_json=json):
        raise typer.Exit(1)


@bench.command("screen")
def bench_screen(
    runs: Annotated[int, typer.Option(min=1, help="Runs with the screen, and as many without.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measure what the screen costs while you speak. Takes a minute.

    CPU time, the delay from an event to its pixels, and how evenly audio arrives with it and without.
    """
    from app.bench import screen

    screen.run(runs, as_json=json)


@bench.command("voice")
def bench_voice(
    clips: Annotated[int, typer.Option(min=1, help="Sentences to synthesise and listen to.")] = 18,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Recordings instead: one.wav, its words in one.txt."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
) -> None:
    """Measure how well and how fast it hears, takes turns and speaks. Takes five minutes.

    Word errors and lags of sentences in several voices, with noise and in a room, played in real time while
    the local brain thinks along; pauses within sentences; cutting in. And the same sentences through
    Pipecat's own Whisper service.
    """
    from app.bench.voice import report

    report.run(clips, data, as_json=json)


@bench.command("classify")
def bench_classify(
    hints: Annotated[
        Path, typer.Option(metavar="FILE", help='A list of tools as JSON, each with "is_transactional".')
    ],
) -> None:
    """Check proposed effect classes against labels. Fails if a tool that changes something may read ahead."""
    from app.bench.classify import failures, judge, report

    judged = judge(hints)
    print(report(judged))
    if failures(judged):
        raise typer.Exit(1)


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
