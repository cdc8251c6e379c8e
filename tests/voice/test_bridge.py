import asyncio

from pipecat.audio.vad.vad_analyzer import VADState
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    InputAudioRawFrame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from agents.events import CallChanged, CallState, Drafted
from tests.voice.recorder import Recorder
from voice.bridge import Bridge
from voice.frames import (
    AudioLostFrame,
    HoldFrame,
    HypothesisFrame,
    SpeakSoonFrame,
    TurnEndedFrame,
    TurnForgottenFrame,
    VoiceHintFrame,
    WordHeardFrame,
)

TURN = [
    VADUserStartedSpeakingFrame(start_secs=0.2),
    HypothesisFrame("call", "Ana"),
    VADUserStoppedSpeakingFrame(stop_secs=0.2),
    TurnEndedFrame("Call Ana."),
]


async def send(session, *frames):
    """Frames the bridge passed or made, going down and going up."""
    return await run_test(Bridge(session), frames_to_send=frames)


def settle():
    return SleepFrame(sleep=0.05)


async def test_a_turn_is_told_in_order_and_its_answer_spoken():
    session = Recorder(lambda text: f"Calling: {text}")
    down, _ = await send(session, *TURN, settle())
    assert session.names() == ["speech_started", "speech_ended", "end_turn"]
    assert session.of("hear") == [("call", "Ana")]
    assert session.of("end_turn") == [("Call Ana.",)]
    assert [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)] == ["Calling: Call Ana."]


async def test_silence_is_dated_back_to_its_beginning():
    session = Recorder()
    await send(session, *TURN)
    ((at,),) = session.of("speech_ended")
    assert at <= session.now() - 0.2


async def test_speech_again_within_a_turn_is_told():
    session = Recorder()
    await send(session, *TURN[:3], *TURN)
    assert session.names() == [
        "speech_started",
        "speech_ended",
        "speech_started",
        "speech_ended",
        "end_turn",
    ]


async def test_words_before_and_after_a_turn_are_nobodys():
    session = Recorder()
    await send(session, HypothesisFrame("a", "b"), *TURN, HypothesisFrame("c", "d"), TurnEndedFrame("c d"))
    assert session.of("hear") == [("call", "Ana")]
    assert session.of("end_turn") == [("Call Ana.",)]


async def test_what_was_spoken_to_its_end():
    session = Recorder(lambda _: "All done.")
    await send(
        session,
        *TURN,
        settle(),
        BotStartedSpeakingFrame(),
        WordHeardFrame("All"),
        WordHeardFrame("done."),
        BotStoppedSpeakingFrame(),
    )
    assert session.names()[3:] == ["speaking_started", "speaking_ended"]
    assert session.of("speaking_ended") == [("All done.", False)]


async def test_cutting_in_stops_the_voice_and_tells_what_was_heard():
    session = Recorder(lambda _: "All of it is done.")
    down, up = await send(
        session,
        *TURN,
        settle(),
        BotStartedSpeakingFrame(),
        WordHeardFrame("All"),
        VADUserStartedSpeakingFrame(),
        BotStoppedSpeakingFrame(),
        settle(),
    )
    assert session.names()[3:] == ["speaking_started", "interrupt", "speaking_ended", "speech_started"]
    assert session.of("speaking_ended") == [("All", True)]
    assert any(isinstance(frame, InterruptionFrame) for frame in down)
    assert any(isinstance(frame, InterruptionFrame) for frame in up)


async def test_an_answer_that_comes_while_the_user_speaks_is_not_spoken():
    session = Recorder()
    bridge = Bridge(session)

    class Late(Recorder):
        def hear(self, stable, unstable):
            session.ask("Really?")

    late = Late()
    session.hear = late.hear  # the question comes in the middle of the next turn
    down, _ = await run_test(bridge, frames_to_send=[*TURN[:2], settle(), *TURN[2:]])
    assert not any(isinstance(frame, TTSSpeakFrame) for frame in down)
    assert session.of("speaking_ended") == [("", True)]
    assert bridge.idle


async def test_two_utterances_are_two_beginnings_and_two_ends():
    session = Recorder(lambda _: "First.")
    bridge = Bridge(session)
    session.speaking_started = lambda: (
        session.calls.append(("speaking_started",))
        or (session.ask("Second?") if len(session.of("speaking_started")) == 1 else None)
    )
    spoken = [BotStartedSpeakingFrame(), WordHeardFrame("x"), BotStoppedSpeakingFrame()]
    down, _ = await run_test(bridge, frames_to_send=[*TURN, settle(), *spoken, settle(), *spoken])
    assert [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)] == ["First.", "Second?"]
    assert session.of("speaking_ended") == [("x", False), ("x", False)]
    assert bridge.idle


async def test_the_voice_waits_while_somebody_may_be_cutting_in_and_goes_on_after_a_noise():
    session = Recorder(lambda _: "All of it is done.")
    spoken = [*TURN, settle(), BotStartedSpeakingFrame(), WordHeardFrame("All")]
    noise = [VoiceHintFrame(VADState.STARTING, 1), VoiceHintFrame(VADState.QUIET, 1)]
    down, _ = await send(session, *spoken, *noise, settle())
    assert [frame.on for frame in down if isinstance(frame, HoldFrame)] == [True, False]
    assert session.of("interrupt") == []
    voice = [VoiceHintFrame(VADState.STARTING, 1), VoiceHintFrame(VADState.SPEAKING, 1)]
    session = Recorder(lambda _: "All of it is done.")
    down, _ = await send(session, *spoken, *voice, VADUserStartedSpeakingFrame(), settle())
    kinds = [type(frame) for frame in down]
    held, free = (place for place, frame in enumerate(down) if isinstance(frame, HoldFrame))
    assert held < kinds.index(InterruptionFrame) < free
    assert session.of("speaking_ended") == [("All", True)]


async def test_nothing_waits_where_nothing_is_said():
    down, _ = await send(Recorder(), VoiceHintFrame(VADState.STARTING, 0), VoiceHintFrame(VADState.QUIET, 0))
    assert not any(isinstance(frame, HoldFrame) for frame in down)


async def test_what_will_probably_be_said_is_told_as_far_as_it_is_known():
    class Thinking(Recorder):
        def speech_started(self):
            self.publish(Drafted(1, 0.0, "$1 Then $2 is done."))
            self.publish(CallChanged(1, 0.0, 1, 1, CallState.READY, text="You have lunch on Saturday."))
            self.publish(CallChanged(1, 0.0, 2, 1, CallState.HELD))

    down, _ = await send(Thinking(), TURN[0], settle())
    soon = [frame.text for frame in down if isinstance(frame, SpeakSoonFrame)]
    assert soon == ["You have lunch on Saturday. Then"]
    assert not any(isinstance(frame, TTSSpeakFrame) for frame in down)  # silently


AUDIO = InputAudioRawFrame(bytes(640), 16_000, 1)
TEXT = "Your tea timer is done."


def said(down):
    return [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)]


async def test_what_is_due_is_said_after_a_tone():
    session = Recorder()
    session.due = [TEXT]
    heard = [BotStartedSpeakingFrame(), WordHeardFrame("Your"), BotStoppedSpeakingFrame()]
    down, _ = await send(session, AUDIO, AUDIO, settle(), *heard, settle())
    kinds = [type(frame) for frame in down]
    assert kinds.index(TTSAudioRawFrame) < kinds.index(TTSSpeakFrame)
    assert said(down) == [TEXT]
    assert session.calls == [("alert_told", "Your", False)]


async def test_what_is_due_waits_until_nobody_speaks():
    session = Recorder(lambda _: "All done.")
    session.due = [TEXT]
    begins = [VoiceHintFrame(VADState.STARTING, 0), AUDIO, VoiceHintFrame(VADState.SPEAKING, 0)]
    over = [VoiceHintFrame(VADState.QUIET, 1)]
    spoken = [BotStartedSpeakingFrame(), AUDIO, WordHeardFrame("All"), BotStoppedSpeakingFrame()]
    turn = [*begins, TURN[0], AUDIO, *TURN[1:], AUDIO, *over, settle(), AUDIO]
    down, _ = await send(session, *turn, settle(), *spoken, AUDIO, settle())
    assert said(down) == ["All done.", TEXT]
    assert not session.of("interrupt")


async def test_the_user_who_cuts_in_on_what_is_due_knows_it():
    session = Recorder()
    session.due = [TEXT]
    cut = [BotStartedSpeakingFrame(), WordHeardFrame("Your"), *TURN, settle(), AUDIO, settle()]
    down, _ = await send(session, AUDIO, settle(), *cut)
    assert said(down) == [TEXT]
    assert session.of("alert_told") == [("Your", True)]
    assert any(isinstance(frame, InterruptionFrame) for frame in down)


async def test_what_is_due_and_was_not_heard_is_said_after_the_turn():
    session = Recorder()
    session.due = [TEXT]
    cut = [BotStartedSpeakingFrame(), *TURN, settle(), AUDIO, settle()]
    heard = [BotStartedSpeakingFrame(), WordHeardFrame("Your"), BotStoppedSpeakingFrame()]
    down, _ = await send(session, AUDIO, settle(), *cut, *heard, settle())
    assert said(down) == [TEXT, TEXT]
    assert session.of("alert_told") == [("Your", False)]
    assert not session.of("speaking_ended")


async def test_a_key_silences_what_is_due_for_good():
    session = Recorder()
    session.due = [TEXT]
    bridge = Bridge(session)

    async def press():
        while not bridge.is_speaking:
            await asyncio.sleep(0)
        bridge.hush()

    pressing = asyncio.create_task(press())
    await run_test(bridge, frames_to_send=[AUDIO, settle(), AUDIO, settle()])
    await pressing
    assert session.of("alert_told") == [("", True)]
    assert bridge.idle


async def test_a_turn_of_which_a_part_is_missing_is_given_up():
    session = Recorder()
    down, up = await send(session, *TURN[:2], AudioLostFrame(5.0), *TURN[1:], settle())
    assert session.of("audio_lost") == [(5.0,)]
    assert session.names() == ["speech_started", "audio_lost"]
    assert any(isinstance(frame, TurnForgottenFrame) for frame in up)
