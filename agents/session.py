"""One conversation: the user's words go in, events come out; the brain is asked when something is new.

Everything runs on one event loop, and every input is one synchronous step, so the order of the events
is the order of their causes. Times are seconds on the session clock: the loop's, from 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from agents import phrases
from agents.bell import Bell
from agents.brain import Brain, Interaction
from agents.cost import Meter, Usage
from agents.events import (
    SCHEMA_VERSION,
    AlertDue,
    AlertTold,
    Answered,
    BrainChanged,
    Continued,
    Event,
    Heard,
    Level,
    Mode,
    Muted,
    Notice,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnStarted,
    UndoFailed,
    Undone,
    Updated,
    Used,
)
from agents.executor import World
from agents.hearing import Hearing
from agents.host import Host
from agents.live import ForesightedBrain, LiveBrain
from agents.port import Limits
from agents.reactor import Reactor
from agents.speech import Speech
from agents.summary import session_summary, turn_summary, wrong_effects
from agents.turn import Turn
from agents.words import same_words, spoken_words
from tools.tool import ToolError
from tools.toolbox import Toolbox

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The turn before this one, which the user's next words may correct; its words, and when it was over."""

    turn: Turn
    words: str
    at: float


NOT_UNDERSTOOD = "Sorry, I did not get that."


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
        self._brain = brain
        self._toolbox = toolbox
        self._world = world
        self._mode = mode
        self._source = source
        self._limits = limits or Limits()
        self._host = Host(world, toolbox, self._limits, self._changed)
        self._reactor = Reactor(
            brain,
            mode,
            self._limits,
            interact=self._interact,
            settle=self._settle,
            broken=self._broken,
        )
        self._turn: Turn | None = None  # the one the user's words belong to
        self._count = 0
        self._before = ""  # words of this turn before an end of turn that was none
        self._heard = ""  # words of this turn handed to the brain
        self._is_speaking = False
        self._is_silent = False  # though what they say may go on
        self._hypothesis = ""  # all words of this turn so far, also those that may change
        self._guess: str | None = None  # the words handed over as if they were all
        self._words: dict[int, tuple[str, bool]] = {}  # by turn: the latest words, not yet handed over
        self._deadline: asyncio.TimerHandle | None = None  # of the committed turn
        self._earlier: _Earlier | None = None
        self._may_correct = False  # the words so far leave open whether they correct the earlier turn
        self._speaking_turn = 0
        self._concluded: tuple[int, int] | None = None  # turn and its finals the brain was asked to answer
        self._hearing = Hearing()
        self._host.voices.append(self._begin_speaking)
        self._bell = Bell(world.context, self._alert_due, self._bell_broken) if rings else None
        if meter is not None:
            meter.listen(self._used, self.notice)
        self._closing = asyncio.Event()

    # ---- life ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`. What is pending then is discarded; effects that have begun finish."""
        started = self._world.context.now().isoformat(timespec="seconds")
        self._host.emit(
            SessionStarted(self.now(), SCHEMA_VERSION, self._brain.name, self._mode, self._source, started)
        )
        for entry in self._world.journal.recover():
            self.notice(f"{entry.text} (entry {entry.id})", error=True)
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._host.open(group)
            self._reactor.open(group)
            for entry in self._world.journal.guesses():
                self.notice(f"A guess was left over from the last time. {await self._undo(entry.id)}")
                self._world.journal.keep(entry.id)  # one that cannot be undone is not told again
            ringing = group.create_task(self._bell.run(), name="bell") if self._bell else None
            await self._closing.wait()
            if ringing is not None:
                ringing.cancel()
            self._reactor.stop()
            for turn in self._host.turns.values():
                turn.drop("the session ended")
        for turn in list(self._host.turns.values()):
            self._end(turn, "")
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
        """Everything that has happened so far, oldest first."""
        return self._host.events

    @property
    def has_heard(self) -> bool:
        """Whether any words were recognised in this session."""
        return any(isinstance(event, Heard) and spoken_words(event.stable) for event in self._host.events)

    # ---- the user ------------------------------------------------------------------------------

    @property
    def hears(self) -> int | None:
        """The rate in Hz at which the brain wants the user's voice; None: it does not."""
        return self._brain.hears if isinstance(self._brain, LiveBrain) else None

    def listen(self, audio: bytes) -> None:
        """The microphone's sound, 16-bit mono PCM at the rate `hears`: the brain gets what belongs to a turn.

        The reply to a question is for the session alone.
        """
        if isinstance(self._brain, LiveBrain) and (rate := self._brain.hears) is not None:
            turn = self._turn.number if self._turn is not None and self._is_speaking else None
            for part in self._hearing.add(audio, rate, None if self._host.question is not None else turn):
                self._brain.listen(self._count, part)

    def speech_started(self) -> None:
        """The user begins to speak: a new turn, the reply to a question, or more of the same turn."""
        self._is_speaking, self._is_silent = True, False
        if self._host.question is not None:
            self._host.question.timer.cancel()  # a reply is on its way: let it be said
        elif self._turn is None:
            self._open()
        elif self._turn.commit.final:
            self._reopen(self._turn)

    def hear(self, stable: str, unstable: str) -> None:
        """The current hypothesis: all words since the turn began, the stable ones and the tail."""
        if self._host.question is not None:
            said = _join(self._heard, stable)
            self._host.emit(Heard(self._host.question.call.turn, self.now(), said, unstable))
            return
        turn = self._turn or self._open()
        if turn.commit.final:
            if not self._is_speaking:
                return  # of an utterance that is over
            self._reopen(turn)  # what began as the reply to a question is none: a key has answered it
        if self._may_correct:
            self._take_up(turn, phrases.is_correction(spoken_words(stable)))
        text = _join(self._before, stable)
        self._host.emit(Heard(turn.number, self.now(), text, unstable))
        self._hypothesis = _join(text, unstable)
        if self._may_correct or (self._guess is not None and same_words(self._hypothesis, self._guess)):
            return
        if self._guess is not None:
            self._guess = None
            turn.forget_guess()
        if self._is_silent:
            self._foresee(turn)
        if not same_words(text, self._heard):
            self._heard = text
            self._hand_over(turn, text, final=False)

    def guess_end(self) -> None:
        """The user has probably finished: the brain is given all words, also those that may change.

        What it makes of them is held until `end_turn` says the same words; then no time is lost.
        """
        turn, text = self._turn, self._hypothesis
        if turn is None or turn.commit.final or self._host.question is not None or self._may_correct:
            return
        if self._mode is Mode.SEQUENTIAL or self._guess is not None or not spoken_words(text):
            return
        self._guess = self._heard = text
        turn.guess_end()
        self._hand_over(turn, text, final=True)

    def speech_ended(self, at: float) -> None:
        """The user fell silent at `at` (session seconds). The reply to a question is no part of its turn."""
        if self._host.question is None and self._turn is not None:
            self._host.emit(SpeechEnded(self._turn.number, at))
            self._is_silent = True
            self._foresee(self._turn)

    def end_turn(self, text: str) -> None:
        """The user has finished. `text` is the whole transcript, "" where no words were recognised."""
        self._is_speaking = False
        if self._host.question is not None:
            self._reply(text)
        elif self._turn is not None and not self._turn.commit.final:
            self._finish(self._turn, text)

    def confirm(self, yes: bool) -> None:
        """Answer the open question without speaking (a key was pressed)."""
        self._host.reply(yes, "")

    def stop(self) -> bool:
        """Let go of the open turn: what has not begun is discarded, nothing said. False if there is none."""
        turn = self._turn
        if turn is None or turn.is_dropped:  # a dropped one is taking something back, and ends of itself
            return False
        turn.drop("you stopped it")
        self._end(turn, "")
        return True

    def undo(self, entry: int | None = None) -> None:
        """Take back journal entry `entry`, or the latest effect that can be taken back."""
        self._group.create_task(self._undo(entry), name="undo")

    def change(self, brain: Brain | None = None, mode: Mode | None = None) -> Brain:
        """Let another brain think from now on, or in another mode; the brain that is free to be closed.

        What the one before has decided stands; a reaction of its is interrupted.
        """
        before = self._brain
        self._brain = brain or before
        self._mode = mode or self._mode
        self._reactor.change(self._brain, self._mode)
        self._host.emit(BrainChanged(self.now(), self._brain.name, self._mode))
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
        if self._earlier is not None:
            self._earlier = replace(self._earlier, at=self.now())

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
        self._host.emit(AlertTold(self.now(), self._bell.told(), heard, interrupted))

    def muted(self, on: bool) -> None:
        """The microphone was closed, or opened again."""
        self._host.emit(Muted(self.now(), on))

    def level(self, level: float) -> None:
        """How loud the microphone is: RMS from 0 to 1."""
        self._host.emit(Level(self.now(), round(level, 3)))

    def notice(self, text: str, error: bool = False) -> None:
        """Tell the user something in one line."""
        self._host.emit(Notice(self.now(), text, error))

    # ---- inside --------------------------------------------------------------------------------

    def _open(self) -> Turn:
        self._count += 1
        self._before = self._heard = self._hypothesis = ""
        self._guess = None
        earlier = self._earlier
        self._may_correct = earlier is not None and self.now() - earlier.at <= self._limits.correction_seconds
        self._turn = self._host.turns[self._count] = Turn(
            self._count, self._toolbox, self._host, self._limits
        )
        self._host.emit(TurnStarted(self._count, self.now()))
        return self._turn

    def _reopen(self, turn: Turn) -> None:
        """The end of the turn was none."""
        if self._deadline is not None:
            self._deadline.cancel()
        turn.reopen()
        self._before = self._heard
        if turn.number in self._words:
            self._words[turn.number] = (self._words[turn.number][0], False)

    def _take_up(self, turn: Turn, correction: bool | None) -> None:
        """Go on with the turn before, if the words say so."""
        if correction is None:
            return
        self._may_correct = False
        if correction:
            assert self._earlier is not None
            words = self._before = self._heard = self._earlier.words
            self._host.emit(Continued(turn.number, self.now(), self._earlier.turn.number))
            self._host.emit(Updated(turn.number, self.now(), words, False))
            turn.carry(self._earlier.turn)

    def _finish(self, turn: Turn, text: str) -> None:
        """The user has finished the turn with `text`, or with what else they said since it was reopened."""
        if phrases.is_undo(text):
            self._host.emit(Heard(turn.number, self.now(), _join(self._before, text), ""))
            self._turn = None  # what is said meanwhile is another turn
            self._group.create_task(self._take_back(turn), name="take back")
            return
        if self._may_correct:
            self._take_up(turn, phrases.is_correction(spoken_words(text)) or False)
        guess, self._guess = self._guess, None
        borne_out = guess is not None and same_words(_join(self._before, text), guess)
        is_known = borne_out and (turn.is_foregone or self._reactor.is_wanted(turn))
        if not is_known and not spoken_words(text) and turn.resume():
            self._bound(turn)
            self._changed(turn)
            return
        text = self._heard = _join(self._before, text)
        self._host.emit(Heard(turn.number, self.now(), text, ""))
        if is_known:
            turn.confirm_guess()
            self._bound(turn)
            self._settle(turn)
            return
        turn.final_received()
        if not spoken_words(text):
            self.notice("I did not hear any words.")
            self._end(turn, "")
            return
        self._bound(turn)
        self._hand_over(turn, text, final=True)

    def _bound(self, turn: Turn) -> None:
        """A turn whose words are there ends in bounded time."""
        self._deadline = self._host.after(
            self._limits.turn_seconds, lambda: self._give_up(turn, "This took too long; I stopped.")
        )

    def _hand_over(self, turn: Turn, text: str, *, final: bool) -> None:
        """Give the brain the words of the turn so far, as soon as it can take them."""
        self._words[turn.number] = (text, final)
        self._reactor.news(turn, words=True)

    def _foresee(self, turn: Turn) -> None:
        """Let the brain know what it would be given if the user said no more than this."""
        brain, text = self._brain, self._hypothesis
        is_open = not turn.commit.final and not self._may_correct and spoken_words(text)
        if is_open and isinstance(brain, ForesightedBrain) and self._mode is Mode.SPECULATIVE:
            of_turn = [*self._host.of_turn[turn.number], Updated(turn.number, self.now(), text, True)]
            brain.foresee(Interaction(self._toolbox, turn.number, of_turn, self._host.events))

    def _interact(self, turn: Turn) -> Interaction:
        """What the brain is shown as it begins to react.

        Words count as handed over here, not when they were heard: what the brain writes while it has not
        seen them stands before them in the stream that it reads.
        """
        words = self._words.pop(turn.number, None)
        if words is not None:
            text, final = words
            self._host.emit(Updated(turn.number, self.now(), text, final))
        return Interaction(self._toolbox, turn.number, self._host.of_turn[turn.number], self._host.events)

    def _reply(self, text: str) -> None:
        """Words after a question: a yes, a no, or what is to be done instead."""
        verdict = phrases.reply(text)
        if not spoken_words(text):
            self._host.wait_for_reply()
        elif verdict is None:
            turn = self._host.correct(text)
            self._reopen(turn)
            self._finish(turn, text)
        else:
            self._host.reply(verdict, text)

    def _changed(self, turn: Turn) -> None:
        """A call of the turn has its outcome.

        A patient brain is not woken for it while the user speaks: it sees the result with the next words.
        """
        if turn.is_dropped:
            return  # it only waits for an effect to be taken back
        if not turn.is_answered and (turn.commit.final or not self._brain.patience):
            self._reactor.news(turn, words=False)
        self._settle(turn)
        self._reactor.poke()

    def _settle(self, turn: Turn) -> None:
        """End the turn if nothing is left to do in it."""
        if turn.number not in self._host.turns or not turn.commit.reached:
            return
        answer = turn.answer
        if (
            answer is None
            and turn.is_paused
            and not turn.dispatcher.is_busy
            and not self._reactor.is_wanted(turn)
        ):
            if isinstance(self._brain, LiveBrain) and self._concluded != (turn.number, turn.finals):
                self._concluded = (turn.number, turn.finals)
                self._reactor.news(turn, words=False)
                return
            # The brain has nothing to say: what was done is said for it.
            answer = turn.outcome or NOT_UNDERSTOOD
        if answer is not None:
            self._end(turn, answer)

    def _broken(self, turn: Turn, why: str) -> None:
        """The brain failed. Before the final update the next words are another chance."""
        self.notice(why, error=True)
        if turn.commit.final:
            done = turn.outcome if turn.commit.reached else ""
            self._give_up(turn, f"Sorry, something went wrong. {why} {done}".strip())
        elif turn is self._turn:
            self._guess = None  # nothing was made of it
            turn.forget_guess()

    def _begin_speaking(self, turn: int, _: Speech) -> None:
        self._speaking_turn = turn

    def _alert_due(self, text: str) -> None:
        self._host.emit(AlertDue(self.now(), text))

    def _bell_broken(self, why: str) -> None:
        self.notice(why, error=True)

    def _used(self, turn: int, model: str, guess: bool, usage: Usage, dollars: float | None) -> None:
        self._host.emit(
            Used(
                turn,
                self.now(),
                model,
                guess,
                usage.text_in,
                usage.text_cached,
                usage.text_out,
                usage.audio_in,
                usage.audio_cached,
                usage.audio_out,
                dollars,
            )
        )

    def _give_up(self, turn: Turn, why: str) -> None:
        if turn.number in self._host.turns:
            self._end(turn, why)

    def _end(self, turn: Turn, answer: str) -> None:
        self._host.leave(turn)
        self._reactor.forget(turn)
        self._words.pop(turn.number, None)
        if self._turn is turn:
            self._turn = None
            if self._deadline is not None:
                self._deadline.cancel()
            if turn.commit.reached:
                self._earlier = _Earlier(turn, self._heard, self.now())
        for text in turn.told:
            if text not in answer:
                self.notice(text)
        if answer:
            self._speaking_turn = turn.number
            self._host.emit(Answered(turn.number, self.now(), answer))
        self._host.emit(turn_summary(turn.number, self.now(), self._host.of_turn[turn.number]))

    async def _take_back(self, turn: Turn) -> None:
        """The user said "undo that": nothing of this turn is wanted, and the latest effect is taken back."""
        turn.drop("you took it back")
        self._reactor.forget(turn)
        await self._host.rest(turn)
        self._end(turn, await self._undo(None))

    async def _undo(self, entry: int | None) -> str:
        """Take an effect back, the latest where `entry` is None; what there is to say of it."""
        if entry is None:
            latest = self._world.journal.latest_undoable()
            if latest is None:
                self.notice("There is nothing to undo.")
                return "There is nothing to undo."
            entry = latest.id
        try:
            text = await self._host.take_back(entry)
        except ToolError as error:
            self._host.emit(UndoFailed(self._count, self.now(), entry, str(error)))
            return str(error)
        self._host.emit(Undone(self._count, self.now(), entry, text))
        for turn in [*self._host.turns.values(), *([self._earlier.turn] if self._earlier else [])]:
            turn.dispatcher.taken_back(entry)
        return text


def _entered(entries: list[T], entry: T) -> Callable[[], None]:
    """Put an entry on a list; what takes it off again."""
    entries.append(entry)
    return lambda: entries.remove(entry)


def _join(before: str, text: str) -> str:
    return f"{before} {text}".strip()
