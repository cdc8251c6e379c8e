"""One session on a stage: moves and decisions go in, a log of all that happened comes out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from agents.events import (
    Answered,
    CallChanged,
    CallState,
    Committed,
    ConfirmAsked,
    Effected,
    Event,
    Mode,
    TurnEnded,
    TurnStarted,
    Updated,
)
from agents.port import Limits
from agents.session import Session
from tests.agents.fuzz.brain import REACTION_SECONDS, Decision, StageBrain
from tests.agents.fuzz.world import CALL_SECONDS, Delays, Desk, world
from tools.journal import Entry
from tools.tool import Arguments

_EVENTS = get_args(Event)
PATIENT, HASTY = 300.0, 2.0  # seconds from the final update to the end of the turn
STILL = 900.0  # more than anything can take


@dataclass(frozen=True, slots=True)
class Moved:
    """The user did something: the session's method that was called, and with what."""

    what: str
    said: object = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What stays the same throughout a session."""

    patience: float = 0.0
    limits: Limits = Limits(
        call_seconds=CALL_SECONDS,
        confirm_seconds=3.0,
        reaction_seconds=REACTION_SECONDS,
        turn_seconds=PATIENT,
    )
    delays: Delays = Delays(0)
    replies: Mapping[str, str] = field(default_factory=dict[str, str])  # question → what the user says
    mode: Mode = Mode.SPECULATIVE


@dataclass(frozen=True, slots=True)
class Run:
    """A session that is over. `stuck` says what did not end, and why the session broke."""

    setting: Setting
    log: Sequence[object]
    journal: Sequence[Entry]
    effects: Sequence[tuple[str, Arguments]]
    undone: Sequence[int]
    guesses: int
    stuck: Sequence[str]

    @property
    def events(self) -> list[Event]:
        """What the session published."""
        return [item for item in self.log if isinstance(item, _EVENTS)]


class Stage:
    """A session with its user. Made inside the running loop."""

    def __init__(self, scripts: Sequence[Sequence[Decision]], setting: Setting) -> None:
        self.log: list[object] = []
        self._setting = setting
        self._desk = Desk(self.log.append)
        self._world = world(setting.delays)
        self.session = Session(
            StageBrain(scripts, setting.patience, self.log),
            self._desk.toolbox(),
            self._world,
            mode=setting.mode,
            limits=setting.limits,
        )
        self._mouth = asyncio.Lock()  # the user says one thing at a time
        self._news: list[tuple[Callable[[Event], bool], asyncio.Event]] = []
        self._replies: set[asyncio.Task[None]] = set()
        self._closed = False
        self._stuck: list[str] = []
        asyncio.get_running_loop().set_exception_handler(self._broken)
        self.session.subscribe(self._hear)
        self._running = asyncio.create_task(self.session.run(), name="session")

    @property
    def turn(self) -> int:
        """The number of the latest turn."""
        return sum(isinstance(item, TurnStarted) for item in self.log)

    # ---- the user ------------------------------------------------------------------------------

    async def say(
        self,
        words: str,
        *,
        pace: float = 0.3,
        ending: float = 0.5,
        tail: bool = False,
        slips: Sequence[int] = (),
        guess: float | None = None,
        late: str = "",
    ) -> None:
        """Say `words`, one each `pace` seconds; the end of turn is noticed after `ending` seconds.

        The recogniser is unsure of the last word while `tail`, and gets the words at `slips` wrong at first.
        An end is thought likely `guess` seconds after the last word; `late` is what is said after that.
        """
        async with self._mouth:
            self.move("speech_started")
            said = words.split()
            for count in range(1, len(said) + 1):
                await asyncio.sleep(pace)
                stable = said[: count - tail]
                if count in slips:
                    self.move("hear", " ".join([*stable[:-1], "mumble", "mumble"]), "")
                    await asyncio.sleep(pace)
                self.move("hear", " ".join(stable), "".join(said[count - tail : count]))
            self.move("speech_ended", self.session.now())
            if guess is not None:
                await asyncio.sleep(guess)
                self.move("guess_end")
                await asyncio.sleep(pace)
                if late:
                    words = f"{words} {late}".strip()
                    self.move("hear", words, "")
            await asyncio.sleep(ending)
            self.move("end_turn", words)

    def move(self, what: str, *said: object) -> None:
        """Call a method of the session, as the user's doing."""
        if self._running.done() or (self._closed and what != "close"):
            return
        self.log.append(Moved(what, said[0] if said else None))
        getattr(self.session, what)(*said)

    def press(self, yes: bool) -> None:
        """Answer the open question by a key."""
        self.move("confirm", yes)

    def undo(self, entry: int | None) -> None:
        """Take an effect back by a key."""
        self.move("undo", entry)

    def cut_in(self) -> None:
        """Begin to speak over the assistant."""
        self.move("interrupt")
        self.move("speaking_ended", "what was aud", True)

    def close(self) -> None:
        """Hang up."""
        self._closed = True
        self.move("close")

    async def until(self, moment: str, at_most: float) -> None:
        """Wait for the next event of a kind, but no longer than so many seconds."""
        happened = asyncio.Event()
        waiting = (MOMENTS[moment], happened)
        self._news.append(waiting)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(happened.wait(), at_most)
        self._news.remove(waiting)

    async def finish(self) -> Run:
        """Wait until the session has nothing left to do, close it, and say what came of it."""
        stuck = self._stuck
        try:
            async with asyncio.timeout(STILL):
                while not self._closed and not (self.session.is_idle and not self._mouth.locked()):
                    if self._running.done():
                        break
                    await self.until("end", 5.0)
        except TimeoutError:
            stuck.append("a turn does not end")
        self.session.close()
        try:
            async with asyncio.timeout(STILL):
                await self._running
        except TimeoutError:
            stuck.append("the session does not end")
        except BaseExceptionGroup as broken:
            stuck.append(f"the session broke: {_causes(broken)}")
        except Exception as broken:
            stuck.append(f"the session broke: {broken!r}")
        for task in self._replies:
            task.cancel()
        await asyncio.gather(*self._replies, return_exceptions=True)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        stuck += [f"still running: {task.get_name()}" for task in left if task is not self._running]
        journal = self._world.journal
        return Run(
            self._setting,
            self.log,
            journal.entries(),
            self._desk.effects,
            self._desk.undone,
            len(journal.guesses()),
            stuck,
        )

    # ---- inside --------------------------------------------------------------------------------

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        self._stuck.append(f"something broke: {context.get('exception')!r}")

    def _hear(self, event: Event) -> None:
        self.log.append(event)
        for is_it, happened in self._news:
            if is_it(event):
                happened.set()
        if isinstance(event, ConfirmAsked):
            task = asyncio.get_running_loop().create_task(self._answer(event), name="reply")
            self._replies.add(task)
            task.add_done_callback(self._replies.discard)

    async def _answer(self, asked: ConfirmAsked) -> None:
        reply = self._setting.replies.get(asked.question, "silence")
        if reply == "silence":
            return
        await asyncio.sleep(0.6)
        if not self.session.is_asking:
            return
        if reply in ("key yes", "key no"):
            self.press(reply == "key yes")
        else:
            await self.say("" if reply == "noise" else reply, pace=0.1, ending=0.2)


def _causes(broken: BaseExceptionGroup[BaseException]) -> str:
    causes: list[str] = []
    for error in broken.exceptions:
        if isinstance(error, BaseExceptionGroup):
            causes.append(_causes(error))
            continue
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f" in {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
        causes.append(f"{error!r}{place}")
    return "; ".join(causes)


def _is_effect_running(event: Event) -> bool:
    return isinstance(event, CallChanged) and event.state is CallState.RUNNING


MOMENTS: dict[str, Callable[[Event], bool]] = {
    "words": lambda event: isinstance(event, Updated),
    "final": lambda event: isinstance(event, Updated) and event.final,
    "commit": lambda event: isinstance(event, Committed),
    "running": _is_effect_running,
    "effect": lambda event: isinstance(event, Effected),
    "asked": lambda event: isinstance(event, ConfirmAsked),
    "answer": lambda event: isinstance(event, Answered),
    "end": lambda event: isinstance(event, TurnEnded),
}
