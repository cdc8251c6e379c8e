"""Why a call has to wait: for the commit point, or for room."""

from __future__ import annotations

from agents.calls import LiveCall
from agents.port import Limits
from agents.runs import Runs
from tools.tool import Speculate

UNTIL_DONE = "until you finish"


def held(call: LiveCall) -> str:
    """Why `call` must not run before the commit point whatever is ready; "" where it may."""
    allowed = Speculate.EARLY if call.is_effect else Speculate.AUTO
    return "" if call.tool.speculate is allowed else UNTIL_DONE


def guessed_enough(call: LiveCall, runs: Runs, limits: Limits) -> str:
    """Why `call` must not run before the commit point after so many guesses; "" where it may."""
    tool = call.tool
    most = tool.limits.speculative
    if most is not None and runs.guesses(tool.name) >= most:
        return f"{tool.name} may guess {most} times a turn; {UNTIL_DONE}"
    if runs.guesses() >= limits.speculative:
        return f"{limits.speculative} guesses are the limit of a turn; {UNTIL_DONE}"
    return ""


def crowded(call: LiveCall, runs: Runs, limits: Limits) -> str:
    """Why `call`, a read, has to wait for another run to end; "" where it need not."""
    tool = call.tool
    most = tool.limits.parallel
    if most is not None and runs.parallel(tool.name) >= most:
        return f"{tool.name} runs {most} at a time"
    if runs.parallel() >= limits.parallel:
        return f"{limits.parallel} run already"
    return ""
