"""The arms of a comparison: when the same brain is asked, and when the same tools may run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agents.events import Mode
from agents.port import Limits
from app.bench.speaking import Pace
from tools.tool import Effect, Speculate, Tool
from tools.toolbox import Toolbox


class Arm(StrEnum):
    """From waiting for everything to knowing everything."""

    SEQUENTIAL = "sequential"  # asked once the turn is over; one call at a time, the brain waits for each
    PARALLEL = "parallel"  # the same, and all its calls at the same time
    EAGER = "eager"  # asked when the turn is likely over; calls once it certainly is
    ASYNC = "async"  # asked once the turn is over; neither brain nor calls wait for one another
    FULL = "full"  # asked as words arrive; reads run, effects are held
    ORACLE = "oracle"  # knows the request: each call at the first moment its arguments have been said


@dataclass(frozen=True, slots=True)
class Setup:
    """What an arm allows.

    `partly`: words are handed over as they come; `eager`: at the likely end too. `early`: writes that are
    opted in run before the end of the turn.
    """

    mode: Mode = Mode.SPECULATIVE
    partly: bool = False
    eager: bool = False
    holds_reads: bool = False
    early: bool = False
    one_by_one: bool = False


SETUPS = {
    Arm.SEQUENTIAL: Setup(Mode.SEQUENTIAL, partly=True, one_by_one=True),
    Arm.PARALLEL: Setup(Mode.SEQUENTIAL, partly=True),
    Arm.EAGER: Setup(eager=True, holds_reads=True),
    Arm.ASYNC: Setup(),
    Arm.FULL: Setup(partly=True, eager=True, early=True),
    Arm.ORACLE: Setup(partly=True, eager=True, early=True),
}


def pace_of(arm: Arm, pace: Pace) -> Pace:
    """The oracle hears every word as it is said, and knows the last one; the end is as late for all."""
    return replace(pace, lag=0.0, chunk=1, likely_end=0.0) if arm is Arm.ORACLE else pace


def tools_of(setup: Setup, toolbox: Toolbox) -> Toolbox:
    """The tools as the arm may use them."""

    def allowed(tool: Tool) -> Tool:
        if setup.holds_reads and tool.effect is Effect.READ:
            return replace(tool, speculate=Speculate.NEVER)
        if not setup.early and tool.speculate is Speculate.EARLY:
            return replace(tool, speculate=Speculate.AUTO)
        return tool

    return Toolbox(map(allowed, toolbox))


def limits_of(setup: Setup) -> Limits:
    """One call at a time takes longer, and the brain sits through it."""
    return Limits(parallel=1, reaction_seconds=60.0) if setup.one_by_one else Limits()
