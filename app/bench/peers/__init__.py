"""Other programs beside this one: the same words, end of turn, tools, delays and model.

The model is the gold brain over HTTP on this machine. There is no sound: what a microphone, a recogniser and
a voice add is added to everybody.
"""

from __future__ import annotations

from enum import StrEnum


class Peer(StrEnum):
    """A program, and how it takes its turns."""

    PIPECAT = "pipecat"  # the model is asked once the turn is over
    PIPECAT_EAGER = (
        "pipecat eager"  # ... when it is likely over; where it then wants a tool, again at the end
    )
    LIVEKIT = "livekit"  # as PIPECAT
    LIVEKIT_PREEMPTIVE = "livekit preemptive"  # asked when it is likely over; tools run once it certainly is


PIPECAT = (Peer.PIPECAT, Peer.PIPECAT_EAGER)
LIVEKIT = (Peer.LIVEKIT, Peer.LIVEKIT_PREEMPTIVE)

UNEQUAL = (
    "Not equal: the other programs' model answers in a second request, made of the results, which ours names "
    "while it writes the calls; it is asked over HTTP, which adds a few milliseconds; LiveKit's bot is a "
    "process of its own, which reaches the tools through a pipe; and where a call must be confirmed the "
    "other bots ask nobody, while ours gets its yes at once."
)
