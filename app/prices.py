"""What models that are paid for charge: the table that comes with this version, and what a user adds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from agents.cost import Price

_OPENAI = date(2026, 11, 24)  # developers.openai.com/api/docs/pricing

_GOOGLE = date(2026, 11, 24)  # ai.google.dev/gemini-api/docs/pricing; 3.8 Flash doubles on 2027-01-01

PRICES: Mapping[str, Price] = {
    "gpt-realtime-2.1": Price(_OPENAI, 4.00, 0.40, 24.00, 32.00, 0.40, 64.00),
    "gpt-realtime-2.1-mini": Price(_OPENAI, 0.60, 0.06, 2.40, 10.00, 0.30, 20.00),
    # Live does not cache.
    "gemini-3.8-live": Price(_GOOGLE, 0.75, 0.75, 4.50, 3.00, 3.00, 12.00),
    "gemini-3.8-flash": Price(_GOOGLE, 0.75, 0.075, 3.75),
}
"""US dollars for a million tokens of text in, cached, out, and of audio in, cached, out."""


class PriceSettings(BaseModel):
    """What one model costs, as `[prices."MODEL"]` in config.toml: US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date = Field(description="the day on which the maker published these")
    text_in: float = Field(ge=0)
    text_cached: float = Field(ge=0)
    text_out: float = Field(ge=0)
    audio_in: float = Field(0.0, ge=0)
    audio_cached: float = Field(0.0, ge=0)
    audio_out: float = Field(0.0, ge=0)


def prices(own: Mapping[str, PriceSettings]) -> dict[str, Price]:
    """The table, with the user's own prices before it."""
    return {**PRICES, **{model: Price(**dict(price)) for model, price in own.items()}}
