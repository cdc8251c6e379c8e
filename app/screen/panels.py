"""The lines above and below the timeline: the headline, and the banner with what must not be missed."""

from __future__ import annotations

from rich.cells import cell_len

from app.screen.canvas import Canvas
from app.screen.speech import block
from app.shown import ScreenState

_NOTICE_STAYS = 6.0
_ERROR_STAYS = 20.0
_METER = 8  # cells


def phase(state: ScreenState) -> tuple[str, str, str]:
    """What is going on: a sign, a word, and the style of both."""
    turn = state.turn
    if state.summary is not None:
        return "■", "ENDED", "quiet"
    if state.question is not None:
        return "?", "ASKING YOU", "asking"
    if state.speaking:
        return "★", "SPEAKING", "answer"
    if turn is not None and turn.ended is None:
        if turn.final_at is None:
            return "●", "HEARING YOU", "listening"
        return "◆", "THINKING", "commit"
    if state.alerts:
        return "♪", "RINGING", "asking"
    if state.muted:
        return "ø", "MUTED", "failed"
    if state.is_starting:
        return "◌", "STARTING", "waiting"
    return "○", "READY" if state.header.is_typed else "LISTENING", "quiet"


def paint_header(
    state: ScreenState, now: float, width: int, *, frozen: bool, devices: str = "", echo: str = ""
) -> Canvas:
    """One line: what is going on, and what the session runs with. `devices` says more than the source."""
    canvas = Canvas(width, 1)
    sign, word, style = phase(state)
    x = canvas.put(1, 0, f"{sign} {word}", style)
    if state.muted and word != "MUTED":
        x = canvas.put(x + 2, 0, "MUTED", "failed")
    if frozen:
        x = canvas.put(x + 2, 0, "FROZEN", "asking")
    number = f"turn {state.turn.number}" if state.turn else ""
    right = f"{number}   {max(0.0, now):.1f} s "
    edge = width - cell_len(right) - 1
    canvas.put(edge + 1, 0, right, "label")
    if state.levels and state.summary is None and not state.muted and x + _METER + 2 < edge:
        x = canvas.put(x + 2, 0, "".join(block(level.level) for level in state.levels[-_METER:]), "level")
    header = state.header
    brain = f"brain {header.brain}" if header.brain else ""
    for text in (brain, header.mode, devices or header.source, echo):
        if text and x + 3 + cell_len(text) < edge:
            x = canvas.put(x + 3, 0, text, "quiet")
    return canvas


def banner(state: ScreenState, now: float) -> tuple[str, str] | None:
    """What must not be missed, with its style: a question, what is due, else a fresh notice."""
    if state.question is not None:
        return state.question.text, "asking"
    if state.alerts:
        return " ".join(state.alerts), "answer"
    notice = state.notices[-1] if state.notices else None
    if notice is not None and now - notice.at < (_ERROR_STAYS if notice.error else _NOTICE_STAYS):
        return notice.text, "failed" if notice.error else "label"
    return None


def paint_banner(state: ScreenState, now: float, width: int) -> Canvas:
    """One line with the question and its keys, or the notice."""
    canvas = Canvas(width, 1)
    found = banner(state, now)
    if found is None:
        return canvas
    text, style = found
    keys = "  y yes   n no " if style == "asking" else " "
    sign = {"asking": "?", "answer": "♪", "failed": "!", "label": "·"}[style]
    canvas.fit(1, 0, f"{sign} {text}", width - cell_len(keys) - 1, style)
    canvas.put(width - cell_len(keys), 0, keys, style)
    return canvas
