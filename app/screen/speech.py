"""What the user said, on the time axis: loudness, words, and how far the words are settled."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len

from agents.events import CallState, Level
from app.marks import shorten
from app.screen.axis import Scale, until
from app.screen.canvas import Canvas
from app.shown import Turn, Word

BLOCKS = "▁▂▃▄▅▆▇█"
_QUIET, _LOUD = -54.0, -14.0  # decibels below full scale: a still room, and a voice close by
_WAITED = "☆"
_GATE = "◇ commit once you finish", "◇ commit"
_GATE_NEXT = "◇ about to commit", "◇ commit next"
_HOLD = 0.25  # seconds for which a level counts where none came since


def block(level: float) -> str:
    """One sign for a level from 0 to 1, by what the ear makes of it."""
    decibels = 20 * math.log10(level) if level > 0 else _QUIET
    part = (decibels - _QUIET) / (_LOUD - _QUIET)
    return BLOCKS[min(max(int(part * len(BLOCKS)), 0), len(BLOCKS) - 1)]


def paint_level(
    canvas: Canvas, scale: Scale, turn: Turn, levels: Sequence[Level], now: float, y: int
) -> None:
    """The microphone's loudness; where a record holds none, a bar for as long as the user spoke."""
    canvas.put(0, y, "  mic" if levels else "  you speak", "label")
    last = until(turn, now)
    end = scale.clipped(last)
    spoken = turn.end_of_speech if turn.end_of_speech is not None and turn.has_stopped else last
    if not levels:
        start = scale.clipped(turn.started)
        canvas.put(start, y, "━" * (scale.clipped(spoken) - start + 1), "level")
        return
    times = [level.at for level in levels]
    step = scale.span / max(1, scale.width - 1)
    for x in range(scale.x, end + 1):
        at = scale.left + (x - scale.x) * step
        first, after = bisect_left(times, at - step / 2), bisect_left(times, at + step / 2)
        if first == after:  # fewer levels than columns: the one before still counts
            first -= 1
            if first < 0 or times[first] < at - _HOLD:
                continue
        loudest = max(level.level for level in levels[first:after])
        canvas.put(x, y, block(loudest), "level" if at <= spoken + step / 2 else "quiet")


def paint_words(canvas: Canvas, scale: Scale, turn: Turn, now: float, y: int, lines: int) -> None:
    """The words in `lines` lines from `y` on, each ending where it became stable.

    The first ones reach into the label's column for that. Those that made a guess wrong are marked. What
    was said in the turn that this one continues stands in a line of its own above them; where there are
    only two lines, an ellipsis stands for it.
    """
    first = canvas.put(0, y, "  your words", "label") + 2
    ends = [first - 1] * lines
    if turn.carried and lines > 2:
        before = " ".join(word.text for word in turn.words[: turn.carried])
        canvas.put(scale.x, y, _tail(before, scale.width), "before")
        y, ends = y + 1, ends[1:]
        lines -= 1
    elif turn.carried:
        ends[0] = canvas.put(scale.x, y, "…", "before")
    chunks = [
        (at, " ".join(word.text for word in group), "blamed" if _is_blamed(turn, at) else "word")
        for at, group in groupby(turn.words[turn.carried :], key=_time)
        if scale.column(at) >= scale.x
    ]
    if turn.unstable:
        chunks.append((max(scale.left, now), f"‹{turn.unstable}›", "tail"))
    line, start = 0, first - 1
    for at, text, style in chunks:
        x = max(start + 1, scale.clipped(at) - cell_len(text))  # never left of what was said before
        # Going on in the same line or stepping down reads best; anything else must save some shifting.
        starts = [(line + step) % lines for step in range(lines)]
        free = {n: ends[n] + (1 if n == line or ends[n] < first else 2) for n in starts}
        cost = {n: max(0, free[n] - x) + 3 * i for i, n in enumerate(starts)}
        best = min(cost, key=cost.__getitem__)
        start = max(x, free[best])
        line = best
        ends[line] = canvas.fit(start, y + line, text, canvas.width - start, style)


def paint_settled(canvas: Canvas, scale: Scale, turn: Turn, now: float, y: int) -> None:
    """How far the words are stable, with the ends of speech, the commits and the answer."""
    canvas.put(0, y, "  settled", "label")
    last = turn.words[-1].at if len(turn.words) > turn.carried else turn.started
    stable = min(until(turn, now), max(last, turn.final_at or last))
    begin, edge = scale.clipped(turn.started), scale.clipped(stable)
    canvas.put(begin, y, "═" * (edge - begin + 1) if stable > turn.started else "", "settled")
    if turn.final_at is None and turn.ended is None:
        canvas.put(edge + 1, y, "┄" * (scale.clipped(until(turn, now)) - edge), "axis")
    _paint_milestones(canvas, scale, turn, y)
    gate = gate_column(scale, turn, now)
    x = scale.end + 1
    room = canvas.width - x
    if gate is not None:
        canvas.put(gate, y, "◇", "gate")
        long, short = _GATE if turn.final_at is None else _GATE_NEXT
        canvas.fit(x, y, long if cell_len(long) <= room else short, room, "gate")
    elif turn.latency is not None:
        long, short = ("asked back", "asked") if turn.asked_at is not None else ("answer", "answer")
        long, short = f"{long} after {turn.latency:.2f} s", f"{short} {turn.latency:.2f} s"
        canvas.fit(x, y, long if cell_len(long) <= room else short, room, "answer")


def _paint_milestones(canvas: Canvas, scale: Scale, turn: Turn, y: int) -> None:
    """All signs side by side where they share a column; the last ones never beyond the chart."""
    marks = [mark for mark in milestones(turn) if scale.column(mark[0]) >= scale.x]
    places: list[int] = []
    for at, _, _ in marks:
        places.append(max(scale.clipped(at), places[-1] + 1 if places else scale.x))
    edge = scale.end - 1
    for i in reversed(range(len(places))):
        places[i] = min(places[i], edge)
        edge = places[i] - 1
    for i, (x, (_, sign, style)) in enumerate(zip(places, marks, strict=True)):
        if sign == _WAITED and i:
            canvas.put(places[i - 1] + 1, y, "┄" * (x - places[i - 1] - 1), style)
        canvas.put(x, y, sign, style)


def milestones(turn: Turn) -> list[tuple[float, str, str]]:
    """When something came to an end: time, sign and style. The hollow ones were none, the user went on.

    The hollow star is when the answer would have come by waiting.
    """
    marks = [
        *((at, "■", "stop") if _is_the_end(turn, at) else (at, "□", "faint") for at in turn.stops),
        *((at, "◆", "commit") if at == turn.committed else (at, "◇", "faint") for at in turn.commits),
        *((at, "↶", "tail") for at in turn.reopened),
    ]
    if turn.replied_at is not None:
        marks.append((turn.replied_at, "★", "answer"))
    if turn.waited_until is not None:
        marks.append((turn.waited_until, _WAITED, "quiet"))
    return sorted(marks, key=lambda mark: mark[0])


def _is_the_end(turn: Turn, at: float) -> bool:
    return turn.has_stopped and at == turn.end_of_speech


def gate_column(scale: Scale, turn: Turn, now: float) -> int | None:
    """Where the commit stands that has not come yet: right of now, what is held waits before it."""
    if turn.committed is not None or turn.ended is not None:
        return None
    return scale.clipped(until(turn, now)) + 1


def paint_guides(canvas: Canvas, scale: Scale, turn: Turn, now: float, top: int, bottom: int) -> None:
    """Lines down from the end of speech and from the commit, wherever nothing else stands.

    What is left of the first happened while the user spoke; what is held waits for the second.
    """
    guides = [
        *((at, "┊", "stop" if _is_the_end(turn, at) else "axis") for at in turn.stops),
        *((at, "│", "commit" if at == turn.committed else "axis") for at in turn.commits),
    ]
    lines = [(scale.column(at), sign, style) for at, sign, style in guides if scale.shows(at)]
    gate = gate_column(scale, turn, now)
    if gate is not None:
        lines.append((gate, "┆", "gate"))
    for x, sign, style in lines:
        for y in range(top, bottom):
            if canvas.is_blank(x, y):
                canvas.put(x, y, sign, style)


def _time(word: Word) -> float:
    return word.at


def _tail(text: str, width: int) -> str:
    """The last words of `text` in `width` cells."""
    words = text.split()
    while len(words) > 1 and cell_len(" ".join(words)) > width - 2:
        words = words[1:]
    kept = " ".join(words)
    return kept if kept == text else shorten(f"… {kept}", width)


def _is_blamed(turn: Turn, at: float) -> bool:
    """Whether words that became stable at `at` made a guess wrong."""
    for row in turn.rows:
        if row.struck_at is None:
            continue
        gone = row.regretted if row.regretted is not None else row.segments[-1].start
        if row.struck_at <= at <= gone and (row.regretted is not None or row.state is CallState.DISCARDED):
            return True
    return False
