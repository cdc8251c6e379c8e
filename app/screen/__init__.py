"""The screen of a session in the terminal."""

from app.screen.screen import HeadstartScreen

__all__ = ["HeadstartScreen"]
