"""A hand on a running voice: what a person changes with a key while they talk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from voice.echo import Echo

_HELD = 0.15  # seconds without a press after which a key is held no more: terminals repeat one sooner


@dataclass(frozen=True, slots=True)
class Microphone:
    """Listen to a device; `name` is part of its name, None the default one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speak through a device; `name` is part of its name, None the default one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the voice comes from and where it goes: devices, or sound files. None: nowhere."""

    source: Microphone | Path
    sink: Speaker | Path | None


class Mouth(Protocol):
    """What the hand reaches of a running conversation. All methods return at once."""

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        ...

    def hush(self) -> None:
        """Say no more of it."""
        ...

    def forget_turn(self) -> None:
        """Whatever the user says until they fall silent is nobody's."""
        ...


class Microphoned(Protocol):
    """Whoever wants to know that the microphone was closed or opened."""

    def muted(self, on: bool) -> None:
        """Take note."""
        ...


class VoiceHand:
    """Held by whoever presses keys, and given to `run_voice`. For the event loop's thread only.

    `muted` is how the microphone begins: closed, for those who push to talk.
    """

    def __init__(self, *, muted: bool = False) -> None:
        self.is_muted = muted
        self.changed = asyncio.Event()  # other ends are wanted
        self.devices: tuple[str, ...] = ()  # names of those in use, the microphone first
        self.echo: Echo | None = None  # what is done about it; None where the devices have none
        self.closes_after_turn = False  # it was opened for one turn
        self._wanted: Ends | None = None
        self._ends: Ends | None = None
        self._mouth: Mouth | None = None
        self._session: Microphoned | None = None
        self._closing: asyncio.TimerHandle | None = None

    @property
    def ends(self) -> Ends | None:
        """What the voice runs between, or is about to; None before it runs."""
        return self._wanted or self._ends

    @property
    def is_speaking(self) -> bool:
        """Whether the assistant speaks, or is about to."""
        return self._mouth is not None and self._mouth.is_speaking

    def mute(self, on: bool) -> None:
        """Close the microphone, or open it until it is closed again."""
        self.closes_after_turn = False
        self._set(on)

    def open_for_one_turn(self) -> None:
        """Open the microphone until the user has finished speaking."""
        self._set(False)
        self.closes_after_turn = True

    def close_soon(self) -> None:
        """Close it in a moment, unless this is called again until then.

        A terminal does not tell that a key was let go. One that is held it reports again and again.
        """
        self._keep()
        self._closing = asyncio.get_running_loop().call_later(_HELD, self.mute, True)

    def hush(self) -> None:
        """Silence the assistant at once."""
        if self._mouth is not None:
            self._mouth.hush()

    def forget_turn(self) -> None:
        """What the user is saying is nobody's, until they have fallen silent."""
        if self._mouth is not None:
            self._mouth.forget_turn()
        self.turn_ended()

    def use(self, *, source: Microphone | None = None, sink: Speaker | None = None) -> None:
        """Go on with another microphone or speaker; nothing before the voice runs."""
        if self.ends is None:
            return
        self._wanted = replace(self.ends, source=source or self.ends.source, sink=sink or self.ends.sink)
        self.changed.set()

    # ---- for the one who runs the voice --------------------------------------------------------

    def begin(self, session: Microphoned, ends: Ends, devices: tuple[str, ...], echo: Echo | None) -> None:
        """The voice runs between `ends` from now on, which open `devices` of these names."""
        self._ends, self.devices, self.echo = ends, devices, echo
        if self._session is not session:
            self._session = session
            if self.is_muted:
                session.muted(True)

    def attach(self, mouth: Mouth | None) -> None:
        """Reach this conversation from now on; None: none."""
        self._mouth = mouth

    def take(self) -> Ends | None:
        """The ends that are wanted instead, once; None where the present ones will do."""
        wanted, self._wanted = self._wanted, None
        self.changed.clear()
        return wanted

    def turn_ended(self) -> None:
        """The user has finished speaking."""
        if self.closes_after_turn:
            self.mute(True)

    def _keep(self) -> None:
        """As it is now; it is not closed in a moment."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def _set(self, on: bool) -> None:
        self._keep()
        if on != self.is_muted:
            self.is_muted = on
            if self._session is not None:
                self._session.muted(on)
