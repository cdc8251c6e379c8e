from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.tools.outside import Outside
from tools.assistant import assistant_tools
from tools.demo_data import seed
from tools.store import Store
from tools.tool import ToolContext
from tools.toolbox import Toolbox

NOW = datetime(2026, 11, 23, 9, 0)  # a Monday


@pytest.fixture
def context() -> Iterator[ToolContext]:
    """The household in memory, on a fixed Monday morning."""
    with Store.memory() as store:
        seed(store, NOW)
        yield ToolContext(store, lambda: NOW)


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    return Toolbox(assistant_tools())


@pytest.fixture
def outside() -> Outside:
    return Outside()
