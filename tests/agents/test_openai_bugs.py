"""What went wrong in other clients of this protocol, by the issue that reported it.

The tenth, livekit/agents-js#1130, is of Gemini: sound sent while a function runs closes its socket.
"""

from __future__ import annotations

import asyncio
from typing import Any

from agents.events import Answered, Notice
from agents.session import Session
from tests.agents.test_openai import created, double, items, of
from tests.doubles.gemini_play import say, saying
from tests.doubles.line import Network
from tests.doubles.openai_generation import Pace, Phase
from tests.doubles.openai_mind import Say
from tests.doubles.openai_play import Player, converse
from tests.doubles.openai_realtime import Fault, OpenAIDouble

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


def counting(**more: Any) -> OpenAIDouble:
    """A model that has a long answer for everything."""
    pace = Pace(first=0.2, piece=0.05, sound=1.5)
    return OpenAIDouble(
        lambda context: [Say("ok" if context.is_guess else LONG)],
        **{"pace": pace, "network": Network(0.05), **more},
    )


def cutting_in(player: Player, after: float, text: str = "write two"):
    async def script(session: Session) -> None:
        await say(session, "hello there")
        while player.heard < after:
            await asyncio.sleep(0.02)
        player.hush()
        await say(session, text)
        while not session.is_idle:
            await asyncio.sleep(0.05)

    return script


def client_events(server: OpenAIDouble) -> list[str]:
    return [event["type"] for who, event in server.journal if who == "client"]


def test_pipecat_3755_a_cancel_that_comes_too_late_does_not_end_the_session() -> None:
    # The guesses end just as they are cancelled: the two cross on the way.
    server = double(pace=Pace(first=0.85, piece=0.0), network=Network(0.2))
    said = "read one and read two and write three and hello and read four"
    played = converse(server, saying(said, "write five"))
    assert any(reason.startswith("response_cancel_not_active") for reason in server.refused)
    assert server.connections == 1
    assert of(played.events, Answered)[-1].text == "write of five."


def test_pipecat_3960_the_answer_to_results_waits_for_the_response_that_asked() -> None:
    server = double(pace=Pace(first=0.2, piece=0.3, late=5), network=Network(0.1))
    server.mind = _later(server)
    played = converse(server, saying("read one and write two"))
    assert not [reason for reason in server.refused if "already_has_active" in reason]
    assert of(played.events, Answered)[0].text == "read of one. write of two."


def _later(server: OpenAIDouble):
    usual = server.mind
    return lambda context: [Say("ok")] if context.is_guess else usual(context)


def test_livekit_2064_after_an_interruption_the_next_response_waits_for_the_end_of_the_last() -> None:
    player = Player()
    server = counting()
    converse(server, cutting_in(player, 0.3), voice=player)
    assert server.refused == []
    journal = [(who, event["type"], event) for who, event in server.journal]
    cancel = next(
        at for at, (who, kind, _) in enumerate(journal) if (who, kind) == ("client", "response.cancel")
    )
    done = next(
        at
        for at, (who, kind, event) in enumerate(journal)
        if at > cancel and kind == "response.done" and event["response"]["conversation_id"]
    )
    asked = next(
        at
        for at, (who, kind, event) in enumerate(journal)
        if at > cancel and kind == "response.create" and event["response"].get("conversation") != "none"
    )
    assert cancel < done < asked


def test_openai_agents_1466_words_during_an_answer_do_not_start_a_second_one() -> None:
    server = counting()

    async def script(session: Session) -> None:
        await say(session, "hello there")
        for text in ("and another thing", "and one more"):
            await asyncio.sleep(0.3)
            await say(session, text, seconds_a_word=0.1)
        while not session.is_idle:
            await asyncio.sleep(0.05)

    played = converse(server, script)
    assert server.refused == []
    assert of(played.events, Answered)[-1].text == LONG


def test_pipecat_3677_no_more_is_truncated_than_there_is() -> None:
    for after in (0.1, 0.5, 1.0, 2.0):
        player = Player()
        server = counting()
        converse(server, cutting_in(player, after), voice=player)
        assert server.refused == []
        assert server.sent("conversation.item.truncate")


def test_pipecat_1963_after_a_truncation_the_conversation_goes_on() -> None:
    player = Player()
    server = counting()
    played = converse(server, cutting_in(player, 0.4), voice=player)
    assert of(played.events, Answered)[-1].text == LONG
    assert not [event for event in of(played.events, Notice) if event.error]


def test_pipecat_3170_the_cap_of_a_session_does_not_end_the_conversation() -> None:
    server = double(faults=[Fault(Phase.GUESS, "expired", 4)])
    played = converse(server, saying("write one", "read two and write three please", "write four"))
    assert server.connections == 2
    assert played.recorder.effects() == [("write", {"x": x}) for x in ("one", "three", "four")]
    texts = [item["content"][0]["text"] for item in items(server) if item["type"] == "message"]
    assert texts.count("write one") == 2  # told again to the new session


def test_livekit_5779_the_end_of_the_users_sound_is_ours_to_say() -> None:
    server = double(transcribe=lambda pcm: "write two")
    converse(server, saying("write two", sound=True), sound=True)
    (setup,) = server.sent("session.update")
    assert setup["session"]["audio"]["input"]["turn_detection"] is None
    kinds = client_events(server)
    assert kinds.count("input_audio_buffer.commit") == 1
    last = max(at for at, kind in enumerate(kinds) if kind == "input_audio_buffer.append")
    assert last < kinds.index("input_audio_buffer.commit")
    assert server.refused == []


def test_the_sdks_own_reconnecting_would_send_to_a_session_that_is_not_configured() -> None:
    server = double(faults=[Fault(Phase.GUESS, "abort", 2), Fault(Phase.ANSWER, 1011, 1)])
    converse(server, saying("read one and write two please", "write three"))
    assert server.connections >= 3
    journal = server.journal
    for at, (who, event) in enumerate(journal):
        if who == "server" and event["type"] == "session.created":
            sent = next(e["type"] for w, e in journal[at + 1 :] if w == "client")
            assert sent == "session.update"
    assert created(server, oob=False)
