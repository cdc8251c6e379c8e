"""The recorded request through the real pipeline to the `gemini` brain; only Google is a double."""

from agents.events import (
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Effected,
    EndOfTurn,
    Mode,
    Saying,
    Used,
)
from tests.doubles.gemini_demo import LUNCH, demo, double
from tests.loopback import only_loopback
from tests.today import plans


def at(events, kind, **fields):
    """When an event of this kind first happened."""
    return next(
        e.at for e in events if isinstance(e, kind) and all(getattr(e, k) == v for k, v in fields.items())
    )


async def test_a_spoken_turn_with_an_early_call_a_patch_and_a_held_effect(models, tmp_path):
    service = double(0.03)
    with only_loopback():
        spoken = await demo(service, models, tmp_path, mode=Mode.SPECULATIVE, tool_delay="0.2-0.4")
    events = spoken.events
    assert service.refused == []
    issued = [(e.call, e.version, dict(e.arguments)) for e in events if isinstance(e, CallIssued)]
    assert any(version > 1 for _, version, _ in issued)  # "Friday, no, Saturday"; "on Saturday at one"
    assert issued[-1][2] == LUNCH
    looked = max(version for call, version, _ in issued if call == 1)
    # Looked up while the user spoke, held until the end, done once, told in the model's own voice.
    assert at(events, CallChanged, call=1, version=looked, state=CallState.READY) < at(events, EndOfTurn)
    held = at(events, CallChanged, call=2, version=1, state=CallState.HELD)
    assert held < at(events, Committed) < at(events, Effected) < at(events, Saying)
    assert len(spoken.calendar) == 1
    assert await plans("Saturday") in spoken.answer and "in your calendar" in spoken.answer
    assert any(e.audio_in > 25 for e in events if isinstance(e, Used))  # it has heard the user


async def test_the_same_sequentially(models, tmp_path):
    service = double(0.03)
    with only_loopback():
        spoken = await demo(service, models, tmp_path, mode=Mode.SEQUENTIAL, tool_delay="0.2-0.4")
    assert service.refused == []
    assert [e.call for e in spoken.events if isinstance(e, CallIssued)] == [1, 2]
    assert len(spoken.calendar) == 1
    assert await plans("Saturday") in spoken.answer and "in your calendar" in spoken.answer
