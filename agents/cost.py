"""What a model that is paid for costs: tokens as its service reports them, and money by a dated table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agents.events import Used
from agents.port import Port

_MILLION = 1_000_000
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # gpt-realtime-2.1-2026-05-01 costs what gpt-realtime-2.1 does


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response. Those that were cached are among those that went in.

    `estimated`: the service did not say; somebody here has reckoned.
    """

    text_in: int = 0
    text_cached: int = 0
    text_out: int = 0
    audio_in: int = 0
    audio_cached: int = 0
    audio_out: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of a model, as its maker published them on `as_of`."""

    as_of: date
    text_in: float
    text_cached: float
    text_out: float
    audio_in: float = 0.0
    audio_cached: float = 0.0
    audio_out: float = 0.0

    def of(self, usage: Usage) -> float:
        """US dollars."""
        return (
            (usage.text_in - usage.text_cached) * self.text_in
            + usage.text_cached * self.text_cached
            + usage.text_out * self.text_out
            + (usage.audio_in - usage.audio_cached) * self.audio_in
            + usage.audio_cached * self.audio_cached
            + usage.audio_out * self.audio_out
        ) / _MILLION


class Meter:
    """Adds up what a session costs. One for all brains of a session.

    Once `budget` US dollars are spent the user's words are no longer guessed at; the conversation goes
    on. None: no limit. A model without a price counts as nothing, which is told once.
    """

    def __init__(self, prices: Mapping[str, Price], budget: float | None = None) -> None:
        self.spent = 0.0  # US dollars
        self._prices = prices
        self._budget = budget
        self._told: set[str] = set()
        self._port: Port | None = None

    def open(self, port: Port) -> None:
        """Tell a session of every response, and of what its user should know in one line."""
        self._port = port

    def close(self) -> None:
        """The session is over: what is still given up with it nobody is told."""
        self._port = None

    @property
    def may_guess(self) -> bool:
        """Whether there is money left for guessing."""
        return self._budget is None or self.spent < self._budget

    def add(self, turn: int, model: str, usage: Usage, *, guess: bool) -> None:
        """A response is over, or was cancelled: this is what it took."""
        price = self._prices.get(model) or self._prices.get(_SNAPSHOT.sub("", model))
        money = price.of(usage) if price is not None else None
        self.spent += money or 0.0
        if self._port is not None:
            self._port.emit(_event(turn, self._port.now(), model, guess, usage, money))
        if money is None:
            self._tell(f'what {model} costs is not known here; set it in config.toml: [prices."{model}"]')
        if not self.may_guess:
            self._tell(
                f"the budget of ${self._budget:g} for this session is spent: "
                "the conversation goes on, without guessing ahead"
            )

    def _tell(self, text: str) -> None:
        if text not in self._told and self._port is not None:
            self._told.add(text)
            self._port.notice(text)


def _event(turn: int, at: float, model: str, guess: bool, usage: Usage, dollars: float | None) -> Used:
    return Used(
        turn,
        at,
        model,
        guess,
        usage.text_in,
        usage.text_cached,
        usage.text_out,
        usage.audio_in,
        usage.audio_cached,
        usage.audio_out,
        dollars,
        usage.estimated,
    )
