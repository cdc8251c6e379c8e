"""A session as plain text, one line for each thing worth telling."""

from __future__ import annotations

from statistics import median

from agents.events import (
    CARRIED,
    RESTORED,
    AlertDue,
    AlertTold,
    BrainChanged,
    CallState,
    Committed,
    ConfirmAnswered,
    ConfirmAsked,
    Continued,
    Effected,
    Event,
    LateResult,
    Level,
    Muted,
    Notice,
    Reopened,
    SessionEnded,
    SessionStarted,
    SpeakingEnded,
    SpeechEnded,
    TurnEnded,
    TurnStarted,
    UndoFailed,
    Undone,
)
from app.marks import ASCII, GLYPH, named_label, remark
from app.shown import CallRow, ScreenState, Turn, clean
from app.state import fold

_STEPS = {
    "pause": "the brain had nothing to change",
    "answer": "the brain began to answer",
}


class Story:
    """Turns events into lines. Feed it every event, in order; it keeps the state it needs.

    `ascii` replaces the signs by plain ones and other characters by "?", for output that cannot show
    them.
    """

    def __init__(self, *, ascii: bool = False) -> None:
        self._state = ScreenState()
        self._ascii = ascii

    def line(self, event: Event) -> str | None:
        """What to print for `event` (no newline at the end), or None where there is nothing to tell."""
        before = self._state
        self._state = fold(before, event)
        lines = self._tell(event, before)
        if not lines:
            return None
        text = "\n".join(line.rstrip() for line in lines)
        return text.translate(ASCII).encode("ascii", "replace").decode() if self._ascii else text

    def _tell(self, event: Event, before: ScreenState) -> list[str]:
        match event:
            case SessionStarted():
                now = event.now.replace("T", " ")[:16]
                parts = ("headstart", f"{event.brain} brain", str(event.mode), event.source, now)
                return [" · ".join(clean(part) for part in parts if part)]
            case Notice():
                return [_at(event.at, "!" if event.error else "·", "notice", clean(event.text))]
            case SessionEnded():
                return ["", *_summary(event, self._state)]
            case Undone():
                return [_at(event.at, GLYPH[CallState.UNDONE], "undone", clean(event.text))]
            case BrainChanged():
                return [_at(event.at, "·", "brain", f"{clean(event.brain)}, {event.mode}")]
            case Muted():
                return [_at(event.at, "·", "mute", "the microphone is " + ("closed" if event.on else "open"))]
            case AlertDue():
                return [_at(event.at, "♪", "due", clean(event.text))]
            case AlertTold(interrupted=True):
                return [_at(event.at, "·", "cut in", "you interrupted what was due")]
            case Level() | AlertTold():
                return []
            case UndoFailed():
                return [_at(event.at, "!", "undo", clean(event.text))]
            case _:
                return self._tell_turn(event, before)

    def _tell_turn(self, event: Event, before: ScreenState) -> list[str]:
        number: int = getattr(event, "turn", 0)
        turn = _find(self._state, number)
        old = _find(before, number)
        if turn is None:
            return []
        lines = _words(turn, old, event.at) + _calls(turn, old, event.at)
        match event:
            case TurnStarted():
                return ["", f"turn {turn.number}"]
            case Continued():
                return [_at(event.at, "↶", "goes on", f"you take up turn {event.of}; it can still change")]
            case Reopened():
                return [_at(event.at, "↶", "goes on", "you speak again; what has not begun is held again")]
            case LateResult():
                return [_at(event.at, "·", "late", f"call {event.call} returned after it was given up")]
            case SpeechEnded():
                return [*lines, _at(event.at, "■", "silence", "you stopped speaking")]
            case Committed():
                step = _STEPS.get(event.by, event.by)
                return [*lines, _at(event.at, "◆", "commit", f"{step}; held calls may run")]
            case ConfirmAsked():
                wait = f"  ({turn.latency:.2f} s after you stopped)" if turn.latency is not None else ""
                return [*lines, _at(event.at, "?", "asks", clean(event.question) + wait)]
            case ConfirmAnswered():
                said = f", “{clean(event.said)}”" if event.said else ""
                return [*lines, _at(event.at, "", "you", ("yes" if event.yes else "no") + said)]
            case Effected():
                back = "can be undone" if event.undoable else "cannot be undone"
                done = f"{clean(event.name)}: {clean(event.text)}  (journal {event.entry}, {back})"
                return [*lines, _at(event.at, GLYPH[CallState.READY], "done", done)]
            case SpeakingEnded(interrupted=True):
                what = "question" if turn.only_asks else "answer"
                return [*lines, _at(event.at, "·", "cut in", f"you interrupted the {what}")]
            case TurnEnded():
                return [*lines, *_outcome(event, turn)]
            case _:
                return lines + _answer(turn, old, event.at)


def _find(state: ScreenState, number: int) -> Turn | None:
    return next((turn for turn in state.turns if turn.number == number), None)


def _at(at: float, sign: str, label: str, text: str) -> str:
    return f"{at:7.2f} s  {sign:1} {label:<8}  {text}"


def _words(turn: Turn, old: Turn | None, at: float) -> list[str]:
    """The words that became stable with this event; where known words changed, from there on."""
    had = old.words if old else ()
    same = 0
    while same < min(len(had), len(turn.words)) and had[same].at == turn.words[same].at:
        same += 1
    new = " ".join(word.text for word in turn.words[same:])
    changed = "  (heard anew)" if same < len(had) else ""
    return [_at(at, "", "you", new + changed)] if new else []


def _calls(turn: Turn, old: Turn | None, at: float) -> list[str]:
    known = {(row.call, row.version): row for row in (old.rows if old else ())}
    lines: list[str] = []
    for row in turn.rows:
        was = known.get((row.call, row.version))
        if was is None or was.state is not row.state:
            line = _call(row, was, turn, at)
            lines += [line] if line else []
    return lines


def _call(row: CallRow, was: CallRow | None, turn: Turn, at: float) -> str | None:
    sign = GLYPH[row.state]
    call = named_label(row)
    why = remark(row, turn)
    match row.state:
        case CallState.WAITING:
            return _at(at, sign, "waits", f"{call}  {why}") if was else None
        case CallState.RUNNING if was and was.state in (CallState.HELD, CallState.ASKING):
            return _at(at, sign, "released", row.name)
        case CallState.RUNNING:
            when = "" if turn.end_of_speech else "  while you speak"
            return _at(at, sign, "started", call + when)
        case CallState.READY if row.reason in (CARRIED, RESTORED):
            return _at(at, sign, "stands", f"{row.name}: {row.text}")
        case CallState.READY:
            return _at(at, sign, "ready", f"{row.name}: {row.text}") if row.entry is None else None
        case CallState.HELD if turn.committed is not None:
            return None  # released or asked about at once
        case CallState.HELD:
            return _at(at, sign, "held", f"{call}  until you finish")
        case CallState.UNDONE | CallState.ASKING:
            return None  # told by the effect's and the question's own events
        case CallState.FAILED:
            return _at(at, sign, "failed", f"{row.name}: {row.text or row.reason}")
        case CallState.DISCARDED:
            return _at(at, sign, "dropped", f"{call}  {why.removeprefix('dropped: ')}")


def _answer(turn: Turn, old: Turn | None, at: float) -> list[str]:
    if turn.answer_at is None or (old and old.answer_at == turn.answer_at):
        return []
    latency = turn.latency
    lines = [_at(at, "", "answer", turn.answer)]
    if latency is not None and turn.asked_at is None:
        lines.append(_at(at, "", "", f"└ {latency:.2f} s after you stopped"))
    return lines


def _outcome(event: TurnEnded, turn: Turn) -> list[str]:
    parts = [f"head start {event.head_start:.2f} s", _many(event.calls, "call")]
    if event.rolled_back:
        parts.append(f"{event.rolled_back} rolled back")
    if event.waste:
        parts.append(f"{event.waste} ran for nothing")
    lines = [_at(event.at, "", "", "└ " + " · ".join(parts))]
    if turn.cost.tokens:
        lines.append(_at(event.at, "", "", f"└ {turn.cost}"))
    return lines


def _summary(event: SessionEnded, state: ScreenState) -> list[str]:
    wrong = "none" if event.wrong_effects == 0 else str(event.wrong_effects)
    rows = [("turns", str(event.turns))]
    if state.counters.latencies:
        rows.append(("answers", f"{median(state.counters.latencies):.2f} s after you stopped (median)"))
    rows += [
        ("head start", f"{event.head_start:.2f} s"),
        ("calls", f"{event.calls}, of which {event.rolled_back} rolled back"),
        ("wrong effects", wrong),
    ]
    cost = state.counters.cost
    if cost.tokens:
        rows.append(("cost", f"{cost}, of which guessing ${cost.guesses:.4f}"))
    return [f"{name:>15}  {value}" for name, value in rows]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
