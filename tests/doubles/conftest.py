import pytest

from tests.loopback import only_loopback


@pytest.fixture(autouse=True)
def _only_loopback():
    with only_loopback():
        yield
