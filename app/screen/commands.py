"""Every key of the screen, once: the bindings, the command palette and the help page are made from this."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can do. `sign` is the key as people see it.

    `of_session` commands act on a running session and are not there in a replay; `in_footer` are those
    used most, those of one `group` under one name.
    """

    key: str
    sign: str
    action: str
    label: str
    text: str
    of_session: bool = False
    in_footer: bool = False
    group: Binding.Group | None = None


_SCRUB = Binding.Group("back", compact=True)

COMMANDS = (
    Command("space", "space", "talk", "talk", "open the mic for one turn", True, True),
    Command("escape", "esc", "stop", "stop", "silence it, or drop the turn", True, True),
    Command("u", "u", "undo", "undo", "undo the latest effect", True, True),
    Command("y", "y", "answer(True)", "yes", "yes to its question", True),
    Command("n", "n", "answer(False)", "no", "no to its question", True),
    Command("x", "x", "mute", "mute", "close the mic, or open it", True, True),
    Command("d", "d", "devices", "devices", "choose mic and speaker", True),
    Command("b", "b", "brain", "brain", "choose who thinks", True),
    Command("m", "m", "mode", "mode", "speculative or sequential", True),
    Command("r", "r", "record", "record", "record it all, or stop", True),
    Command("f", "f", "freeze", "freeze", "freeze the picture, or go on", in_footer=True),
    Command("left", "←", "scrub(-1)", "previous event", "look back one event", False, True, _SCRUB),
    Command("right", "→", "scrub(1)", "next event", "look on one event", False, True, _SCRUB),
    Command("shift+left", "⇧←", "scrub_turn(-1)", "previous turn", "look back one turn"),
    Command("shift+right", "⇧→", "scrub_turn(1)", "next turn", "look on one turn"),
    Command("end", "end", "live", "now", "back to what happens now"),
    Command("l", "l", "log", "log", "show the log, or hide it"),
    Command("t", "t", "theme", "theme", "other colours"),
    Command("question_mark", "?", "help", "help", "what signs and keys mean", in_footer=True),
    Command("q", "q", "quit", "quit", "end the session", in_footer=True),
)


def bindings() -> list[Binding]:
    """The keys as Textual takes them, in the order of the table."""
    return [
        Binding(
            command.key,
            command.action,
            command.label,
            show=command.in_footer,
            key_display=command.sign,
            tooltip=command.text,
            group=command.group,
        )
        for command in COMMANDS
    ]
