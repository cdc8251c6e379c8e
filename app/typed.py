"""Typed words as if they were spoken: the same session, without a microphone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from agents.session import Session

WORDS_A_SECOND = 3.3  # median of American telephone speech (Switchboard)
SPREAD = 0.35  # of the logarithm of a word's length
CADENCE = 0.35  # seconds between two hypotheses, as of the streaming recogniser
LIKELY_END = 0.25  # seconds of silence after which the turn is probably over, as the voice pipeline takes
END_OF_TURN = 0.5  # ... and after which it certainly is

_POLL = 0.02  # seconds


async def say(session: Session, texts: Sequence[str], *, reply: str | None = None, seed: int = 0) -> None:
    """Deliver each of `texts` at speaking pace, once the turn of the one before is over.

    `reply` is said, once, to each question the session asks; without it a question meets silence.
    """
    for text in texts:
        await _deliver(session, text, seed)
        while not session.is_idle:
            if session.is_asking and reply is not None:
                await _deliver(session, reply, seed)
            await asyncio.sleep(_POLL)


async def _deliver(session: Session, text: str, seed: int) -> None:
    pace = random.Random(f"{seed}/{text}")
    session.speech_started()
    said: list[str] = []
    unheard = 0.0
    for word in text.split():
        seconds = pace.lognormvariate(0, SPREAD) / WORDS_A_SECOND
        await asyncio.sleep(seconds)
        said.append(word)
        unheard += seconds
        if session.is_idle:
            return  # the turn was stopped in the middle: the rest is nobody's
        if unheard >= CADENCE:
            unheard = 0.0
            session.hear(" ".join(said), "")
    session.speech_ended(session.now())
    await asyncio.sleep(LIKELY_END)
    session.hear(text, "")
    session.guess_end()
    await asyncio.sleep(END_OF_TURN - LIKELY_END)
    session.end_turn(text)
