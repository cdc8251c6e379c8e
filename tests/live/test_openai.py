"""OpenAI itself, with the key in OPENAI_API_KEY: what the double takes for granted."""

import asyncio
import os

import pytest

from agents.actions import Call
from agents.brain import BrainError, Interaction
from agents.brains.realtime_guess import OutOfBand
from agents.brains.realtime_service import RealtimeOptions, Service
from agents.cost import Meter
from agents.events import (
    Answered,
    CallIssued,
    EndOfTurn,
    Event,
    Mode,
    Notice,
    Saying,
    TurnStarted,
    Updated,
    Used,
)
from app.cloud import now, openai_brain, openai_client
from app.openai_check import check_openai
from app.settings import OpenAISettings, Settings
from tests.agents.worlds import Recorder, build
from tests.doubles.spoken import speak

pytestmark = pytest.mark.skipif(not os.environ.get("OPENAI_API_KEY"), reason="no OPENAI_API_KEY")


async def test_the_model_is_there():
    assert "at OpenAI" in await check_openai(Settings(), os.environ)


async def test_a_wrong_key_and_a_wrong_model_are_told_apart():
    with pytest.raises(BrainError, match="does not accept the key"):
        await check_openai(Settings(), {"OPENAI_API_KEY": "sk-nonsense"})
    with pytest.raises(BrainError, match="has no model"):
        await check_openai(Settings(openai=OpenAISettings(model="gpt-realtime-0")), os.environ)


class Counts(Meter):
    """A meter that counts the responses it is told of."""

    def __init__(self):
        super().__init__({})
        self.responses = 0

    def add(self, turn, model, usage, *, guess):
        self.responses += 1


async def test_guesses_run_beside_each_other_and_one_that_is_given_up_is_counted():
    settings, toolbox, meter = Settings(), build(Recorder())[0], Counts()
    client = openai_client(os.environ["OPENAI_API_KEY"], settings.openai.url)
    service = Service(client, RealtimeOptions(settings.openai.model), toolbox, meter, now)
    guesser = OutOfBand(service)

    async def guess(text):
        events: list[Event] = [TurnStarted(1, 0.0), Updated(1, 0.1, text, True)]
        return [action async for action in guesser.guess(Interaction(toolbox, 1, events))]

    try:
        await guesser.warm_up()
        both = await asyncio.gather(guess("call read with x one"), guess("call write with x two"))
        assert [
            [(one.name, one.arguments) for one in actions if isinstance(one, Call)] for actions in both
        ] == [
            [("read", {"x": "one"})],
            [("write", {"x": "two"})],
        ]
        given_up = asyncio.create_task(guess("call read with x three"))
        await asyncio.sleep(0.1)
        given_up.cancel()
        async with asyncio.timeout(10):
            while meter.responses < 3:
                await asyncio.sleep(0.1)
    finally:
        await service.close()


@pytest.mark.parametrize(
    ("hear", "voice", "guesser"),
    [
        ("words", "model", None),
        ("sound", "model", None),
        ("words", "own", None),
        ("words", "model", "gpt-5.6-luna"),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
async def test_the_recorded_request(models, tmp_path, hear, voice, guesser, mode):
    """The right event, and only that, in either mode; with early calls where guessing is on."""
    settings = Settings(hear=hear, voice=voice, speculator=guesser)
    spoken = await speak(
        lambda toolbox, meter: openai_brain(settings, meter, toolbox, os.environ),
        models,
        tmp_path,
        mode=mode,
        tool_delay="0.5-1",
    )
    events = spoken.events
    cost = sum(event.dollars or 0 for event in events if isinstance(event, Used))
    how = f"{mode}, {hear}, {voice} voice, {guesser or 'itself'} guesses"
    print(f"\n{how}: {spoken.waited:.2f} s, ${cost:.4f}, {spoken.calendar}: {spoken.answer}")
    assert not [event for event in events if isinstance(event, Notice) and event.error]
    assert len(spoken.calendar) == 1
    assert [event for event in events if isinstance(event, Answered)][-1].text
    assert any(isinstance(event, Saying) for event in events) is (voice == "model")
    certain = next(event.at for event in events if isinstance(event, EndOfTurn))
    early = any(event.at < certain for event in events if isinstance(event, CallIssued))
    assert early is (mode is Mode.SPECULATIVE)
