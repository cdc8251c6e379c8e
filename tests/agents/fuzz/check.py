"""What must be true of every run, however its events raced."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agents.actions import Answer, Call
from agents.events import (
    CallChanged,
    CallIssued,
    CallState,
    Committed,
    Effected,
    Mode,
    SessionEnded,
    TurnEnded,
    TurnStarted,
)
from agents.records import from_json, to_json
from tests.agents.fuzz.brain import Decision
from tests.agents.fuzz.ledger import TOOLBOX, Turn
from tests.agents.fuzz.model import Model
from tests.agents.fuzz.schedule import Move, Schedule, play
from tests.agents.fuzz.stage import Run
from tests.agents.fuzz.world import Ran, TakenBack, question
from tools.journal import Entry, EntryState
from tools.tool import Arguments, Effect

_FINAL = {CallState.READY, CallState.FAILED, CallState.DISCARDED, CallState.UNDONE}


def check(run: Run) -> list[str]:
    """Every violation in a run, as sentences that open with the rule that was broken."""
    model = Model(run)
    found = [*(f"ends: {text}" for text in run.stuck), *model.violations]
    found += _ends(run)
    found += _once(run)
    found += _record(run)
    found += _guesses(run, model)
    clean = _clean(model)
    for turn in clean:
        found += _stands(run, model, turn)
    found += _politely(run, model, clean)
    return found


def _ends(run: Run) -> list[str]:
    found: list[str] = []
    events = run.events
    if not events or not isinstance(events[-1], SessionEnded):
        found.append("ends: the session has no end")
    started = Counter(event.turn for event in events if isinstance(event, TurnStarted))
    ended = Counter(event.turn for event in events if isinstance(event, TurnEnded))
    if started != ended or any(count > 1 for count in started.values()):
        found.append(f"ends: turns {dict(started)} started, {dict(ended)} ended")
    issued = {(e.turn, e.call, e.version): None for e in events if isinstance(e, CallIssued)}
    last = {(e.turn, e.call, e.version): e.state for e in events if isinstance(e, CallChanged)}
    found += [
        f"ends: call {mark} is {last.get(mark)} for ever"
        for mark in {**issued, **last}
        if last.get(mark) not in _FINAL
    ]
    found += [
        f"ends: entry {entry.id} is {entry.state}"
        for entry in run.journal
        if entry.state in (EntryState.INTENT, EntryState.UNDOING)
    ]
    return found


def _once(run: Run) -> list[str]:
    """The journal is what really happened, and nothing happened twice."""
    found: list[str] = []
    real = {item.place: (item.tool, dict(item.arguments)) for item in run.log if isinstance(item, Ran)}
    gone = [item.place for item in run.log if isinstance(item, TakenBack)]
    found += [f"once: {real[place]} was taken back {n} times" for place, n in Counter(gone).items() if n > 1]
    happened = [effect for place, effect in sorted(real.items()) if place not in gone]
    standing = [
        (entry.tool, dict(entry.arguments)) for entry in run.journal if entry.state is EntryState.DONE
    ]
    unknown = [
        (entry.tool, dict(entry.arguments)) for entry in run.journal if entry.state is EntryState.UNKNOWN
    ]
    if missing := _minus(happened, [*standing, *unknown]):
        found.append(f"once: {missing} happened, but the journal does not say so")
    if invented := _minus(standing, happened):
        found.append(f"once: the journal says {invented}, which did not happen")
    entries: Counter[int] = Counter(e.entry for e in run.events if isinstance(e, Effected))
    done = {e.id for e in run.journal if e.state in (EntryState.DONE, EntryState.UNDONE)}
    if any(count > 1 for count in entries.values()) or done - entries.keys():
        found.append(f"once: entries {sorted(done)} are done, but told were {dict(entries)}")
    return found


def _record(run: Run) -> list[str]:
    rows = [json.dumps(to_json(event)) for event in run.events]
    again = [json.dumps(to_json(from_json(json.loads(row)))) for row in rows]
    return ["record: the events do not survive it"] if rows != again else []


def _guesses(run: Run, model: Model) -> list[str]:
    found: list[str] = []
    stuck = model.undo_failed
    left = [e for e in run.journal if e.state is EntryState.DONE and e.early and e.id not in stuck]
    found += [f"guess: entry {entry.id}, {entry.tool}, is a guess for ever" for entry in left]
    committed = {event.turn for event in run.events if isinstance(event, Committed)}
    for entry in _standing(run, model):
        turn = model.turns[_turn_of(entry)]
        if not committed & {turn.number}:
            found.append(
                f"commit: entry {entry.id}, {entry.tool}, stands in turn {turn.number}, never committed"
            )
    return found


# ---- what must stand in the end --------------------------------------------------------------------


def _turn_of(entry: Entry) -> int:
    return int(entry.key.split("/")[1])


def _standing(run: Run, model: Model) -> list[Entry]:
    """Effects that stand and that nobody tried to take back in vain."""
    return [e for e in run.journal if e.state is EntryState.DONE and e.id not in model.undo_failed]


def _clean(model: Model) -> list[Turn]:
    """The turns whose wishes are what must stand in the end: the last committed one of each chain."""
    last: dict[int, Turn] = {}
    for turn in model.turns.values():
        before = last.get(turn.chain[0])
        if before is None or turn.is_committed or turn.loose:
            if before is not None and before.loose:
                turn.loose = turn.loose or before.loose
            last[turn.chain[0]] = turn
    return [turn for turn in last.values() if turn.is_committed and not turn.loose]


def _stands(run: Run, model: Model, turn: Turn) -> list[str]:
    chain = {other.number for other in model.turns.values() if other.chain[0] == turn.chain[0]}
    entries = [e for e in _standing(run, model) if _turn_of(e) in chain]
    standing = {_key(entry.tool, entry.arguments): None for entry in entries}
    wanted = {_key(done.tool, done.arguments): None for done in model.plan(turn).effects()}
    found: list[str] = []
    if missing := wanted.keys() - standing.keys():
        found.append(f"stands: turn {turn.number} lacks {sorted(missing)}")
    if extra := standing.keys() - wanted.keys():
        found.append(f"stands: turn {turn.number} has {sorted(extra)}, which nobody wants")
    if len(entries) > len(model.plan(turn).effects()):
        found.append(f"stands: turn {turn.number} has {len(entries)} effects for fewer wishes")
    return found


def _politely(run: Run, model: Model, clean: Sequence[Turn]) -> list[str]:
    """The same wishes, said in one go to the same session, which waits for the end of the sentence."""
    clean = [
        turn for turn in clean if not any(call.literal & turn.wanted.keys() for call in turn.wanted.values())
    ]
    replies: dict[str, str] = {}
    for turn in clean:
        plan = model.plan(turn)
        for id, call in turn.wanted.items():
            asked = replace(call, refused=False)
            if TOOLBOX.get(call.tool).effect is not Effect.CONFIRM:
                continue
            plan_if = type(plan)({**plan.calls, id: asked}, TOOLBOX, run.setting.delays)
            done = plan_if.come_to(id)
            if done is None:
                continue
            reply = "key no" if call.refused else "key yes"
            if replies.setdefault(question(call.tool, done.arguments["x"]), reply) != reply:
                return []
    if not any(model.plan(turn).effects() for turn in clean):
        return []
    setting = replace(
        run.setting,
        mode=Mode.SEQUENTIAL,
        replies=replies,
        patience=0.0,
        limits=replace(run.setting.limits, calls=24, versions=60, turn_seconds=300.0),
    )
    moves = tuple(Move("say", "end" if number else "", 9.0, "please do it") for number in range(len(clean)))
    scripts = tuple(
        (
            *(Decision(Call(call.id, call.tool, call.arguments)) for call in turn.wanted.values()),
            Decision(Answer(" ".join(f"${id}" for id in turn.wanted))),
        )
        for turn in clean
    )
    polite = play(Schedule(moves, scripts, setting))
    found: list[str] = [f"politely: {text}" for text in polite.stuck]
    for number, turn in enumerate(clean, 1):
        chain = {other.number for other in model.turns.values() if other.chain[0] == turn.chain[0]}
        ours = [_key(e.tool, e.arguments) for e in _standing(run, model) if _turn_of(e) in chain]
        theirs = [
            _key(e.tool, e.arguments)
            for e in polite.journal
            if e.state is EntryState.DONE and _turn_of(e) == number
        ]
        if _is_plain(run, turn):
            done = [(e.tool, e.arguments) for e in _standing(run, model) if _turn_of(e) == turn.number]
            if not turn.has_failed and any(one == other for one, other in pairwise(done)):
                found.append(f"once: turn {turn.number} did the same twice in a row: {done}")
            if ours != theirs:
                found.append(f"politely: turn {turn.number} left {ours}, waiting left {theirs}")
        elif set(ours) != set(theirs):
            found.append(f"politely: turn {turn.number} left the set {ours}, waiting left {theirs}")
    return found


def _is_plain(run: Run, turn: Turn) -> bool:
    """Whether the order of the effects must be that of waiting too: one commit, and nothing early."""
    return (
        len(turn.chain) == 1
        and turn.commits == 1
        and turn.reopened < 0
        and not turn.changed
        and not any(TOOLBOX.get(call.tool).speculate == "early" for call in turn.wanted.values())
    )


def _key(tool: str, arguments: Arguments) -> str:
    return TOOLBOX.canonical(tool, arguments)


def _minus(some: Sequence[object], others: Sequence[object]) -> list[object]:
    left = list(others)
    rest: list[object] = []
    for item in some:
        if item in left:
            left.remove(item)
        else:
            rest.append(item)
    return rest
