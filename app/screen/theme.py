"""The three themes. Colours of states are variables of the theme; the style sheet names their use."""

from __future__ import annotations

from textual.theme import Theme


def _theme(name: str, colours: dict[str, str], dark: bool) -> Theme:
    """A theme in which the text colours are exactly those given, not derived ones."""
    variables = {
        f"text-{key}": colours[key]
        for key in ("primary", "secondary", "accent", "success", "warning", "error")
    }
    variables |= {
        "text-muted": colours["muted"],
        "footer-background": colours["panel"],
        "footer-foreground": colours["foreground"],
        "footer-key-foreground": colours["accent"],
        "footer-description-foreground": colours["foreground"],
    }
    return Theme(
        name=name,
        primary=colours["primary"],
        secondary=colours["secondary"],
        accent=colours["accent"],
        success=colours["success"],
        warning=colours["warning"],
        error=colours["error"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        dark=dark,
        variables=variables,
    )


DARK = _theme(
    "dark",
    {
        "primary": "#7aa2f7",
        "secondary": "#9aa5ce",
        "accent": "#c099ff",
        "success": "#8bd49c",
        "warning": "#e6b450",
        "error": "#f0717b",
        "foreground": "#d8dee9",
        "muted": "#9aa3b5",
        "background": "#12151c",
        "surface": "#171b24",
        "panel": "#232936",
    },
    dark=True,
)
LIGHT = _theme(
    "light",
    {
        "primary": "#1f57c3",
        "secondary": "#4d5a86",
        "accent": "#7a2fc4",
        "success": "#1b6e34",
        "warning": "#855400",
        "error": "#b3202e",
        "foreground": "#20242e",
        "muted": "#565d6d",
        "background": "#fbfbf8",
        "surface": "#f2f2ee",
        "panel": "#e6e7e6",
    },
    dark=False,
)
# After Okabe and Ito: told apart with any of the common kinds of colour blindness.
COLOUR_BLIND = _theme(
    "colour-blind",
    {
        "primary": "#8fd0f7",
        "secondary": "#b8bec9",
        "accent": "#cc79a7",
        "success": "#12a67c",
        "warning": "#f0e442",
        "error": "#ee7733",
        "foreground": "#e6e8ec",
        "muted": "#a6acb8",
        "background": "#101318",
        "surface": "#161a21",
        "panel": "#242932",
    },
    dark=True,
)
THEMES = (DARK, LIGHT, COLOUR_BLIND)
"""All of them; each is known to the settings by its name."""
