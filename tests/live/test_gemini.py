"""Gemini itself, with the key in GEMINI_API_KEY: what the double takes for granted."""

import os

import pytest

from agents.brain import BrainError
from agents.events import CallIssued, EndOfTurn, Mode, Notice, Saying, Used
from app.cloud import check_gemini, gemini_brain
from app.settings import GeminiSettings, Settings
from tests.doubles.spoken import speak

pytestmark = pytest.mark.skipif(not os.environ.get("GEMINI_API_KEY"), reason="no GEMINI_API_KEY")


async def test_the_models_are_there():
    assert "gemini" in await check_gemini(Settings(), os.environ)


async def test_a_wrong_key_and_a_wrong_model_are_told_apart():
    with pytest.raises(BrainError, match="does not accept the key"):
        await check_gemini(Settings(), {"GEMINI_API_KEY": "AIzaSy-nonsense"})
    with pytest.raises(BrainError, match="is not available"):
        await check_gemini(Settings(gemini=GeminiSettings(model="gemini-0-live")), os.environ)


@pytest.mark.parametrize("hear", ["words", "sound"])
@pytest.mark.parametrize("mode", list(Mode))
async def test_the_recorded_request(models, tmp_path, hear, mode):
    """The right event, and only that, in either mode; with early calls where guessing is on."""
    settings = Settings(hear=hear)
    spoken = await speak(
        lambda toolbox, meter: gemini_brain(settings, meter, toolbox, os.environ),
        models,
        tmp_path,
        mode=mode,
        tool_delay="0.5-1",
    )
    used = [event for event in spoken.events if isinstance(event, Used)]
    cost = sum(event.dollars or 0 for event in used)
    print(f"\n{mode}, {hear}: {spoken.waited:.2f} s, ${cost:.4f}, {spoken.calendar}: {spoken.answer}")
    assert not [event for event in spoken.events if isinstance(event, Notice) and event.error]
    assert len(spoken.calendar) == 1
    assert any(isinstance(event, Saying) for event in spoken.events)
    certain = next(event.at for event in spoken.events if isinstance(event, EndOfTurn))
    early = any(event.at < certain for event in spoken.events if isinstance(event, CallIssued))
    assert early is (mode is Mode.SPECULATIVE)
