"""The recorded request, heard by the real recogniser and spoken to the command with `--brain openai`."""

from __future__ import annotations

from agents.events import Mode
from tests.doubles.openai_demo import talk


async def test_a_whole_spoken_turn() -> None:
    heard = await talk(Mode.SPECULATIVE, 0.03, delay="0.2")
    events = heard.events
    end = max(event["at"] for event in events if event["event"] == "SpeechEnded")
    issued = [event for event in events if event["event"] == "CallIssued"]
    first = issued[0]
    assert first["name"] == "find_events" and first["at"] < end  # an early call
    assert any(event["version"] > 1 for event in issued)  # a patch
    held = [e for e in events if e["event"] == "CallChanged" and e["state"] == "held"]
    (committed,) = [event["at"] for event in events if event["event"] == "Committed"][-1:]
    (effect,) = [event for event in events if event["event"] == "Effected"]
    assert held and held[0]["at"] < committed < effect["at"]  # a held effect, released at the commit point
    assert "Saturday the 28th" in effect["text"] or "Saturday" in effect["text"]
    assert "lunch with Anna".casefold() in effect["text"].casefold()
    spoken = [event for event in events if event["event"] in ("Saying", "SpeakingStarted", "SpeakingEnded")]
    assert [event["event"] for event in spoken] == ["Saying", "SpeakingStarted", "SpeakingEnded"]
    assert "Lunch with Anna" in spoken[-1]["heard"]
    assert events[-1]["wrong_effects"] == 0
