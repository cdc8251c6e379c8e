"""Seeded bugs: each breaks one promise of the core, and must be noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from agents import bounds, graph, references
from agents.board import Board
from agents.calls import LiveCall
from agents.commit import CommitPoint
from agents.dispatcher import Dispatcher
from agents.events import CallState
from agents.executor import Executor
from agents.host import Host
from agents.plan import Plan
from agents.regrets import Regrets
from agents.rollback import Rollback
from agents.runs import Runs
from agents.scheduler import Scheduler
from agents.turn import Turn
from tools.journal import Journal
from tools.tool import Arguments, Tool, ToolContext, ToolResult


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: what it puts in place of an attribute of the core, made from what is there."""

    name: str
    owner: Any
    attribute: str
    make: Callable[[Any], Any]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The core with this bug, inside the block."""
        with patch.object(self.owner, self.attribute, self.make(getattr(self.owner, self.attribute))):
            yield


def _always(value: object) -> Callable[[Any], Any]:
    return lambda _: lambda *args, **kwargs: value


def _commits_on_half_the_words(settled: Any) -> Any:
    return lambda self, by, knowing: replace(self, by=self.by or by, released=self.highest)


def _ignores_what_the_brain_has_seen(act: Any) -> Any:
    return lambda self, action, *, seen: act(self, action, seen=self.finals)


def _keeps_running_when_reopened(reopened: Any) -> Any:
    return lambda self: replace(self, final=False)


def _delivers_late_results(finished: Any) -> Any:
    def mutant(self: Dispatcher, id: int, run: int, result: ToolResult, entry: int | None = None) -> bool:
        call = self.calls.get(id)
        if call is not None and call.state is CallState.RUNNING and not call.is_effect:
            run = call.run
        return finished(self, id, run, result, entry)

    return mutant


def _performs_twice(perform: Any) -> Any:
    async def mutant(
        self: Journal,
        key: str,
        tool: Tool,
        context: ToolContext,
        arguments: Arguments,
        *,
        early: bool = False,
    ) -> tuple[int, ToolResult]:
        if tool.name == "write":
            tool = replace(tool, run=_twice(tool.run))
        return await perform(self, key, tool, context, arguments, early=early)

    return mutant


def _twice(run: Any) -> Any:
    async def both(context: ToolContext, arguments: Arguments) -> ToolResult:
        await run(context, arguments)
        return await run(context, arguments)

    return both


def _skips_the_question(ask: Any) -> Any:
    def mutant(self: Host, call: LiveCall, arguments: Arguments) -> None:
        asyncio.get_running_loop().call_soon(self.turns[call.turn].dispatcher.confirmed, call.id, True)

    return mutant


def _takes_silence_for_a_yes(silence: Any) -> Any:
    return lambda self: self.after(self._limits.confirm_seconds, lambda: self.reply(True, ""))


def _takes_a_no_for_a_yes(confirmed: Any) -> Any:
    return lambda self, id, yes: confirmed(self, id, True)


def _forgets_to_undo(regret: Any) -> Any:
    return lambda self, call, reason, removed: None


def _undoes_before_the_commit(due: Any) -> Any:
    return lambda self, committed: due(self, True)


def _undoes_twice(undo: Any) -> Any:
    async def mutant(self: Executor, call: LiveCall, outcome: Any) -> None:
        await self._toolbox.get(call.tool.name).undo(self._world.context, call.result.undo)  # type: ignore
        await undo(self, call, outcome)

    return mutant


def _any_order(next_effect: Any) -> Any:
    def mutant(calls: Mapping[int, LiveCall]) -> LiveCall | None:
        pending = [call for call in calls.values() if call.is_effect and not call.is_over]
        if any(call.state in (CallState.RUNNING, CallState.ASKING) for call in pending):
            return None
        return next((call for call in reversed(pending) if graph.is_ready(calls, call)), None)

    return mutant


def _keeps_an_early_guess(drop: Any) -> Any:
    def mutant(self: Dispatcher, why: str) -> None:
        for call in list(self.calls.values()):
            if not call.is_over and not call.has_begun:
                self.rollback.discard(call, why)
        self.pump()

    return mutant


def _expands_values_again(filled: Any) -> Any:
    return lambda arguments, value_of, stands: filled(filled(arguments, value_of, stands), value_of, stands)


def _releases_too_much(released: Any) -> Any:
    return lambda self, call: self.commit.reached


def _corrects_what_is_done_for_good(check: Any) -> Any:
    return lambda self, call: None


def _forgets_what_failed(not_undone: Any) -> Any:
    def mutant(self: Rollback, id: int, message: str) -> None:
        not_undone(self, id, message)
        self.told.clear()

    return mutant


def _waits_for_ever(waits: Any) -> Any:
    return lambda self, call: False


MUTANTS = (
    Mutant("commits on half the words", CommitPoint, "settled", _commits_on_half_the_words),
    Mutant("lets a stale reaction commit", Turn, "act", _ignores_what_the_brain_has_seen),
    Mutant(
        "does not hold again when the user goes on", CommitPoint, "reopened", _keeps_running_when_reopened
    ),
    Mutant("holds nothing", bounds, "held", _always("")),
    Mutant("releases what was issued after the commit", Board, "is_released", _releases_too_much),
    Mutant("drops a cascade", Rollback, "_cascade", _always(None)),
    Mutant("does not start dependants over", Rollback, "reset_dependants", _always(None)),
    Mutant("delivers late results", Dispatcher, "finished", _delivers_late_results),
    Mutant("does not share runs", Runs, "shared", _always(None)),
    Mutant("keeps results across an effect", Runs, "world_changed", _always(None)),
    Mutant("performs an effect twice", Journal, "perform", _performs_twice),
    Mutant("repeats an effect that was asked for twice", Scheduler, "_just_done", _always(None)),
    Mutant("skips the question", Host, "ask", _skips_the_question),
    Mutant("takes silence for a yes", Host, "_silence_is_a_no", _takes_silence_for_a_yes),
    Mutant("takes a no for a yes", Dispatcher, "confirmed", _takes_a_no_for_a_yes),
    Mutant("forgets to undo", Rollback, "_regret", _forgets_to_undo),
    Mutant("undoes before the commit", Regrets, "due", _undoes_before_the_commit),
    Mutant("undoes twice", Executor, "_undo", _undoes_twice),
    Mutant("runs effects in any order", graph, "next_effect", _any_order),
    Mutant("keeps an early guess of a turn that came to nothing", Dispatcher, "drop", _keeps_an_early_guess),
    Mutant("never keeps an early guess", Dispatcher, "keep", _always(None)),
    Mutant("reads values as references", references, "filled", _expands_values_again),
    Mutant("guesses without limits", bounds, "guessed_enough", _always("")),
    Mutant("runs any number of reads at a time", bounds, "crowded", _always("")),
    Mutant("corrects what cannot be undone", Plan, "_check_revocable", _corrects_what_is_done_for_good),
    Mutant("does not say that an undo failed", Rollback, "not_undone", _forgets_what_failed),
    Mutant("waits for what never comes", Scheduler, "_waits_in_vain", _waits_for_ever),
    Mutant("takes a cycle for a plan", graph, "is_cyclic", _always(False)),
)
