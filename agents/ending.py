"""When a turn is over: nothing is left to do in it, its time is up, the brain failed, or it is let go."""

from __future__ import annotations

import asyncio

from agents.events import Answered
from agents.floor import Floor
from agents.host import Host
from agents.live import LiveBrain
from agents.port import Limits
from agents.reactor import Reactor
from agents.summary import turn_summary
from agents.turn import Turn

NOT_UNDERSTOOD = "Sorry, I did not get that."


class Ending:
    """Ends the turns of a session, each with what there is to say."""

    def __init__(self, host: Host, reactor: Reactor, floor: Floor, limits: Limits) -> None:
        self._host = host
        self._reactor = reactor
        self._floor = floor
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None  # of the committed turn
        self._concluded: tuple[int, int] | None = None  # turn and its finals the brain was asked to answer

    def changed(self, turn: Turn) -> None:
        """A call of the turn has its outcome.

        A patient brain is not woken for it while the user speaks: it sees the result with the next words.
        """
        if turn.is_dropped:
            return  # it only waits for an effect to be taken back
        if not turn.is_answered and (turn.has_all_words or not self._reactor.brain.patience):
            self._reactor.news(turn, words=False)
        self.settle(turn)
        self._reactor.poke()

    def settle(self, turn: Turn) -> None:
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
            if isinstance(self._reactor.brain, LiveBrain) and self._concluded != (turn.number, turn.finals):
                self._concluded = (turn.number, turn.finals)
                self._reactor.news(turn, words=False)
                return
            # The brain has nothing to say: what was done is said for it.
            answer = turn.outcome or NOT_UNDERSTOOD
        if answer is not None:
            self.end(turn, answer)

    def broken(self, turn: Turn, why: str) -> None:
        """The brain failed. Before the final update the next words are another chance."""
        self._host.notice(why, error=True)
        if turn.commit.final:
            done = turn.outcome if turn.commit.reached else ""
            self._give_up(turn, f"Sorry, something went wrong. {why} {done}".strip())
        elif turn is self._floor.turn:
            self._floor.guess = None  # nothing was made of it
            turn.forget_guess()

    def bound(self, turn: Turn) -> None:
        """A turn whose words are there ends in bounded time."""
        self._deadline = self._host.after(
            self._limits.turn_seconds, lambda: self._give_up(turn, "This took too long; I stopped.")
        )

    def unbound(self) -> None:
        """The words go on: the turn may take its time again."""
        if self._deadline is not None:
            self._deadline.cancel()

    def end(self, turn: Turn, answer: str) -> None:
        """The turn is over; `answer` is said, where there is one, and what the user must know besides."""
        self._host.leave(turn)
        self._reactor.forget(turn)
        if self._floor.leave(turn, self._host.now()):
            self.unbound()
        for text in turn.told:
            if text not in answer:
                self._host.notice(text)
        if answer:
            self._host.emit(Answered(turn.number, self._host.now(), answer))
        self._host.emit(turn_summary(turn.number, self._host.now(), self._host.of_turn[turn.number]))

    def _give_up(self, turn: Turn, why: str) -> None:
        if turn.number in self._host.turns:
            self.end(turn, why)
