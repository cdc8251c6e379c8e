"""What tasks start from: the household they speak of, and services that never leave this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import httpx

from agents.tasks import Task
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.store import Store
from tools.tool import Tool
from tools.toolbox import Toolbox

HOUSEHOLD = "household"


def toolbox(more: Iterable[Tool] = ()) -> Toolbox:
    """The built-in tools, the weather service played by one that knows every place; and `more`."""
    return Toolbox([*assistant_tools(httpx.MockTransport(_weather)), *more])


def household(task: Task, facts: Mapping[str, str]) -> Store:
    """The store a task starts from, in memory: the household at its date, and what `search` shall find."""
    store = Store.memory()
    seed(store, task.now)
    for title, text in facts.items():
        store.write("INSERT INTO facts (title, text) VALUES (?, ?)", title, text)
    return store


def read_facts(path: Path) -> dict[str, str]:
    """Texts by their titles. Raises OSError and ValueError."""
    return json.loads(path.read_text(encoding="utf-8"))


def _weather(request: httpx.Request) -> httpx.Response:
    query = request.url.params
    if request.url.host == "geocoding-api.open-meteo.com":
        place = {"name": query["name"], "latitude": 38.7, "longitude": -9.1}
        return httpx.Response(200, json={"results": [place]})
    if request.url.host != "api.open-meteo.com":
        raise httpx.ConnectError("there is no network in a benchmark", request=request)
    day = date.fromisoformat(query["start_date"])
    daily: dict[str, list[object]] = {
        "time": [day.isoformat()],
        "weather_code": [61],
        "temperature_2m_max": [17.6],
        "temperature_2m_min": [11.2],
        "precipitation_probability_max": [65],
    }
    return httpx.Response(200, json={"daily": daily})
