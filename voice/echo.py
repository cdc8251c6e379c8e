"""What is done about the assistant's own voice in the microphone."""

from __future__ import annotations

from enum import StrEnum


class Echo(StrEnum):
    """How the assistant is kept from hearing, and interrupting, itself.

    `cancel` takes what the speaker plays out of what the microphone hears. `half-duplex` closes the
    microphone while the assistant speaks, so that it can be interrupted with a key only. `off` trusts
    headphones.
    """

    CANCEL = "cancel"
    HALF_DUPLEX = "half-duplex"
    OFF = "off"
