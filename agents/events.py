"""The closed union of everything that happens in a session.

One stream of these feeds the screen, the recorder, the benchmarks and the tests. `at` is seconds on
the session clock, which starts at 0 with the session; `turn` counts from 1. Events are values: frozen,
comparable, and written to a record as `{"event": <class name>, ...fields}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tools.tool import Effect, Json

SCHEMA_VERSION = 3

# Why a wrong guess was discarded: the reasons that count as rolled back.
PATCHED = "you said otherwise"
REMOVED = "you took it back"
CASCADE = "what it depended on is gone"

# Why an effect happens before its turn is committed.
EARLY = "early; undone if wrong"

# Why a call is ready without having run: it was in the turn that this one continues.
CARRIED = "done before"
# ... or it asks again for an effect that was about to be taken back.
RESTORED = "as it was"


class Mode(StrEnum):
    """When the brain is asked: as words arrive, or only once the turn is over (the baseline)."""

    SPECULATIVE = "speculative"
    SEQUENTIAL = "sequential"


class CallState(StrEnum):
    """Where one version of a call stands."""

    WAITING = "waiting"  # for an operand, or for a free slot
    RUNNING = "running"
    READY = "ready"  # finished, result at hand
    HELD = "held"  # must wait for commit
    ASKING = "asking"  # committed; waiting for the user's yes
    FAILED = "failed"
    DISCARDED = "discarded"  # patched, removed, cascaded or refused
    UNDONE = "undone"  # had an effect, which was compensated


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """First event of a record. `now` is the session's local date and time, ISO 8601."""

    at: float
    schema: int
    brain: str
    mode: Mode
    source: str  # "microphone", a file name, or "typed words"
    now: str


@dataclass(frozen=True, slots=True)
class BrainChanged:
    """Another brain thinks from here on, or in another mode."""

    at: float
    brain: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Muted:
    """The user closed the microphone (`on`), or opened it again."""

    at: float
    on: bool


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the microphone was just now, some ten times a second: RMS from 0 to 1, full scale."""

    at: float
    level: float


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The user began to speak."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Continued:
    """The turn goes on where turn `of` had ended too early: its words and what was done are carried over."""

    turn: int
    at: float
    of: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """The end of the turn was none, the user goes on: what has not begun is held again."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A hypothesis: all the words of the turn so far, the stable ones and the tail that may change."""

    turn: int
    at: float
    stable: str
    unstable: str


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The user fell silent at `at`; published later, when the silence has been noticed."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Updated:
    """Words handed to the brain: all of the turn so far, not only the new ones.

    `final`: as far as can be told the user has finished. That is a guess until `EndOfTurn` follows.
    """

    turn: int
    at: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """The user has certainly finished: what the brain decides knowing the final words may commit."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Thought:
    """What a brain thought aloud; `interrupted` when news cut it short."""

    turn: int
    at: float
    text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class CallIssued:
    """The brain issued a call. A `version` above 1 patches the call of the same ID."""

    turn: int
    at: float
    call: int
    version: int
    name: str
    arguments: Mapping[str, Json]
    effect: Effect


@dataclass(frozen=True, slots=True)
class CallRemoved:
    """The brain withdrew a call. What depended on it is discarded with it."""

    turn: int
    at: float
    call: int


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call entered `state`. `reason` says why, in words for people, where that is not obvious.

    `text` is the result as a spoken sentence (READY) or the failure (FAILED); `value` is what `$n`
    stands for (READY).
    """

    turn: int
    at: float
    call: int
    version: int
    state: CallState
    reason: str = ""
    text: str = ""
    value: Json = None


@dataclass(frozen=True, slots=True)
class LateResult:
    """A run that had been given up returned all the same. It is recorded, and changes nothing."""

    turn: int
    at: float
    call: int
    text: str


@dataclass(frozen=True, slots=True)
class ConfirmAsked:
    """A `confirm` call waits for the user's spoken yes to `question`."""

    turn: int
    at: float
    call: int
    question: str


@dataclass(frozen=True, slots=True)
class ConfirmAnswered:
    """The user's answer to a question. Silence until the time-out is a no, with `said` empty."""

    turn: int
    at: float
    call: int
    yes: bool
    said: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The brain has nothing to do until something new arrives."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit point: from here on held calls are released. `by` is pause or answer."""

    turn: int
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Effected:
    """A write happened and stands in the effect journal as `entry`."""

    turn: int
    at: float
    call: int
    version: int
    entry: int
    name: str
    text: str
    undoable: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """The effect of journal entry `entry` was taken back."""

    turn: int
    at: float
    entry: int
    text: str


@dataclass(frozen=True, slots=True)
class UndoFailed:
    """The effect of journal entry `entry` should have been taken back and was not; `text` says why."""

    turn: int
    at: float
    entry: int
    text: str


@dataclass(frozen=True, slots=True)
class Drafted:
    """The brain's answer as written, with `$n` where the result of call n belongs."""

    turn: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer's text is complete and goes to the voice (or the terminal) now."""

    turn: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """The brain begins its answer in its own voice; the words are complete with `Answered`."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Used:
    """A response of a model that is paid for, as its service counted it. It may come after its turn.

    Counts are tokens, the cached ones among those that went in. `guess`: made while it was not certain
    that the user had finished. `dollars` is None where the price is not known.
    """

    turn: int
    at: float
    model: str
    guess: bool
    text_in: int
    text_cached: int
    text_out: int
    audio_in: int
    audio_cached: int
    audio_out: int
    dollars: float | None


@dataclass(frozen=True, slots=True)
class SpeakingStarted:
    """The first audio of an answer or a question left for the speaker."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeakingEnded:
    """The assistant stopped speaking; `interrupted` when the user cut in, `heard` what was audible."""

    turn: int
    at: float
    heard: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """Nothing is left to do in this turn.

    Times in seconds on the session clock. `head_start` is the estimate of how much later the answer
    would have come without speculation (seconds, never negative); `rolled_back` counts versions of
    calls that were discarded as wrong guesses; `waste` those of them that had run.
    """

    turn: int
    at: float
    end_of_speech: float
    answer_at: float | None
    head_start: float
    calls: int
    rolled_back: int
    waste: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know: a limit that bit, a device that went away. One line."""

    at: float
    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Last event of a record: the summary. Lists hold one entry for each turn.

    `wrong_effects` counts effects found in the journal that no surviving, committed call asked for.
    """

    at: float
    turns: int
    end_of_speech: float | None
    answer_at: float | None
    head_start: float
    calls: int
    rolled_back: int
    wrong_effects: int


Event = (
    SessionStarted
    | BrainChanged
    | Muted
    | Level
    | TurnStarted
    | Continued
    | Reopened
    | Heard
    | SpeechEnded
    | Updated
    | EndOfTurn
    | Thought
    | CallIssued
    | CallRemoved
    | CallChanged
    | LateResult
    | ConfirmAsked
    | ConfirmAnswered
    | Paused
    | Committed
    | Effected
    | Undone
    | UndoFailed
    | Drafted
    | Answered
    | Saying
    | Used
    | SpeakingStarted
    | SpeakingEnded
    | TurnEnded
    | Notice
    | SessionEnded
)
