"""What a person can do to a running session with a key. What comes of it is told as notices and events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from agents.brain import Brain, BrainError
from agents.events import BrainChanged, Event, Mode, SessionEnded, SessionStarted, UndoFailed, Undone
from agents.session import Session
from app.record import Recorder, RecordError
from voice.devices import AudioUnavailable, Device, Direction, devices, pick
from voice.echo import Echo
from voice.hand import Microphone, Speaker, VoiceHand

_NO_VOICE = "there is no microphone in this session: its words are typed"
_NOT_YET = "the voice is not ready yet; try again in a moment"
_ECHO = {
    Echo.CANCEL: "echo cancelled",
    Echo.HALF_DUPLEX: "half-duplex",
    Echo.OFF: "echo not cancelled",
}
_KIND = {Direction.INPUT: "microphone", Direction.OUTPUT: "speaker   "}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things to have: `id` names it to `Control`, `current` is the one in use."""

    id: str
    text: str
    current: bool


class Control:
    """The session's side of the keys. Made before the session runs; used from its event loop's thread.

    `make_brain` gives the brain of a name, or raises BrainError; `brains` are the names there are.
    `record` is the file that `toggle_record` writes, without the texts `hidden`; `recorder` writes it
    already. Before the session has started and after it has ended nothing here does anything. Close it
    with `close`, which frees the brain in use and completes the record.
    """

    def __init__(
        self,
        session: Session,
        brain: Brain,
        *,
        record: Path,
        hidden: Iterable[str] = (),
        recorder: Recorder | None = None,
        make_brain: Callable[[str], Brain],
        brains: tuple[str, ...],
        voice: VoiceHand | None = None,
    ) -> None:
        self._session = session
        self._brain = brain
        self._brains = brains
        self._make_brain = make_brain
        self._mode = Mode.SPECULATIVE
        self._voice = voice
        self._record = record
        self._hidden = hidden
        self._recorder = recorder
        self._asked: set[int] = set()  # entries whose undo is under way
        self._tasks: set[asyncio.Task[None]] = set()
        self._choosing = asyncio.Lock()  # one change of brain at a time
        self._is_open = False
        self.record_error: RecordError | None = None  # why the latest record is not complete
        session.subscribe(self._on_event)

    # ---- the turn ------------------------------------------------------------------------------

    def talk(self) -> None:
        """Open a closed microphone for one turn, or close it again; else let the user have the word.

        Called again and again, as by a key that is held, it opens the microphone for as long.
        """
        if not self._is_open or (voice := self._heard()) is None:
            return
        if voice.is_muted:
            voice.open_for_one_turn()
        elif voice.closes_after_turn:
            voice.close_soon()
        elif voice.is_speaking:
            voice.hush()
        else:
            self._session.notice("the microphone is open: just talk, or close it with x")

    def stop(self) -> None:
        """Silence the assistant at once; where it is silent, let go of the open turn."""
        if not self._is_open:
            return
        if self._voice is not None and self._voice.is_speaking:
            self._voice.hush()
        elif self._session.stop():
            self._session.notice("stopped: what had not begun will not be done")
            if self._voice is not None:
                self._voice.forget_turn()

    def tell(self, text: str) -> None:
        """Show one line."""
        if self._is_open:
            self._session.notice(text)

    def confirm(self, yes: bool) -> None:
        """Answer the open question."""
        if self._is_open:
            self._session.confirm(yes)

    def is_undoing(self, entry: int) -> bool:
        """Whether journal entry `entry` is being taken back just now."""
        return entry in self._asked

    def undo(self, entry: int) -> None:
        """Take journal entry `entry` back, once."""
        if self._is_open and entry not in self._asked:
            self._asked.add(entry)
            self._session.undo(entry)

    # ---- the voice -----------------------------------------------------------------------------

    def toggle_mute(self) -> None:
        """Close the microphone, or open it."""
        if self._is_open and (voice := self._heard()) is not None:
            voice.mute(not voice.is_muted)

    @property
    def in_use(self) -> str:
        """Names of the devices in use; "" where there are none."""
        return " → ".join(self._voice.devices) if self._voice is not None else ""

    @property
    def echo(self) -> str:
        """What is done about echo between them; "" where there can be none."""
        return _ECHO[self._voice.echo] if self._voice is not None and self._voice.echo is not None else ""

    def devices(self) -> list[Choice]:
        """Microphones and speakers, those in use marked. Asks the sound system, which takes a moment.

        Raises AudioUnavailable where there is no choice, with the reason in one line.
        """
        ends = self._voice.ends if self._voice is not None else None
        if ends is None:
            raise AudioUnavailable(_NO_VOICE if self._voice is None else _NOT_YET)
        choices: list[Choice] = []
        for direction, used in ((Direction.INPUT, ends.source), (Direction.OUTPUT, ends.sink)):
            current = _in_use(direction, used)
            choices += [
                Choice(f"{direction} {one.name}", f"{_KIND[direction]}  {one.name}", one == current)
                for one in devices(direction)
            ]
        if not choices:
            raise AudioUnavailable("no microphone and no speaker found; connect one")
        return choices

    def use_device(self, id: str) -> None:
        """Go on with the device of this choice, in the same session."""
        ends = self._voice.ends if self._voice is not None else None
        if not self._is_open or self._voice is None or ends is None:
            return
        direction, _, name = id.partition(" ")
        if direction == Direction.OUTPUT:
            self._voice.use(sink=Speaker(name))
        elif isinstance(ends.sink, Path):
            self._session.notice(f"the answers are being written to {ends.sink.name}; choose a speaker first")
        else:
            self._voice.use(source=Microphone(name))

    def _heard(self) -> VoiceHand | None:
        """The voice; a notice where there is none."""
        if self._voice is None:
            self._session.notice(_NO_VOICE)
        return self._voice

    # ---- the brain -----------------------------------------------------------------------------

    def brains(self) -> list[Choice]:
        """The brains there are."""
        return [Choice(name, name, name == self._brain.name) for name in self._brains]

    def use_brain(self, name: str) -> None:
        """Let another brain think once it is loaded; where it cannot be had, say why and change nothing."""
        if self._is_open:
            task = asyncio.create_task(self._use_brain(name), name=f"brain {name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def toggle_mode(self) -> None:
        """From speculative to sequential and back."""
        if self._is_open:
            sequential = self._mode is Mode.SPECULATIVE
            self._session.change(mode=Mode.SEQUENTIAL if sequential else Mode.SPECULATIVE)

    async def _use_brain(self, name: str) -> None:
        async with self._choosing:
            if name == self._brain.name:
                return
            try:
                brain = self._make_brain(name)
                self._session.notice(f"loading the {name} brain")
                try:
                    await brain.warm_up()
                except BaseException:
                    await brain.close()
                    raise
            except BrainError as error:
                self._session.notice(str(error), error=True)
                return
            if not self._is_open:
                await brain.close()
                return
            before = self._session.change(brain)
            self._brain = brain
            await asyncio.sleep(0)  # the interrupted reaction lets go of it
            await before.close()

    # ---- the record ----------------------------------------------------------------------------

    def toggle_record(self) -> None:
        """Write the session from its beginning to the record, and go on writing; or stop."""
        if not self._is_open:
            return
        if self._recorder is None:
            self._begin_record()
        else:
            # The notice is in the record that it ends.
            self._session.notice(f"recorded in {self._record}; see it with: headstart replay {self._record}")
            self._recorder.close()
            self._recorder = None

    def _begin_record(self) -> None:
        try:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            recorder = Recorder(self._record, self._hidden)
            for event in self._session.events:
                recorder.write(event)
        except (RecordError, OSError) as error:
            self._session.notice(str(error), error=True)
        else:
            self._recorder, self.record_error = recorder, None
            self._session.notice(f"recording to {self._record}")

    # ---- life ----------------------------------------------------------------------------------

    async def close(self) -> None:
        """Let go of everything; the session has ended, or is about to."""
        self._is_open = False
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._recorder is not None:
            self._recorder.close()
        await self._brain.close()

    def _on_event(self, event: Event) -> None:
        match event:
            case SessionStarted(mode=mode):
                self._is_open, self._mode = True, mode
            case BrainChanged(mode=mode):
                self._mode = mode
            case Undone(entry=entry) | UndoFailed(entry=entry):
                self._asked.discard(entry)
            case SessionEnded():
                self._is_open = False
            case _:
                pass
        if self._recorder is not None:
            try:
                self._recorder.write(event)
            except RecordError as error:
                self._recorder, self.record_error = None, error
                # Later: the others have not been told of this event yet.
                asyncio.get_running_loop().call_soon(self._session.notice, str(error), True)


def _in_use(direction: Direction, used: Microphone | Speaker | Path | None) -> Device | None:
    """The device the voice uses; None where it uses a file, or one that is gone."""
    if not isinstance(used, Microphone | Speaker):
        return None
    try:
        return pick(direction, used.name)
    except AudioUnavailable:
        return None
