"""The recorded request, heard by the real recogniser and spoken to the command with `--brain openai`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agents.events import Mode
from tests.doubles.openai_demo import talk
from tests.loopback import only_loopback
from tests.today import plans, spoken_day


@pytest.fixture(autouse=True)
def _only_loopback() -> Iterator[None]:
    with only_loopback():
        yield


def of(events: list[dict[str, Any]], kind: str, **fields: object) -> list[dict[str, Any]]:
    found = [event for event in events if event["event"] == kind]
    return [event for event in found if all(event[name] == value for name, value in fields.items())]


async def test_a_whole_spoken_turn() -> None:
    events = (await talk(Mode.SPECULATIVE, 0.03, delay="0.2")).events
    certain = of(events, "EndOfTurn")[-1]["at"]
    issued = of(events, "CallIssued")
    assert issued[0]["name"] == "find_events" and issued[0]["at"] < certain  # an early call
    assert any(event["version"] > 1 for event in issued)  # a patch
    held = of(events, "CallChanged", state="held")
    committed, (effect,) = of(events, "Committed")[-1], of(events, "Effected")
    assert held and held[0]["at"] < committed["at"] < effect["at"]  # a held effect, released at the commit
    await _answered(events)


async def test_the_same_sequentially() -> None:
    """Not a word to the model before the end of the turn is certain, then the same is done and said."""
    events = (await talk(Mode.SEQUENTIAL, 0.03, delay="0.2")).events
    (certain,) = of(events, "EndOfTurn")
    issued = of(events, "CallIssued")
    assert [(event["name"], event["version"]) for event in issued] == [
        ("find_events", 1),
        ("create_calendar_event", 1),
    ]
    assert all(event["at"] > certain["at"] for event in issued)
    assert [event["final"] for event in of(events, "Updated")] == [True]
    assert not [event for event in of(events, "Used") if event["guess"]]
    await _answered(events)


async def _answered(events: list[dict[str, Any]]) -> None:
    """The event that was asked for is there, and only that, and is told in the model's own voice."""
    (effect,) = of(events, "Effected")
    assert spoken_day("Saturday") in effect["text"] and "lunch with anna" in effect["text"].casefold()
    spoken = [event for event in events if event["event"] in ("Saying", "SpeakingStarted", "SpeakingEnded")]
    assert [event["event"] for event in spoken] == ["Saying", "SpeakingStarted", "SpeakingEnded"]
    assert await plans("Saturday") in spoken[-1]["heard"] and "Lunch with Anna" in spoken[-1]["heard"]
    assert events[-1]["wrong_effects"] == 0
