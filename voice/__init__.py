"""Hearing and speaking: microphone to words, text to speaker, on Pipecat.

Some things must be settled before anything below is imported, so they are settled here:

- OpenBLAS starts one spinning thread a core the first time numpy multiplies matrices. The mel step of
  speech recognition is such a product, several times a second; one thread takes a third less CPU and
  leaves the other cores to the brain.
- glibc gives each new thread an arena of its own, up to eight a core, and keeps there what was freed. Every
  conversation over other devices has new threads, and every one of them would hold the memory of a decode.
- loguru, Pipecat's logger, writes to standard error by default, which would tear a terminal screen and
  greets every start with a banner. Whoever wants its log adds a sink of their own.
"""

import ctypes
import os
from contextlib import suppress

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

with suppress(AttributeError):  # another C library than glibc
    ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX

from loguru import logger  # noqa: E402

with suppress(ValueError):  # already removed by the application
    logger.remove(0)
