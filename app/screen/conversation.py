"""Who said what. Pure drawing, as in the chart."""

from __future__ import annotations

from agents.events import CallState
from app.marks import earliness
from app.screen.canvas import Canvas, wrap
from app.shown import ScreenState, Turn

_INDENT = 8


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
    spoken = turn.said_here + (f" ‹{turn.unstable}›" if turn.unstable else "")
    lines = _wrapped("you", f"↶ {spoken}" if turn.continues and spoken else spoken, width, "word")
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
    if turn.cost.dollars:
        parts.append(turn.cost.money)
    return " · ".join(parts)
