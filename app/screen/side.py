"""Beside the conversation: what changed in the world, and how well guessing did. Pure drawing."""

from __future__ import annotations

from statistics import median

from rich.cells import cell_len

from agents.events import CallState
from app.marks import GLYPH, call_label
from app.rows import OVER
from app.screen.canvas import Canvas, wrap
from app.shown import Cost, Counters, EffectRow, ScreenState
from tools.tool import Effect

_EIGHTHS = " ▏▎▍▌▋▊▉"


def paint_effects(state: ScreenState, width: int, height: int) -> Canvas:
    """What changed in the world, newest last, with what is held back below."""
    rows = state.turn.rows if state.turn else ()
    regretted = {row.entry for row in rows if row.regretted is not None and row.state not in OVER}
    lines = [_effect(row, row.entry in regretted) for row in state.effects]
    for row in rows:
        if row.state in (CallState.HELD, CallState.ASKING) and row.effect is not Effect.READ:
            lines.append((GLYPH[row.state], call_label(row), row.state.value, row.state.value))
    canvas = Canvas(width, height)
    if not lines:
        canvas.put(0, 0, "nothing yet", "quiet")
    y = 0
    for sign, parts, style, text_style in _latest(lines, max(8, width - 2), height):
        canvas.put(0, y, sign, style)
        for part in parts:
            canvas.put(2, y, part, text_style)
            y += 1
    return canvas


def _latest(
    lines: list[tuple[str, str, str, str]], width: int, height: int
) -> list[tuple[str, list[str], str, str]]:
    """The last entries that fit, none of them cut at its beginning; each with its text in lines."""
    shown: list[tuple[str, list[str], str, str]] = []
    for sign, text, style, text_style in reversed(lines):
        parts = wrap(text, width)
        height -= len(parts)
        if height < 0 and shown:
            break
        shown.insert(0, (sign, parts, style, text_style))
    return shown


def _effect(row: EffectRow, regretted: bool) -> tuple[str, str, str, str]:
    text = f"#{row.entry} {row.text}"
    if row.undone:
        return GLYPH[CallState.UNDONE], text, CallState.UNDONE.value, "struck"
    if row.stuck:
        return GLYPH[CallState.FAILED], f"{text} Not undone: {row.stuck}", CallState.FAILED.value, "word"
    if regretted:
        return GLYPH[CallState.UNDONE], f"{text} To be undone.", CallState.UNDONE.value, "word"
    return GLYPH[CallState.READY], text, CallState.READY.value, "word"


def paint_counters(state: ScreenState, width: int, height: int) -> Canvas:
    """How well guessing did in this session."""
    counters = state.counters
    canvas = Canvas(width, height)
    if not counters.turns:
        canvas.put(0, 0, "no turn finished yet", "quiet")
        return canvas
    y = 0
    times = answer_times(counters)
    if times is not None:
        answer, waited = times
        for text, seconds, style in (("answers in  ", answer, "answer"), ("by waiting  ", waited, "quiet")):
            x = canvas.put(0, y, f"{text}{seconds:5.2f} s ", style)
            canvas.put(x, y, _bar(seconds / max(waited, 0.01), width - x), style)
            y += 1
    x = canvas.put(0, y, f"{GLYPH[CallState.READY]} {counters.right} right   ", "ready")
    style = "discarded" if counters.rolled_back else "quiet"
    canvas.put(x, y, f"{GLYPH[CallState.DISCARDED]} {counters.rolled_back} wrong", style)
    x = canvas.put(0, y + 1, f"{counters.waste} ran in vain   ", "quiet")
    if counters.undone:
        canvas.put(x, y + 1, f"{GLYPH[CallState.UNDONE]} {counters.undone} undone", "undone")
    for line in cost_lines(counters.cost):
        canvas.put(0, y + 2, line, "quiet")
        y += 1
    return canvas


def cost_lines(cost: Cost) -> list[str]:
    """What paid models took, in lines that fit the narrowest panel; none where nothing was paid for."""
    if not cost.tokens:
        return []
    guesses = f" · ${cost.guesses:.4f} of it guesses" if cost.guesses else ""
    cached = f", {100 * cost.cached // cost.tokens} % cached" if cost.cached else ""
    return [f"{cost.money}{guesses}", f"{cost.tokens:,} tokens{cached}"]


def answer_times(counters: Counters) -> tuple[float, float] | None:
    """The session's median answer time, and what it would have been without guessing; seconds."""
    if not counters.latencies:
        return None
    waited = [a + b for a, b in zip(counters.latencies, counters.head_starts, strict=True)]
    return median(counters.latencies), median(waited)


def counters_line(counters: Counters, width: int) -> str:
    """The counters in one line of at most `width` cells, for where they have no panel; empty without any."""
    times = answer_times(counters)
    if times is None:
        return ""
    parts = [f"answers in {times[0]:.2f} s", f"by waiting {times[1]:.2f} s"]
    parts.append(f"{GLYPH[CallState.READY]} {counters.right} right")
    parts.append(f"{GLYPH[CallState.DISCARDED]} {counters.rolled_back} wrong")
    if counters.cost.tokens:
        parts.append(counters.cost.money)
    while parts and cell_len(" · ".join(parts)) > width:
        parts.pop()
    return " · ".join(parts)


def _bar(part: float, width: int) -> str:
    """A bar that fills `part` (0 to 1) of `width` cells, to an eighth of a cell."""
    eighths = round(min(max(part, 0.0), 1.0) * max(0, width) * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
