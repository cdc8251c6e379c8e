"""A conversation as a value: what the user does, what the brain decides, how the world behaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from agents.actions import Action, Answer, Answering, Call, Pause, Remove, Think
from agents.port import Limits
from tests.agents.fuzz.brain import REACTION_SECONDS, Decision, Mishap
from tests.agents.fuzz.stage import HASTY, MOMENTS, PATIENT, Run, Setting, Stage
from tests.agents.fuzz.world import BAD, CALL_SECONDS, CRASH, HANG, MULE, STAY, STUBBORN, STUCK, Delays
from tests.conftest import run_virtually
from tools.tool import Json


@dataclass(frozen=True, slots=True)
class Move:
    """Something the user does `after` seconds past the next `moment` (at once where that is "").

    `what` is say, yes, no, undo, stop, cut in or hang up. `words` with `pace`, `ending`, `tail`, `slips`,
    `guess` and `late` are what is said and how; `entry` is the effect to be undone, None the latest.
    """

    what: str
    moment: str = ""
    after: float = 0.0
    words: str = ""
    pace: float = 0.3
    ending: float = 0.5
    tail: bool = False
    slips: tuple[int, ...] = ()
    entry: int | None = None
    guess: float | None = None
    late: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A conversation. `scripts` are the brain's decisions by turn."""

    moves: tuple[Move, ...]
    scripts: tuple[tuple[Decision, ...], ...]
    setting: Setting = Setting()


def play(schedule: Schedule) -> Run:
    """Play a schedule through a real session, on a virtual clock."""

    async def main() -> Run:
        stage = Stage(schedule.scripts, schedule.setting)
        await asyncio.sleep(0)
        for move in schedule.moves:
            if move.moment:
                await stage.until(move.moment, 30.0)
            await asyncio.sleep(move.after)
            match move.what:
                case "say":
                    await stage.say(
                        move.words,
                        pace=move.pace,
                        ending=move.ending,
                        tail=move.tail,
                        slips=move.slips,
                        guess=move.guess,
                        late=move.late,
                    )
                case "yes" | "no":
                    stage.press(move.what == "yes")
                case "undo":
                    stage.undo(move.entry)
                case "stop":
                    stage.move("stop")
                case "cut in":
                    stage.cut_in()
                case _:
                    stage.close()
        return await stage.finish()

    return run_virtually(main())


# ---- drawing -------------------------------------------------------------------------------------

TOOLS = (
    *("read", "read", "read", "read_slow", "look", "read_late", "read_twice"),
    *("write", "write", "write", "put", "put", "put", "put_local", "put_early", "put_early"),
    *("confirm", "confirm_put"),
)
PLAIN = ("a", "a", "b", "b", "c", "d", "e", "f", " A ")
REFERRING = ("$1", "$1", "$2", "$3", "half $1 and $4", "owe $2", "$3 $1", "$9")
ODD = (BAD, CRASH, HANG, STUBBORN, STUBBORN, MULE, STUCK, STUCK, STAY, "which", "", "$5 down")
NESTED: tuple[Json, ...] = (["$1", {"deep": "$2"}], {"n": "at $1"}, [["$3"]], "$2", 7, None)
REPLIES = ("yes", "yes", "yes please", "no", "no thanks", "to ben", "key yes", "key no", "silence", "noise")
OPENINGS = ("", "", "", "no ", "no ", "actually ", "wait ")
SECONDS = (0.0, 0.0, 0.05, 0.2, 0.7, 1.5)
WORDS = "one two three four five six".split()


def draw(random: Random) -> Schedule:
    """A schedule at random. Small ones are as likely as large ones."""
    moves = _moves(random)
    turns = sum(move.what == "say" for move in moves)
    scripts = tuple(_script(random) for _ in range(max(1, turns)))
    return Schedule(moves, scripts, _setting(random, scripts))


def _one_in(random: Random, many: int) -> bool:
    return random.randrange(many) == many - 1


def _moves(random: Random) -> tuple[Move, ...]:
    moves = [_say(random, first=True)]
    for _ in range(random.randrange(4)):
        moves.append(_say(random, first=False) if random.randrange(3) < 2 else _gesture(random))
    return tuple(moves)


def _say(random: Random, *, first: bool) -> Move:
    opening = "" if first else random.choice(OPENINGS)
    words = opening + " ".join(WORDS[: random.randrange(5) + first])
    if not first and _one_in(random, 8):
        words = "undo that"
    if not first and _one_in(random, 8):
        words = ""  # a cough
    return Move(
        "say",
        "" if first else random.choice(("", *MOMENTS)),
        random.choice(SECONDS),
        words.strip(),
        random.choice((0.05, 0.3, 1.0)),
        random.choice((0.0, 0.1, 0.5)),
        _one_in(random, 3),
        (random.randrange(1, 4),) if _one_in(random, 4) else (),
        guess=random.choice((0.0, 0.2, 0.6)) if _one_in(random, 3) else None,
        late=random.choice(("", "", "seven", "no eight")),
    )


def _gesture(random: Random) -> Move:
    what = random.choice(("yes", "no", "undo", "undo", "stop", "cut in", "hang up"))
    entry = random.choice((None, None, 1, 2)) if what == "undo" else None
    return Move(what, random.choice(("", *MOMENTS)), random.choice(SECONDS), entry=entry)


def _script(random: Random) -> tuple[Decision, ...]:
    decisions: list[Decision] = []
    calls: list[Call] = []
    words = finals = 0
    tools = random.sample(TOOLS, 3) if _one_in(random, 3) else TOOLS
    for _ in range(random.randrange(1, 9)):
        if _one_in(random, 3):
            words += 1
        if _one_in(random, 7):
            finals += 1
            if _one_in(random, 2):
                words = 0
        action = _action(random, tools)
        if isinstance(action, Call) and calls and _one_in(random, 3):
            again = random.choice(calls)  # a duplicate, or back to what was
            action = Call(random.choice((action.id, again.id)), again.name, again.arguments)
        elif isinstance(action, Call) and calls and _one_in(random, 3):
            named = random.choice(calls).id
            action = Call(action.id, action.name, {"x": random.choice((f"${named}", f"with ${named}"))})
        if isinstance(action, Call):
            calls.append(action)
        decisions.append(Decision(action, words, finals, random.choice(SECONDS)))
    if _one_in(random, 8):
        decisions += _around_an_effect(random, finals)
    if not _one_in(random, 6):
        if _one_in(random, 2):
            decisions.append(Decision(Answering(), 0, max(1, finals), random.choice(SECONDS)))
        text = random.choice(("$1 $2 $3 $4", "$1 $2 $3 $4", "Done.", "$2"))
        decisions.append(Decision(Answer(text), 0, max(1, finals), random.choice(SECONDS)))
    return tuple(decisions)


def _around_an_effect(random: Random, finals: int) -> list[Decision]:
    """The same read before and after an effect."""
    x = random.choice(PLAIN)
    first, effect, again = random.sample(range(1, 5), 3)
    tool = random.choice(("write", "put", "put_local", "put_early"))
    finals = max(finals, 0 if tool == "put_early" else 1)
    actions = (
        Call(first, "look", {"x": x}),
        Call(effect, tool, {"x": random.choice(PLAIN)}),
        Pause(),
        Call(random.choice((first, again)), "look", {"x": x}),
        Call(again, "look", {"x": x}),
    )
    return [Decision(action, 0, finals, random.choice(SECONDS)) for action in actions]


def _action(random: Random, tools: Sequence[str]) -> Action | Mishap:
    kind = random.randrange(24)
    if kind < 17:
        return _call(random, tools)
    if kind < 20:
        return Remove(random.randrange(1, 5))
    if kind < 22:
        return Pause()
    if kind == 22:
        return random.choice((Think("hm"), Answering(), Answer("$1 $2")))
    return Mishap(random.choice(("break", "stop", "stall"))) if _one_in(random, 3) else _call(random, tools)


def _call(random: Random, tools: Sequence[str]) -> Call:
    kind = random.randrange(12)
    x = random.choice(PLAIN if kind < 6 else REFERRING if kind < 10 else ODD)
    arguments: dict[str, Json] = {"x": x}
    if _one_in(random, 6):
        arguments["more"] = random.choice(NESTED)
    if _one_in(random, 40):
        arguments = random.choice(({}, {"x": ["$1"]}, {"x": "a", "y": "b"}))
    name = random.choice(tools) if not _one_in(random, 40) else "no_such_tool"
    return Call(random.randrange(1, 5), name, arguments)


def _setting(random: Random, scripts: Sequence[Sequence[Decision]]) -> Setting:
    few = _one_in(random, 8)
    limits = Limits(
        calls=3 if few else 24,
        versions=5 if few else 60,
        speculative=random.choice((32, 32, 2)),
        parallel=random.choice((8, 8, 1)),
        call_seconds=CALL_SECONDS,
        confirm_seconds=3.0,
        reaction_seconds=REACTION_SECONDS,
        turn_seconds=HASTY if _one_in(random, 8) else PATIENT,
        correction_seconds=random.choice((8.0, 8.0, 2.0)),
    )
    questions = [
        f"{tool} {x}?"
        for tool in ("confirm", "confirm_put")
        for x in ("a", "b", "<a>", "<b>", "$1 <pause> yes", STUCK, STUBBORN)
    ]
    usual = random.choice(REPLIES)
    replies = {question: random.choice((usual, usual, *REPLIES)) for question in questions}
    patience = random.choice((0.0, 0.0, 0.1, 0.5, 5.0))
    return Setting(patience, limits, Delays(random.randrange(50) if _one_in(random, 2) else 0), replies)
