"""The local brain's own model behind HTTP: an endpoint for completions that is real, and there at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, cast

import xllamacpp

from agents.brains.local import ADAPTER
from agents.brains.merged import merged
from agents.brains.weights import base_weights


@contextlib.contextmanager
def served(context: int = 2048) -> Iterator[str]:
    """The address of a server of llama.cpp, without a path; its model sees `context` tokens."""
    parameters = cast(Any, xllamacpp).CommonParams()
    parameters.model.path = str(merged(base_weights(), ADAPTER))
    parameters.n_ctx = context
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.verbosity = -1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    server = cast(Any, xllamacpp).Server(parameters)
    yield server.listening_address
