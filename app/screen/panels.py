"""What the other panels show. Pure drawing, as in the chart."""

from __future__ import annotations

from statistics import median

from rich.cells import cell_len

from agents.events import CallState
from app.marks import GLYPH, call_label, earliness
from app.screen.canvas import Canvas, wrap
from app.shown import ScreenState, Turn
from tools.tool import Effect

_INDENT = 8
_NOTICE_STAYS = 6.0
_ERROR_STAYS = 20.0
_SPARK = "▁▂▃▄▅▆▇█"


def phase(state: ScreenState) -> tuple[str, str, str]:
    """What is going on: a sign, a word, and the style of both."""
    turn = state.turn
    if state.summary is not None:
        return "■", "ENDED", "quiet"
    if state.question is not None:
        return "?", "ASKING YOU", "asking"
    if state.speaking:
        return "★", "SPEAKING", "answer"
    if turn is None or turn.ended is not None:
        return "○", "READY", "quiet"
    if turn.end_of_speech is None:
        return "●", "LISTENING", "listening"
    return "◆", "ANSWERING", "commit"


def paint_header(state: ScreenState, now: float, width: int, *, frozen: bool) -> Canvas:
    """One line: what is going on, and what the session runs with."""
    canvas = Canvas(width, 1)
    sign, word, style = phase(state)
    x = canvas.put(1, 0, f"{sign} {word}", style)
    if frozen:
        x = canvas.put(x + 2, 0, "FROZEN, f goes on", "asking")
    number = f"turn {state.turn.number}" if state.turn else ""
    right = f"{number}   {max(0.0, now):.1f} s "
    edge = width - cell_len(right) - 1
    canvas.put(edge + 1, 0, right, "label")
    header = state.header
    for text in (header.source, f"brain {header.brain}" if header.brain else "", header.mode):
        if text and x + 3 + cell_len(text) < edge:
            x = canvas.put(x + 3, 0, text, "quiet")
    return canvas


def paint_conversation(state: ScreenState, width: int, height: int) -> Canvas:
    """The latest of what was said, at the bottom line up."""
    lines: list[tuple[str, str, str]] = []
    for turn in reversed(state.turns):
        lines = _exchange(turn, max(10, width - _INDENT)) + lines
        if len(lines) > height:
            break
    if lines and not lines[-1][1]:
        lines.pop()  # the empty line after the latest exchange
    canvas = Canvas(width, height)
    shown = lines[-height:] if height > 0 else []
    if shown and not shown[0][1]:
        shown = shown[1:]  # no empty line at the top
    for y, (who, text, style) in enumerate(shown):
        canvas.put(0, y, f"{who:>6}", "quiet")
        canvas.put(_INDENT, y, text, style)
    return canvas


def _exchange(turn: Turn, width: int) -> list[tuple[str, str, str]]:
    spoken = turn.said + (f" ‹{turn.unstable}›" if turn.unstable else "")
    lines = _wrapped("you", spoken, width, "word")
    if turn.question:
        lines += _wrapped("asks", turn.question.text, width, "asking")
    lines += _wrapped("answer", turn.answer, width, "answer")
    note = _note(turn)
    if note and turn.ended is not None:
        lines += _wrapped("", note, width, "quiet")
    return [*lines, ("", "", "")] if lines and turn.ended is not None else lines


def _wrapped(who: str, text: str, width: int, style: str) -> list[tuple[str, str, str]]:
    return [(who if i == 0 else "", line, style) for i, line in enumerate(wrap(text, width))]


def _note(turn: Turn) -> str:
    parts: list[str] = []
    if turn.interrupted:
        parts.append("you cut in")
    if turn.latency is not None:
        parts.append(f"{turn.latency:.2f} s")
    early = [(earliness(row, turn) or 0.0, row.name) for row in turn.rows if row.state is CallState.READY]
    if early and max(early)[0] > 0:
        best, name = max(early)
        parts.append(f"{name} was ready {best:.1f} s early")
    if turn.rolled_back:
        parts.append(f"{turn.rolled_back} rolled back")
    return " · ".join(parts)


def paint_effects(state: ScreenState, width: int, height: int) -> Canvas:
    """What changed in the world, newest last, with what is held back below."""
    lines: list[tuple[str, str, str, str]] = []
    for row in state.effects:
        if row.undone:
            lines.append((GLYPH[CallState.UNDONE], f"#{row.entry} {row.text}", "undone", "struck"))
        else:
            lines.append((GLYPH[CallState.READY], f"#{row.entry} {row.text}", "ready", "word"))
    for row in state.turn.rows if state.turn else ():
        if row.state in (CallState.HELD, CallState.ASKING) and row.effect is not Effect.READ:
            lines.append((GLYPH[row.state], call_label(row), row.state.value, row.state.value))
    canvas = Canvas(width, height)
    if not lines:
        canvas.put(0, 0, "nothing yet", "quiet")
    room: list[tuple[str, str, str, str]] = []
    for sign, text, style, text_style in lines:
        for i, line in enumerate(wrap(text, max(8, width - 2))):
            room.append((sign if i == 0 else "", line, style, text_style))
    for y, (sign, text, style, text_style) in enumerate(room[-height:] if height > 0 else []):
        canvas.put(0, y, sign, style)
        canvas.put(2, y, text, text_style)
    return canvas


def paint_counters(state: ScreenState, width: int, height: int) -> Canvas:
    """How well guessing did in this session."""
    counters = state.counters
    canvas = Canvas(width, height)
    if not counters.turns:
        canvas.put(0, 0, "no turn finished yet", "quiet")
        return canvas
    y = 0
    if counters.latencies:
        answer = median(counters.latencies)
        waited = median(a + b for a, b in zip(counters.latencies, counters.head_starts, strict=True))
        x = canvas.put(0, 0, f"answers after {answer:5.2f} s  ", "answer")
        canvas.put(x, 0, _spark(counters.latencies, max(0, width - x)), "answer")
        canvas.put(0, 1, f"had it waited {waited:5.2f} s", "quiet")
        y = 2
    x = canvas.put(0, y, f"{GLYPH[CallState.READY]} {counters.right} right   ", "ready")
    canvas.put(x, y, f"{GLYPH[CallState.DISCARDED]} {counters.rolled_back} rolled back", "discarded")
    x = canvas.put(0, y + 1, f"{counters.waste} ran in vain   ", "quiet")
    if counters.undone:
        canvas.put(x, y + 1, f"{GLYPH[CallState.UNDONE]} {counters.undone} undone", "undone")
    return canvas


def _spark(values: tuple[float, ...], width: int) -> str:
    shown = values[-width:] if width else ()
    top = max(shown, default=0.0)
    if len(shown) < 3 or top <= 0:
        return ""
    return "".join(_SPARK[min(7, int(value / top * 7.999))] for value in shown)


def banner(state: ScreenState, now: float) -> tuple[str, str] | None:
    """What must not be missed, with its style: a question, else a fresh notice."""
    if state.question is not None:
        return state.question.text, "asking"
    notice = state.notices[-1] if state.notices else None
    if notice is not None and now - notice.at < (_ERROR_STAYS if notice.error else _NOTICE_STAYS):
        return notice.text, "failed" if notice.error else "held"
    return None


def paint_banner(state: ScreenState, now: float, width: int) -> Canvas:
    """One line with the question and its keys, or the notice."""
    canvas = Canvas(width, 1)
    found = banner(state, now)
    if found is None:
        return canvas
    text, style = found
    keys = "  y yes   n no " if style == "asking" else " "
    sign = {"asking": "?", "failed": "!", "held": "·"}[style]
    canvas.fit(1, 0, f"{sign} {text}", width - cell_len(keys) - 1, style)
    canvas.put(width - cell_len(keys), 0, keys, style)
    return canvas
