import pytest

from tests.loopback import only_loopback


@pytest.fixture(autouse=True)
def _only_loopback():
    """Services on the network are doubles here: whatever is asked of another machine is a mistake."""
    with only_loopback():
        yield
