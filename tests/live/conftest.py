"""Checks against the real services. They cost money, so they are not collected unless they are wanted."""

import os
import warnings

import pytest

with warnings.catch_warnings():
    # Importing Pipecat 1.14 warns about its own deprecated classes.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pipecat.services.tts_service  # noqa: F401

from voice.models import load

collect_ignore_glob = [] if os.environ.get("HEADSTART_LIVE_TESTS") else ["test_*.py"]


@pytest.fixture(scope="session")
def models():
    """The real models, loaded once."""
    return load()
