"""Flags that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.events import Mode
from voice.echo import Echo

Brain = Annotated[str | None, typer.Option(help="Who thinks: local, vllm, openai or gemini.")]
Model = Annotated[str | None, typer.Option(help="The brain's model, where it has a choice.")]
Url = Annotated[
    str | None, typer.Option(metavar="URL", help="Of the server of the vllm brain, as http://HOST:8000/v1.")
]
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
AsrModel = Annotated[
    str | None, typer.Option(metavar="NAME|DIR", help="Another model to hear with, for faster-whisper.")
]
Language = Annotated[str | None, typer.Option(metavar="CODE", help="What you speak, as en or de.")]
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
