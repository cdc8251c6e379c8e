"""One conversation: the user's words go in, events come out; the brain is asked when something is new.

Everything runs on one event loop, and every input is one synchronous step, so the order of the events
is the order of their causes. Times are seconds on the session clock: the loop's, from 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from agents.bell import Bell
from agents.brain import Brain
from agents.cost import Meter
from agents.ending import Ending
from agents.events import (
    SCHEMA_VERSION,
    Answered,
    BrainChanged,
    ConfirmAsked,
    Event,
    Heard,
    Level,
    Mode,
    Muted,
    Saying,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
)
from agents.executor import World
from agents.floor import Floor
from agents.hearing import Hearing
from agents.host import Host
from agents.live import LiveBrain
from agents.port import Limits
from agents.reactor import Reactor
from agents.speech import Speech
from agents.summary import session_summary, wrong_effects
from agents.turn_taking import TurnTaking
from agents.undo import Undo
from agents.words import spoken_words
from tools.toolbox import Toolbox

T = TypeVar("T")


class Session:
    """Feed it words, subscribe to its events, `run` it until `close`.

    Made inside the running event loop, and only for its thread.
    """

    def __init__(
        self,
        brain: Brain,
        toolbox: Toolbox,
        world: World,
        *,
        mode: Mode = Mode.SPECULATIVE,
        source: str = "typed words",
        limits: Limits | None = None,
        meter: Meter | None = None,
        rings: bool = False,
    ) -> None:
        """`meter` counts what the brains of this session cost.

        `rings`: timers and reminders that are due are told, by a voice that asks for them.
        """
        limits = limits or Limits()
        self._world = world
        self._source = source
        self._host = Host(world, toolbox, limits)
        self._floor = Floor()
        self._reactor = Reactor(brain, mode, self._host, toolbox, limits)
        self._ending = Ending(self._host, self._reactor, self._floor, limits)
        self._undo = Undo(world.journal, self._host, self._reactor, self._ending, self._floor)
        self._user = TurnTaking(
            self._floor, self._host, self._reactor, self._ending, self._undo, toolbox, limits
        )
        self._hearing = Hearing()
        self._is_deaf = False  # what the user said last was not heard
        self._speaking_turn = 0
        self._host.listeners.append(self._speaks)
        self._bell = Bell(world.context, self._host) if rings else None
        self._meter = meter
        if meter is not None:
            meter.open(self._host)
        self._closing = asyncio.Event()

    # ---- life ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`. What is pending then is discarded; effects that have begun finish."""
        started = self._world.context.now().isoformat(timespec="seconds")
        name, mode = self._reactor.brain.name, self._reactor.mode
        self._host.emit(SessionStarted(self.now(), SCHEMA_VERSION, name, mode, self._source, started))
        for entry in self._world.journal.recover():
            self.notice(f"{entry.text} (entry {entry.id})", error=True)
        async with asyncio.TaskGroup() as group:
            self._host.open(group, self._ending.changed)
            self._reactor.open(group, settle=self._ending.settle, broken=self._ending.broken)
            await self._undo.open(group)
            ringing = group.create_task(self._bell.run(), name="bell") if self._bell else None
            await self._closing.wait()
            if ringing is not None:
                ringing.cancel()
            self._reactor.stop()
            for turn in self._host.turns.values():
                turn.drop("the session ended")
        for turn in list(self._host.turns.values()):
            self._ending.end(turn, "")
        if self._meter is not None:
            self._meter.close()
        self._host.emit(session_summary(self.now(), self._host.events, wrong_effects(self._host.events)))

    def close(self) -> None:
        """End the session; `run` returns once effects that had begun are done."""
        self._closing.set()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, as it happens, until what is returned is called."""
        return _entered(self._host.listeners, listener)

    def on_speech(self, voice: Callable[[int, Speech], None]) -> Callable[[], None]:
        """Call `voice` with the turn and what the brain says in its own voice, as it begins.

        Until what is returned is called.
        """
        return _entered(self._host.voices, voice)

    def now(self) -> float:
        """Seconds on the session clock."""
        return self._host.now()

    @property
    def is_idle(self) -> bool:
        """Whether no turn is open."""
        return not self._host.turns

    @property
    def is_asking(self) -> bool:
        """Whether a question waits for the user's reply."""
        return self._host.question is not None

    @property
    def events(self) -> Sequence[Event]:
        """Everything that has happened so far, oldest first; but how loud it was, which is soon too much."""
        return self._host.events

    @property
    def has_heard(self) -> bool:
        """Whether any words were recognised in this session."""
        return any(isinstance(event, Heard) and spoken_words(event.stable) for event in self._host.events)

    # ---- the user ------------------------------------------------------------------------------

    @property
    def hears(self) -> int | None:
        """The rate in Hz at which the brain wants the user's voice; None: it does not."""
        brain = self._reactor.brain
        return brain.hears if isinstance(brain, LiveBrain) else None

    def listen(self, audio: bytes) -> None:
        """The microphone's sound, 16-bit mono PCM at the rate `hears`: the brain gets what belongs to a turn.

        The reply to a question is for the session alone.
        """
        brain, floor = self._reactor.brain, self._floor
        if isinstance(brain, LiveBrain) and (rate := brain.hears) is not None:
            turn = floor.turn.number if floor.turn is not None and floor.is_speaking else None
            for part in self._hearing.add(audio, rate, None if self._host.question is not None else turn):
                brain.listen(floor.turns, part)

    def speech_started(self) -> None:
        """The user begins to speak: a new turn, the reply to a question, or more of the same turn."""
        self._user.speech_started()

    def hear(self, stable: str, unstable: str) -> None:
        """The current hypothesis: all words since the turn began, the stable ones and the tail."""
        self._user.hear(stable, unstable)

    def guess_end(self) -> None:
        """The user has probably finished: the brain is given all words, also those that may change.

        What it makes of them is held until `end_turn` says the same words; then no time is lost.
        """
        self._user.guess_end()

    def speech_ended(self, at: float) -> None:
        """The user fell silent at `at` (session seconds). The reply to a question is no part of its turn."""
        self._user.speech_ended(at)

    def end_turn(self, text: str) -> None:
        """The user has finished. `text` is the whole transcript, "" where no words were recognised."""
        self._is_deaf = False
        self._user.end_turn(text)

    def confirm(self, yes: bool) -> None:
        """Answer the open question without speaking (a key was pressed)."""
        self._host.reply(yes, "")

    def stop(self) -> bool:
        """Let go of the open turn: what has not begun is discarded, nothing said. False if there is none."""
        return self._give_up("you stopped it")

    def audio_lost(self, seconds: float) -> None:
        """So much of what the user may have said was not heard: the turn they are in is given up.

        What was heard of it may be the opposite of what was said. Told once, until a turn is heard again.
        """
        if not self._is_deaf:
            self.notice(
                f"too busy to listen: {seconds:.0f} s were not heard; please say it again", error=True
            )
        self._is_deaf = True
        if self._host.question is not None:
            self._user.end_turn("")
        elif self._floor.is_speaking:
            self._give_up("a part of what you said was not heard")
        self._floor.is_speaking = False

    def undo(self, entry: int | None = None) -> None:
        """Take back journal entry `entry`, or the latest effect that can be taken back."""
        self._undo.begin(entry)

    def change(self, brain: Brain | None = None, mode: Mode | None = None) -> Brain:
        """Let another brain think from now on, or in another mode; the brain that is free to be closed.

        What the one before has decided stands; a reaction of its is interrupted.
        """
        before = self._reactor.brain
        self._reactor.change(brain or before, mode or self._reactor.mode)
        self._host.emit(BrainChanged(self.now(), self._reactor.brain.name, self._reactor.mode))
        return before

    # ---- the voice -----------------------------------------------------------------------------

    def interrupt(self) -> None:
        """The user cut in while the assistant spoke; what it was saying is not said again."""
        self.notice("You cut in; I am listening.")

    def speaking_started(self) -> None:
        """The first audio of an answer or a question has left for the speaker."""
        self._host.emit(SpeakingStarted(self._speaking_turn, self.now()))

    def speaking_ended(self, heard: str, interrupted: bool) -> None:
        """The assistant fell silent; `heard` is what was audible of its text."""
        self._host.emit(SpeakingEnded(self._speaking_turn, self.now(), heard, interrupted))
        self._floor.fell_silent(self._speaking_turn, self.now())

    @property
    def is_ringing(self) -> bool:
        """Whether a timer or a reminder waits to be told; never in the middle of a turn."""
        return self._bell is not None and self._bell.is_ringing and self.is_idle

    def take_alert(self) -> str:
        """What is due, in words: whoever takes it is about to say it."""
        assert self._bell is not None
        return self._bell.take()

    def alert_told(self, heard: str, interrupted: bool) -> None:
        """What was taken has been said, or the user cut it short: `heard` was audible of it."""
        assert self._bell is not None
        self._bell.told(heard, interrupted)

    def muted(self, on: bool) -> None:
        """The microphone was closed, or opened again."""
        self._host.emit(Muted(self.now(), on))

    def level(self, level: float) -> None:
        """How loud the microphone is: RMS from 0 to 1."""
        self._host.tell(Level(self.now(), round(level, 3)))

    def notice(self, text: str, error: bool = False) -> None:
        """Tell the user something in one line."""
        self._host.notice(text, error=error)

    # ---- inside --------------------------------------------------------------------------------

    def _give_up(self, why: str) -> bool:
        """Let go of the open turn; False if there is none."""
        turn = self._floor.turn
        if turn is None or turn.is_dropped:  # a dropped one is taking something back, and ends of itself
            return False
        turn.drop(why)
        self._ending.end(turn, "")
        return True

    def _speaks(self, event: Event) -> None:
        """Whose words the voice is about to say."""
        if isinstance(event, Answered | Saying | ConfirmAsked):
            self._speaking_turn = event.turn


def _entered(entries: list[T], entry: T) -> Callable[[], None]:
    """Put an entry on a list; what takes it off again."""
    entries.append(entry)
    return lambda: entries.remove(entry)
