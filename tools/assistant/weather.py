"""The weather, from Open-Meteo."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel

from tools import when
from tools.assistant.web import ask
from tools.registry import tool
from tools.saying import on_day, sentence
from tools.tool import Effect, Tool, ToolContext, ToolError, ToolResult

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport

_PLACES = "https://geocoding-api.open-meteo.com/v1/search"
_FORECAST = "https://api.open-meteo.com/v1/forecast"
_DAYS_AHEAD = 15
_SKIES = (  # highest WMO weather code, what it is like
    (0, "clear"),
    (1, "mostly clear"),
    (2, "partly cloudy"),
    (3, "overcast"),
    (48, "foggy"),
    (57, "drizzly"),
    (67, "rainy"),
    (77, "snowy"),
    (82, "showery"),
    (86, "snowy"),
    (99, "stormy"),
)


class _Place(BaseModel):
    name: str
    latitude: float
    longitude: float


class _Places(BaseModel):
    results: list[_Place] = []


class _Daily(BaseModel):
    time: list[date]
    weather_code: list[int | None]
    temperature_2m_max: list[float | None]
    temperature_2m_min: list[float | None]
    precipitation_probability_max: list[float | None]


class _Forecast(BaseModel):
    daily: _Daily


def weather_tool(transport: AsyncBaseTransport | None = None) -> Tool:
    """`get_weather` over `transport`; None is the network."""

    @tool(effect=Effect.READ)
    async def get_weather(
        context: ToolContext,
        place: Annotated[str, "A town or city."],
        day: Annotated[str | None, "Which day; today if left out."] = None,
    ) -> ToolResult:
        """Say what the weather will be like."""
        now = context.now()
        wanted = when.parse_day(day, now) if day else now.date()
        ahead = (wanted - now.date()).days
        if not 0 <= ahead <= _DAYS_AHEAD:
            raise ToolError("The forecast covers today and the next fifteen days.")
        query: dict[str, str | int] = {"name": place, "count": 1, "language": "en", "format": "json"}
        places = await ask(transport, _PLACES, query, _Places, "weather service")
        if not places.results:
            raise ToolError(f'The weather service knows no place called "{place}".')
        town = places.results[0]
        query = {
            "latitude": f"{town.latitude}",
            "longitude": f"{town.longitude}",
            "daily": "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max",
            "timezone": "auto",
            "start_date": wanted.isoformat(),
            "end_date": wanted.isoformat(),
        }
        forecast = await ask(transport, _FORECAST, query, _Forecast, "weather service")
        return ToolResult(sentence(f"{on_day(wanted, now)} {_report(town.name, forecast.daily, wanted)}"))

    return get_weather


def _report(town: str, daily: _Daily, day: date) -> str:
    """A day's weather after the words for the day. Raises ToolError where the forecast has a gap."""
    try:
        at = daily.time.index(day)
        code = daily.weather_code[at]
        low, high = daily.temperature_2m_min[at], daily.temperature_2m_max[at]
        rain = daily.precipitation_probability_max[at]
    except (ValueError, IndexError):
        code = low = high = rain = None
    if code is None or low is None or high is None:
        raise ToolError("The weather service has no forecast for that day.")
    sky = next((words for highest, words in _SKIES if code <= highest), "changeable")
    chance = f", with a {rain:.0f} percent chance of rain" if rain else ""
    return f"it will be {sky} in {town}, {_degrees(low)} to {_degrees(high)} degrees{chance}."


def _degrees(celsius: float) -> str:
    whole = round(celsius)
    return f"minus {-whole}" if whole < 0 else str(whole)
