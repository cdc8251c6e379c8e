"""The dark theme. In the light, Textual's own `textual-light` serves."""

from textual.theme import Theme

HEADSTART = Theme(
    name="headstart",
    primary="#7aa2f7",
    secondary="#9aa5ce",
    accent="#c099ff",
    success="#8bd49c",
    warning="#e6b450",
    error="#f0717b",
    foreground="#d8dee9",
    background="#12151c",
    surface="#171b24",
    panel="#232936",
    dark=True,
    variables={
        "text-primary": "#7aa2f7",
        "text-secondary": "#9aa5ce",
        "text-accent": "#c099ff",
        "text-success": "#8bd49c",
        "text-warning": "#e6b450",
        "text-error": "#f0717b",
    },
)
