"""What a person meets who has an OpenAI key, or thinks so: the command itself, against the double."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import traceback
from pathlib import Path

import pytest

from agents.brain import BrainError, Interaction
from agents.cost import Meter
from agents.events import TurnStarted, Updated
from app.cloud import OPENAI, endpoint, openai_brain, speculator
from app.openai_check import check_openai
from app.prices import PriceSettings, prices
from app.record import Recorder
from app.settings import OpenAISettings, Settings, SettingsError
from tests.doubles import openai_chat
from tests.doubles.gemini_play import saying
from tests.doubles.openai_chat import KEY as KEY_OF_GUESSER
from tests.doubles.openai_generation import Phase
from tests.doubles.openai_play import MIND, converse
from tests.doubles.openai_realtime import KEY, Fault, OpenAIDouble
from tests.loopback import NotLoopback, only_loopback
from tools.toolbox import Toolbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _only_loopback():
    with only_loopback():
        yield


def settings(url: str, **more: object) -> Settings:
    return Settings(brain="openai", openai=OpenAISettings(url=url), **more)


async def found(double_key: str, given: str, model: str = "gpt-realtime-2.1", path: str = "") -> str:
    async with OpenAIDouble(MIND, key=double_key) as double:
        try:
            own = settings(path or double.url, model=model)
            return await check_openai(own, {"OPENAI_API_KEY": given} if given else {})
        except BrainError as error:
            return str(error)


async def test_the_doctor_tells_apart_what_is_wrong() -> None:
    assert await found(KEY, KEY) == "gpt-realtime-2.1 at OpenAI, with the key in OPENAI_API_KEY"
    assert "needs a key" in await found(KEY, "")
    assert "does not accept the key" in await found("sk-another", KEY)
    assert "has no model gpt-realtime-9" in await found(KEY, KEY, "gpt-realtime-9")
    assert "cannot be reached" in await found(KEY, KEY, path="http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (
            KEY_OF_GUESSER,
            "gpt-realtime-2.1 at OpenAI, with the key in OPENAI_API_KEY; small-guesser at 127.0.0.1",
        ),
        ("sk-another", "127.0.0.1 does not accept the key for guessing"),
    ],
)
async def test_the_doctor_asks_the_one_who_guesses_too(key: str, found: str, tmp_path: Path) -> None:
    guesser = openai_chat.ChatDouble(MIND)
    async with OpenAIDouble(MIND) as double, guesser:
        where = ("--brain", "openai", "--speculator", f"{guesser.url}/{guesser.model}")
        environment = {"HEADSTART_SPECULATOR_KEY": key}
        _, out, err = await run(
            "doctor", *where, "--data", str(tmp_path), url=double.url, key=KEY, **environment
        )
    assert found in out and key not in out + err


async def run(*arguments: str, url: str, key: str, **more: str) -> tuple[int | None, str, str]:
    environment = {**os.environ, "OPENAI_API_KEY": key, "HEADSTART_OPENAI": json.dumps({"url": url}), **more}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        *arguments,
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_talks_to_the_service_and_tells_what_it_costs(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    options = ("--brain", "openai", "--data", str(tmp_path), "--record", str(record))
    async with OpenAIDouble(MIND) as double:
        code, out, err = await run("say", "hello there", *options, url=double.url, key=KEY)
    assert code == 0, err
    assert "Sorry, what?" in out
    assert "cost  $0.0" in out and "tokens" in out
    assert '"event":"Used"' in record.read_text() and '"dollars":0.0' in record.read_text()
    assert KEY not in out + err + record.read_text()


async def test_a_wrong_key_is_told_in_one_line_that_does_not_repeat_it(tmp_path: Path) -> None:
    async with OpenAIDouble(MIND) as double:
        wrong = "sk-wrong-9876543210"
        code, out, err = await run(
            "say", "hello", "--brain", "openai", "--data", str(tmp_path), url=double.url, key=wrong
        )
    assert code == 2
    assert err.strip().splitlines()[-1] == (
        "headstart: OpenAI does not accept the key in OPENAI_API_KEY; check it."
    )
    assert wrong not in out + err and wrong[-4:] not in err


SECRETS = (KEY, KEY_OF_GUESSER, "sk-wrong-9876543210")


@pytest.mark.parametrize("has_guesser", [False, True])
def test_the_key_is_in_no_log_record_error_or_traceback(
    has_guesser: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With every logger at DEBUG, through good turns, lost connections and keys that are wrong or expire."""
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx", "httpcore", "websockets", "websockets.client", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    faults = [Fault(Phase.GUESS, "abort", 2), *(Fault(Phase.CONNECT, 401, nth) for nth in (3, 4, 5))]
    faults.append(Fault(Phase.ANSWER, 1011, 2))
    kinds = (401, "abort", "error", "garbage", 429)
    elsewhere = [openai_chat.Fault(openai_chat.Phase.ASKED, kind, nth) for nth, kind in enumerate(kinds, 2)]
    guesser = openai_chat.ChatDouble(MIND, faults=elsewhere) if has_guesser else None
    said = saying("read one and write two", "write three")
    played = converse(OpenAIDouble(MIND, faults=faults), said, guesser=guesser)
    assert guesser is None or len(guesser.requests) > len(kinds)
    with Recorder(tmp_path / "record.jsonl") as recorder:  # nothing is hidden: it must not be there at all
        for event in played.events:
            recorder.write(event)
    told: list[str] = []
    for key in SECRETS:
        try:
            asyncio.run(_warm(key, guesser))
        except BrainError as error:
            told += [str(error), *traceback.format_exception(error)]
    everything = [(tmp_path / "record.jsonl").read_text(), *told, *capfd.readouterr()]
    of_doubles = ("websockets.server", "aiohttp.server")
    ours = [record for record in caplog.records if record.name not in of_doubles]
    everything += [record.getMessage() + str(record.__dict__) for record in ours]
    assert ours and told
    for secret in SECRETS:
        assert not [text for text in everything if secret in text]


async def _warm(key: str, guesser: openai_chat.ChatDouble | None) -> None:
    """Connect with this key: to a chat endpoint, or else to a service that then breaks off."""
    if guesser is not None:
        async with guesser:
            toolbox = Toolbox([])
            chosen = Settings(speculator=f"{guesser.url}/{guesser.model}")
            guesses = speculator(chosen, Meter({}), toolbox, {"HEADSTART_SPECULATOR_KEY": key})
            assert guesses is not None
            try:
                await guesses.warm_up()
                events = [TurnStarted(1, 0.0), Updated(1, 0.1, "read one", False)]
                _ = [one async for one in guesses.guess(Interaction(toolbox, 1, events))]
            finally:
                await guesses.close()
        return
    async with OpenAIDouble(MIND, faults=[Fault(Phase.UPDATE, 1011, nth) for nth in (1, 2, 3)]) as double:
        brain = openai_brain(settings(double.url), Meter({}), Toolbox([]), {"OPENAI_API_KEY": key})
        try:
            await brain.warm_up()
        finally:
            await brain.close()


async def test_tests_reach_no_other_machine() -> None:
    brain = openai_brain(settings(OPENAI), Meter({}), Toolbox([]), {"OPENAI_API_KEY": KEY})
    try:
        with pytest.raises(NotLoopback):
            await brain.warm_up()
    finally:
        await brain.close()


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://127.0.0.1:8000/v1/Qwen/Qwen2.5-3B", "http://127.0.0.1:8000/v1", "Qwen/Qwen2.5-3B"),
        ("https://host/api/small", "https://host/api", "small"),
        ("gpt-5.6-luna", OPENAI, "gpt-5.6-luna"),
    ],
)
def test_where_a_speculator_is(text: str, url: str, model: str) -> None:
    assert endpoint(text) == (url, model)


@pytest.mark.parametrize("text", ["ftp://host/v1/x", "http://host", "http://host/v1/", "https:///v1/x"])
def test_what_is_no_speculator_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="URL/MODEL"):
        endpoint(text)


def test_the_key_of_openai_goes_to_nobody_else() -> None:
    elsewhere = Settings(speculator="https://elsewhere.example/v1/small")
    with pytest.raises(BrainError, match="HEADSTART_SPECULATOR_KEY"):
        speculator(elsewhere, Meter({}), Toolbox([]), {"OPENAI_API_KEY": KEY})


def test_prices_of_ones_own_go_before_the_table() -> None:
    own = PriceSettings.model_validate(
        {"as_of": "2026-12-01", "text_in": 1, "text_cached": 0.1, "text_out": 2}
    )
    table = prices({"gpt-realtime-2.1": own})
    assert table["gpt-realtime-2.1"].text_in == 1
    assert table["gpt-realtime-2.1-mini"].text_in == 0.60
