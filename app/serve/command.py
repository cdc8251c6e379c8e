"""`headstart serve`: vLLM with the clock-trained model, on this machine."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from app.flags import Data
from app.serve import model as models
from app.serve.machine import Gpu, ServeError, engine, gpus
from app.serve.plan import HOST, PORT, Plan, fits, plan, roomiest, script
from app.serve.run import run
from app.settings import load

LOG = "vllm.log"  # in the data folder
_PAPER = Gpu("0", "", "a card of 24 GB", 24 << 30, 23 << 30, (8, 9))  # to show a command where there is none


def serve(
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help=f"What to serve. [{models.DEFAULT}]")
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="DIR", help="What `headstart train` has written for it.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where it answers, on this machine only.")
    ] = PORT,
    show: Annotated[
        bool, typer.Option("--print", help="Only show the command, for one card or many.")
    ] = False,
    data: Data = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="-- FLAGS", help="More flags, for vLLM itself.")
    ] = None,
) -> None:
    """Serve a model with vLLM for `headstart talk --brain vllm`, until ctrl-c.

    Flags are chosen for the graphics card at hand, and explained.
    """
    cards = gpus(os.environ)
    if show:
        print(script(_planned(model, adapter, port, cards or [_PAPER], more or ()), cards))
        return
    found = engine(os.environ)
    if not cards and not found.is_for_cpu:
        raise ServeError(
            "there is no graphics card here that vLLM can use: serve on a machine with one and talk with "
            "--url, or use --brain local"
        )
    what = _planned(model, adapter, port, [] if found.is_for_cpu else cards, more or ())
    _free(port)
    log = load(data=data).data / LOG
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    except OSError as error:
        raise ServeError(
            f"{log} cannot be written ({error.strerror}); choose another folder with --data"
        ) from None
    asyncio.run(run(found, what, log))


def _planned(
    name: str | None, adapter: Path | None, port: int, cards: list[Gpu], more: list[str] | tuple[str, ...]
) -> Plan:
    card = roomiest(cards) if cards else None
    model = models.model(name or models.DEFAULT)
    if name is None and card is not None and not fits(card, model):
        model = models.model(models.SMALLER)
    lora = None if adapter is None else models.adapter(adapter, model)
    return plan(model, lora, card, port=port, only=len(cards) < 2, more=more)


def _free(port: int) -> None:
    """Raises ServeError where something listens at `port` already, before anything is loaded."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        what = "taken" if error.errno == errno.EADDRINUSE else "not to be had"
        raise ServeError(f"port {port} is {what}: choose another one with --port") from None
