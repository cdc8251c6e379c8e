"""One conversation: the user's words go in, events come out; the brain is asked when something is new.

Everything runs on one event loop, and every input is one synchronous step, so the order of the events
is the order of their causes. Times are seconds on the session clock: the loop's, from 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agents import confirm
from agents.brain import Brain, Interaction
from agents.events import (
    SCHEMA_VERSION,
    Answered,
    Event,
    Heard,
    Mode,
    Notice,
    SessionStarted,
    SpeakingEnded,
    SpeakingStarted,
    SpeechEnded,
    TurnStarted,
    Undone,
    Updated,
)
from agents.executor import World
from agents.host import Host
from agents.port import Limits
from agents.reactor import Reactor
from agents.summary import session_summary, turn_summary, wrong_effects
from agents.turn import Turn
from agents.words import spoken_words
from tools.tool import ToolError
from tools.toolbox import Toolbox

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
    ) -> None:
        self._brain = brain
        self._toolbox = toolbox
        self._world = world
        self._mode = mode
        self._source = source
        self._limits = limits or Limits()
        self._host = Host(world, self._limits, self._changed)
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
        self._words: dict[int, tuple[str, bool]] = {}  # by turn: the latest words, not yet handed over
        self._speaking_turn = 0
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
            await self._closing.wait()
            self._reactor.stop()
            for turn in self._host.turns.values():
                turn.drop("the session ended")
        for turn in list(self._host.turns.values()):
            self._end(turn, "")
        self._host.emit(session_summary(self.now(), self._host.events, wrong_effects(self._host.events)))

    def close(self) -> None:
        """End the session; `run` returns once effects that had begun are done."""
        self._closing.set()

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event from now on, as it happens."""
        self._host.listeners.append(listener)

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
    def has_heard(self) -> bool:
        """Whether any words were recognised in this session."""
        return any(isinstance(event, Heard) and spoken_words(event.stable) for event in self._host.events)

    # ---- the user ------------------------------------------------------------------------------

    def speech_started(self) -> None:
        """The user begins to speak: a new turn, the reply to a question, or more of the same turn."""
        if self._host.question is not None:
            self._host.question.timer.cancel()  # a reply is on its way: let it be said
        elif self._turn is None or self._turn.commit.reached:
            self._open()
        elif self._turn.commit.final:
            self._turn.reopen()
            self._before = self._heard

    def hear(self, stable: str, unstable: str) -> None:
        """The current hypothesis: all words since the turn began, the stable ones and the tail."""
        if self._host.question is not None:
            self._host.emit(Heard(self._host.question.call.turn, self.now(), stable, unstable))
            return
        turn = self._turn or self._open()
        text = _join(self._before, stable)
        self._host.emit(Heard(turn.number, self.now(), text, unstable))
        if spoken_words(text) != spoken_words(self._heard):
            self._heard = text
            self._hand_over(turn, text, final=False)

    def speech_ended(self, at: float) -> None:
        """The user fell silent at `at` (session seconds). The reply to a question is no part of its turn."""
        if self._host.question is None and self._turn is not None:
            self._host.emit(SpeechEnded(self._turn.number, at))

    def end_turn(self, text: str) -> None:
        """The user has finished. `text` is the whole transcript, "" where no words were recognised."""
        if self._host.question is not None:
            self._reply(text)
            return
        turn = self._turn
        if turn is None or turn.commit.final:
            return
        text = self._heard = _join(self._before, text)
        self._host.emit(Heard(turn.number, self.now(), text, ""))
        turn.final_received()
        if not spoken_words(text):
            self.notice("I did not hear any words.")
            self._end(turn, "")
            return
        self._host.after(
            self._limits.turn_seconds, lambda: self._give_up(turn, "This took too long; I stopped.")
        )
        self._hand_over(turn, text, final=True)

    def confirm(self, yes: bool) -> None:
        """Answer the open question without speaking (a key was pressed)."""
        self._host.reply(yes, "")

    def undo(self, entry: int | None = None) -> None:
        """Take back journal entry `entry`, or the latest effect that can be taken back."""
        self._group.create_task(self._undo(entry), name="undo")

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

    def notice(self, text: str, error: bool = False) -> None:
        """Tell the user something in one line."""
        self._host.emit(Notice(self.now(), text, error))

    # ---- inside --------------------------------------------------------------------------------

    def _open(self) -> Turn:
        self._count += 1
        self._before = self._heard = ""
        self._turn = self._host.turns[self._count] = Turn(
            self._count, self._toolbox, self._host, self._limits
        )
        self._host.emit(TurnStarted(self._count, self.now()))
        return self._turn

    def _hand_over(self, turn: Turn, text: str, *, final: bool) -> None:
        """Give the brain the words of the turn so far, as soon as it can take them."""
        self._words[turn.number] = (text, final)
        self._reactor.news(turn, words=True)

    def _interact(self, turn: Turn) -> Interaction:
        """What the brain is shown as it begins to react.

        Words count as handed over here, not when they were heard: what the brain writes while it has not
        seen them stands before them in the stream that it reads.
        """
        words = self._words.pop(turn.number, None)
        if words is not None:
            text, final = words
            self._host.emit(Updated(turn.number, self.now(), text, final))
        return Interaction(self._toolbox, self._host.events, turn.number)

    def _reply(self, text: str) -> None:
        """Words after a question: a yes or a no; anything else is a no and a request of its own."""
        yes = confirm.reply(text)
        self._host.reply(yes is True, text)
        if yes is None and spoken_words(text):
            self._open()
            self.end_turn(text)

    def _changed(self, turn: Turn) -> None:
        """A call of the turn has its outcome.

        A patient brain is not woken for it while the user speaks: it sees the result with the next words.
        """
        if turn.draft is None and (turn.commit.final or not self._brain.patience):
            self._reactor.news(turn, words=False)
        self._settle(turn)
        self._reactor.poke()

    def _settle(self, turn: Turn) -> None:
        """End the turn if nothing is left to do in it."""
        if turn.number not in self._host.turns or not turn.commit.reached:
            return
        answer = turn.answer
        if answer is None and turn.is_paused and not turn.is_busy and not self._reactor.is_wanted(turn):
            # The brain has nothing to say: what was done is said for it.
            fed = turn.operands
            results = [
                turn.spoken(call.id) for call in turn.calls.values() if call.is_wanted and call.id not in fed
            ]
            answer = " ".join(filter(None, results)) or NOT_UNDERSTOOD
        if answer is not None:
            self._end(turn, answer)

    def _broken(self, turn: Turn, why: str) -> None:
        """The brain failed. Before the final update the next words are another chance."""
        self.notice(why, error=True)
        if turn.commit.final:
            self._give_up(turn, f"Sorry, something went wrong. {why}")

    def _give_up(self, turn: Turn, why: str) -> None:
        if turn.number in self._host.turns:
            self._end(turn, why)

    def _end(self, turn: Turn, answer: str) -> None:
        turn.drop("the turn is over")
        del self._host.turns[turn.number]
        self._reactor.forget(turn)
        self._words.pop(turn.number, None)
        if self._turn is turn:
            self._turn = None
        if answer:
            self._speaking_turn = turn.number
            self._host.emit(Answered(turn.number, self.now(), answer))
        events = [event for event in self._host.events if getattr(event, "turn", None) == turn.number]
        self._host.emit(turn_summary(turn.number, self.now(), events))

    async def _undo(self, entry: int | None) -> None:
        journal = self._world.journal
        if entry is None:
            latest = journal.latest_undoable()
            if latest is None:
                self.notice("There is nothing to undo.")
                return
            entry = latest.id
        try:
            result = await journal.undo(entry, self._toolbox, self._world.context)
        except ToolError as error:
            self.notice(str(error), error=True)
        else:
            self._host.emit(Undone(self._count, self.now(), entry, result.text))


def _join(before: str, text: str) -> str:
    return f"{before} {text}".strip()
