"""Schedules that went wrong once, each as small as it could be made."""

from __future__ import annotations

from dataclasses import replace

from agents.actions import Action, Answer, Call, Pause, Remove, Think
from tests.agents.fuzz.brain import Decision, Mishap
from tests.agents.fuzz.schedule import Move, Schedule
from tests.agents.fuzz.stage import HASTY, Setting
from tests.agents.fuzz.world import Delays

_USUAL = Setting()
_HASTY = replace(_USUAL, limits=replace(_USUAL.limits, turn_seconds=HASTY))
_ONE = Move("say", words="one")


def _call(id: int, tool: str, x: object = "a", more: object = None) -> Call:
    return Call(id, tool, {"x": x} if more is None else {"x": x, "more": more})  # type: ignore[dict-item]


def _at_once(*actions: Action | Mishap) -> tuple[Decision, ...]:
    return tuple(Decision(action) for action in actions)


REGRESSIONS: dict[str, Schedule] = {
    "a call that needs one that has failed waited for ever": Schedule(
        (_ONE,), (_at_once(_call(2, "write", ""), _call(4, "read", "b", ["$2"])),)
    ),
    "a second question took the place of the open one": Schedule(
        (_ONE,),
        (
            (
                *_at_once(_call(4, "confirm"), _call(3, "put")),
                Decision(Pause(), finals=1),
                Decision(_call(1, "confirm", "b"), finals=1, seconds=0.2),
            ),
        ),
    ),
    "a call that waits for itself was begun anew": Schedule(
        (_ONE,), (_at_once(_call(2, "put_local", "$1", "$2"), _call(1, "read_twice", "e")),)
    ),
    "a shared early effect happened again when its turn was dropped": Schedule(
        (_ONE,),
        (
            (
                *_at_once(_call(2, "put_early"), _call(3, "put_early")),
                Decision(Mishap("break"), finals=1),
            ),
        ),
    ),
    "an effect that runs and is asked for again ran for ever under its old version": Schedule(
        (_ONE,),
        (_at_once(_call(4, "put_early", "b"), _call(4, "read_slow", "$3"), _call(4, "put_early", "b")),),
    ),
    "an effect that ran when its correction was dropped was lost": Schedule(
        (_ONE, Move("say", words="no one")),
        (
            (
                Decision(_call(1, "put", "mule")),
                Decision(_call(1, "read", "$3"), words=3),
                Decision(Mishap("stop"), finals=2),
            ),
        ),
    ),
    "an effect done for good was done again for a number in its text": Schedule(
        (_ONE,),
        (
            (
                Decision(_call(2, "write", "$5 down", {"n": "at $1"})),
                Decision(Pause(), finals=1),
                Decision(_call(1, "read"), finals=1, seconds=0.7),
                Decision(Answer("$1 $2"), finals=1),
            ),
        ),
    ),
    "an undo that failed was not told with an undo that was asked for": Schedule(
        (Move("say", words="undo"),), (_at_once(_call(2, "put_early", "stay")),)
    ),
    "an undo that failed was not told when the turn was given up": Schedule(
        (Move("say", words="one two"), Move("say", words="one two")),
        (
            (
                Decision(_call(3, "put", "stuck")),
                Decision(_call(3, "put", "f"), words=4),
                Decision(Answer("$3"), seconds=1.5),
            ),
        ),
        _HASTY,
    ),
    "an undo that failed was not told when the session ended": Schedule(
        (Move("say", words="one", ending=0.0), Move("hang up")), (_at_once(_call(2, "put_early", "stuck")),)
    ),
    "the brain was asked about a turn that had ended": Schedule(
        (Move("say"), Move("say", words="no"), Move("say", "end", words="undo that", ending=0.1, tail=True)),
        (
            (),
            (
                Decision(_call(3, "read_twice", "f"), seconds=1.5),
                Decision(_call(1, "write", "f"), seconds=1.5),
            ),
        ),
        replace(_HASTY, patience=0.1),
    ),
    "a turn ended twice when the user coughed while an effect was taken back": Schedule(
        (_ONE, Move("say", words="undo"), Move("say")), (_at_once(_call(2, "put", "stay")),)
    ),
    "the brain was told of an end of turn that was none": Schedule(
        (Move("say", words="one two three four", tail=True), Move("say", words="no")),
        (
            (
                Decision(_call(1, "put_early"), words=3, seconds=0.7),
                Decision(_call(1, "read", "$5 down"), words=5, seconds=0.7),
            ),
        ),
        Setting(patience=0.5),
    ),
    "a cough that was thought to end the turn swallowed the answer": Schedule(
        (_ONE, Move("say", words="wait"), Move("say", moment="words", guess=0.2)),
        (
            (
                Decision(_call(4, "write", "c"), finals=2),
                Decision(Answer("Done."), finals=3, seconds=1.5),
            ),
        ),
    ),
    "nobody asked the brain again after it broke on a likely end": Schedule(
        (Move("say", words="one", pace=1.0, guess=0.6),), ((Decision(Mishap("stop"), seconds=1.5),),)
    ),
    "an undo in an earlier turn kept the brain from this one": Schedule(
        (Move("say", words="undo"), Move("say", after=0.7, words="one", pace=0.05)),
        (
            (Decision(_call(2, "put_early", "b"), seconds=0.2),),
            (Decision(_call(4, "look", "b"), finals=1, seconds=0.2),),
        ),
        replace(_USUAL, delays=Delays(1)),
    ),
    "an effect stood as it was though what it was made of had changed": Schedule(
        (_ONE, Move("say", "answer", words="no")),
        (
            _at_once(_call(1, "read", "a"), _call(2, "put", "$1")),
            _at_once(Remove(1), _call(1, "read", "b"), _call(2, "put", "$1")),
        ),
    ),
    "an early effect stood as it was though its operand had failed": Schedule(
        (_ONE,),
        (
            _at_once(
                _call(4, "put_early", "$3 $1"), _call(3, "put_early", ""), _call(4, "put_early", "$3 $1")
            ),
        ),
    ),
    "an effect done for good was to be undone for a number in what it was made of": Schedule(
        (_ONE, Move("say", "effect", words="no")),
        (
            _at_once(_call(4, "read", "owe $2"), _call(3, "write", "with $4")),
            _at_once(_call(2, "read")),
        ),
    ),
    "a version fell twice": Schedule(
        (_ONE,),
        (
            _at_once(
                _call(4, "put_early", "$3 $1"),
                _call(3, "put", "$1"),
                Remove(3),
                _call(4, "put_early", "$3 $1"),
            ),
        ),
    ),
    "the user and a correction took the same effect back": Schedule(
        (_ONE, Move("say", "answer", words="wait"), Move("undo")),
        (
            _at_once(_call(4, "put", "stubborn"), _call(1, "put", "$4")),
            _at_once(_call(4, "read_slow", "d")),
        ),
    ),
    "half a sentence was acted on after a key had answered the question it began as a reply to": Schedule(
        (_ONE, Move("say", words="one two")),
        ((Decision(_call(3, "confirm")), Decision(_call(4, "put", "b"), words=2)),),
        replace(_USUAL, replies={"confirm a?": "key yes"}),
    ),
    "an effect went ahead of one that only seemed to wait for it": Schedule(
        (_ONE,),
        (
            _at_once(
                _call(2, "put_early", "$3"),
                _call(3, "write", "with $2"),
                _call(1, "write", "$2"),
                _call(3, "put_early", "bad"),
            ),
        ),
    ),
    "what an uncommitted correction had reset was told as discarded, though its effect stood": Schedule(
        (_ONE, Move("say", "commit", 1.5, "undo")),
        (
            (
                Decision(_call(4, "put"), seconds=0.7),
                Decision(Pause()),
                Decision(_call(1, "put", "$4")),
                Decision(_call(2, "put", "b")),
                Decision(_call(4, "look", "b"), seconds=0.7),
            ),
        ),
    ),
    "what shared a guess that was taken back stood as it was": Schedule(
        (_ONE,),
        (
            (
                *_at_once(_call(4, "put_early", "owe $2")),
                *(
                    Decision(decision, finals=1)
                    for decision in (
                        _call(1, "put_early", "owe $2"),
                        _call(2, "write", "$1"),
                        Mishap("break"),
                    )
                ),
            ),
        ),
    ),
    "what was read while an effect of the turn before was taken back counted as read after it": Schedule(
        (_ONE, Move("say", "end", words="no", pace=0.05)),
        (
            (
                Decision(Think("hm"), seconds=1.5),
                Decision(Think("hm"), seconds=0.2),
                Decision(_call(3, "put_early"), seconds=0.2),
                Decision(Think("hm"), seconds=1.5),
                Decision(Think("hm"), seconds=0.7),
            ),
            (Decision(_call(2, "look")), Decision(_call(1, "look"), finals=1)),
        ),
        replace(_USUAL, patience=0.1),
    ),
}
