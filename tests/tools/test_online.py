"""Weather and search, their services played by responses of the shape they really have."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tools.assistant.search import search_tool
from tools.assistant.weather import weather_tool
from tools.tool import Tool, ToolContext, ToolError

LISBON = {
    "results": [
        {
            "id": 2267057,
            "name": "Lisbon",
            "latitude": 38.72509,
            "longitude": -9.1498,
            "elevation": 45.0,
            "feature_code": "PPLC",
            "country_code": "PT",
            "timezone": "Europe/Lisbon",
            "population": 517802,
            "country": "Portugal",
        }
    ],
    "generationtime_ms": 0.6,
}
FORECAST = {
    "latitude": 38.75,
    "longitude": -9.125,
    "generationtime_ms": 0.1,
    "utc_offset_seconds": 0,
    "timezone": "Europe/Lisbon",
    "daily_units": {"time": "iso8601", "weather_code": "wmo code", "temperature_2m_max": "\u00b0C"},
    "daily": {
        "time": ["2026-11-28"],
        "weather_code": [61],
        "temperature_2m_max": [17.6],
        "temperature_2m_min": [11.2],
        "precipitation_probability_max": [65],
    },
}
ARTICLE = {
    "batchcomplete": True,
    "continue": {"gsroffset": 1, "continue": "gsroffset||"},
    "query": {
        "pages": [
            {
                "pageid": 18842323,
                "ns": 0,
                "title": "Lisbon",
                "index": 1,
                "extract": "Lisbon is the capital of Portugal.\nIt lies on the Tagus.",
            }
        ]
    },
}

Service = Callable[[httpx.Request], httpx.Response]


def weather(request: httpx.Request) -> httpx.Response:
    query = request.url.params
    if request.url.host == "geocoding-api.open-meteo.com":
        return httpx.Response(200, json=LISBON if query["name"] == "Lisbon" else {"generationtime_ms": 0.2})
    assert request.url.host == "api.open-meteo.com"
    assert (query["latitude"], query["longitude"]) == ("38.72509", "-9.1498")
    assert query["start_date"] == query["end_date"] == "2026-11-28"
    return httpx.Response(200, json=FORECAST)


def wikipedia(request: httpx.Request) -> httpx.Response:
    assert request.url.host == "en.wikipedia.org" and "Headstart" in request.headers["User-Agent"]
    found = "capital" in request.url.params["gsrsearch"]
    return httpx.Response(200, json=ARTICLE if found else {"batchcomplete": True})


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Name or service not known", request=request)


def slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too slow", request=request)


def over(service: Service) -> tuple[Tool, Tool]:
    transport = httpx.MockTransport(service)
    return weather_tool(transport), search_tool(transport)


async def test_weather(context: ToolContext) -> None:
    tool, _ = over(weather)
    result = await tool.run(context, {"place": "Lisbon", "day": "Saturday"})
    assert result.text == (
        "On Saturday the 28th it will be rainy in Lisbon, 11 to 18 degrees, with a 65 percent chance of rain."
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"place": "Atlantis", "day": "Saturday"}, 'The weather service knows no place called "Atlantis".'),
        ({"place": "Lisbon", "day": "yesterday"}, "The forecast covers today and the next fifteen days."),
        ({"place": "Lisbon", "day": "Christmas"}, "The forecast covers today and the next fifteen days."),
    ],
)
async def test_weather_that_cannot_be_told(
    context: ToolContext, arguments: dict[str, str], said: str
) -> None:
    tool, _ = over(weather)
    with pytest.raises(ToolError) as caught:
        await tool.run(context, arguments)
    assert str(caught.value) == said


async def test_weather_with_a_gap(context: ToolContext) -> None:
    empty = {"daily": {key: [None] for key in FORECAST["daily"]} | {"time": ["2026-11-28"]}}

    def gap(request: httpx.Request) -> httpx.Response:
        return weather(request) if "geocoding" in request.url.host else httpx.Response(200, json=empty)

    with pytest.raises(ToolError, match="no forecast for that day"):
        await over(gap)[0].run(context, {"place": "Lisbon", "day": "Saturday"})


async def test_search(context: ToolContext) -> None:
    _, tool = over(wikipedia)
    result = await tool.run(context, {"query": "What is the capital of Portugal?"})
    assert result.text == "Lisbon is the capital of Portugal. It lies on the Tagus."
    with pytest.raises(ToolError, match='I found nothing about "xyzzy".'):
        await tool.run(context, {"query": "xyzzy"})


async def test_search_looks_in_the_local_facts_first(context: ToolContext) -> None:
    for fact in (("Lisbon", "Lisbon is in Portugal."), ("Porto", "Porto is in Portugal, north of Lisbon.")):
        context.store.write("INSERT INTO facts (title, text) VALUES (?, ?)", *fact)
    _, tool = over(unreachable)
    for query in ("where is Lisbon?", "where's Lisbon", "where’s Lisbon"):
        assert (await tool.run(context, {"query": query})).text == "Lisbon is in Portugal."
    assert (await tool.run(context, {"query": 'Porto "north" OR -'})).text.startswith("Porto")
    with pytest.raises(ToolError, match="cannot reach"):
        await tool.run(context, {"query": "Lisbon airport"})


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (unreachable, "I cannot reach the {}; check the network."),
        (slow, "The {} does not answer; try again later."),
        (lambda request: httpx.Response(503), "The {} refused with error 503; try again later."),
        (lambda request: httpx.Response(200, text="<html>"), "The {} gave an answer I cannot read."),
        (lambda request: httpx.Response(200, json=[1]), "The {} gave an answer I cannot read."),
    ],
)
async def test_a_service_in_trouble(context: ToolContext, service: Service, said: str) -> None:
    tools = zip(over(service), ("weather service", "search service"), strict=True)
    for tool, name in tools:
        arguments = {"place": "Lisbon"} if tool.name == "get_weather" else {"query": "Lisbon"}
        with pytest.raises(ToolError) as caught:
            await tool.run(context, arguments)
        assert str(caught.value) == said.format(name)
