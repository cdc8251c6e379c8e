"""The values the screen is painted from: immutable, without behaviour beyond a few derived figures.

Times are seconds on the session clock.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from agents.events import CallState, Event, Level, Notice, SessionEnded, Used
from tools.tool import Effect


def clean(text: str) -> str:
    """`text` on one line without control characters: a tool's result must not steer the terminal."""
    kept = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    return " ".join(kept.split())


@dataclass(frozen=True, slots=True)
class Header:
    """What the session runs with."""

    brain: str = ""
    mode: str = ""
    source: str = ""
    now: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether nobody speaks: the words are typed."""
        return self.source == "typed words"


@dataclass(frozen=True, slots=True)
class Word:
    """One stable word and the time at which it became stable."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a call's life in one state. `end` is None while it lasts."""

    state: CallState
    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One version of a call.

    `because` holds the user's words that made the brain drop it, `struck_at` when the first of them
    became stable. `regretted` is when an effect that happened, or is happening, stopped being wanted.
    `early`: it happened before its turn was committed. `carried`: it was done in the turn that this one
    continues. `late` is what a run returned that had been given up; `stuck` why an undo failed.
    """

    call: int
    version: int
    name: str
    arguments: tuple[tuple[str, str], ...]
    effect: Effect
    issued: float
    segments: tuple[Segment, ...]
    reason: str = ""
    because: str = ""
    text: str = ""
    entry: int | None = None
    struck_at: float | None = None
    regretted: float | None = None
    early: bool = False
    carried: bool = False
    late: str = ""
    stuck: str = ""

    @property
    def state(self) -> CallState:
        """Where this version stands now."""
        return self.segments[-1].state

    @property
    def has_begun(self) -> bool:
        """Whether it is an effect that happened or is happening."""
        return self.effect is not Effect.READ and self.state in (CallState.RUNNING, CallState.READY)

    @property
    def ready_at(self) -> float | None:
        """When the result was at hand, or None."""
        times = [segment.start for segment in self.segments if segment.state is CallState.READY]
        return times[-1] if times else None

    @property
    def was_released(self) -> bool:
        """Whether it was held before it ran."""
        states = [segment.state for segment in self.segments]
        return CallState.RUNNING in states and CallState.HELD in states[: states.index(CallState.RUNNING)]


@dataclass(frozen=True, slots=True)
class Question:
    """A yes or no the assistant waits for before a call may run."""

    turn: int
    call: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What models that are paid for took: US dollars as far as the prices are known, and tokens.

    `cached` are those of `tokens` that were cached, `guesses` the dollars spent on guessing. `estimated`: a
    service did not say what some of it took.
    """

    dollars: float = 0.0
    guesses: float = 0.0
    tokens: int = 0
    cached: int = 0
    estimated: bool = False

    def __str__(self) -> str:
        share = f", {100 * self.cached // self.tokens} % cached" if self.cached else ""
        return f"{self.money} · {self.tokens:,} tokens{share}"

    @property
    def money(self) -> str:
        """The dollars as text."""
        return f"{'~' if self.estimated else ''}${self.dollars:.4f}"

    def plus(self, event: Used) -> Cost:
        """With another response."""
        dollars = event.dollars or 0.0
        return Cost(
            self.dollars + dollars,
            self.guesses + (dollars if event.guess else 0.0),
            self.tokens + event.text_in + event.text_out + event.audio_in + event.audio_out,
            self.cached + event.text_cached + event.audio_cached,
            self.estimated or event.estimated,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what was said, the calls it led to, and how it ended.

    `news` are the words the brain reacts to, `news_at` is when the first of them became stable; once it
    has acted on them (`news_read`) further words replace them, until then they add up. Empty while the
    brain pauses; `recent` and `recent_at` are those it paused on.

    `stops` and `commits` hold every end of speech and every commit, also those that were none: the user
    went on (`reopened`). `end_of_speech` and `committed` are the ones that count. A turn that `continues`
    another begins with that one's words, `carried` of them.
    """

    number: int
    started: float
    words: tuple[Word, ...] = ()
    unstable: str = ""
    update: str = ""
    news: str = ""
    news_at: float = 0.0
    news_read: bool = True
    recent: str = ""
    recent_at: float = 0.0
    continues: int | None = None
    carried: int = 0
    stops: tuple[float, ...] = ()
    commits: tuple[float, ...] = ()
    reopened: tuple[float, ...] = ()
    final_at: float | None = None
    end_of_speech: float | None = None
    committed: float | None = None
    rows: tuple[CallRow, ...] = ()
    question: Question | None = None
    asked_at: float | None = None
    thought: str = ""
    answer: str = ""
    answer_at: float | None = None
    saying_at: float | None = None
    cost: Cost = Cost()
    interrupted: bool = False
    ended: float | None = None
    head_start: float | None = None
    rolled_back: int = 0

    @property
    def only_asks(self) -> bool:
        """Whether all the assistant has said in it so far is a question."""
        return self.asked_at is not None and self.answer_at is None and self.saying_at is None

    @property
    def said(self) -> str:
        """All stable words as one text."""
        return " ".join(word.text for word in self.words)

    @property
    def said_here(self) -> str:
        """The stable words without those of the turn that this one continues."""
        return " ".join(word.text for word in self.words[self.carried :])

    @property
    def replied_at(self) -> float | None:
        """When the answer came, or the question asked first; else None."""
        return min((at for at in (self.asked_at, self.answer_at) if at is not None), default=None)

    @property
    def waited_until(self) -> float | None:
        """When that would have been without guessing; None where it is not known, or not later."""
        at = self.replied_at
        return at + self.head_start if at is not None and self.head_start else None

    @property
    def has_stopped(self) -> bool:
        """Whether the end of speech is taken to be the end: nothing else was heard since."""
        return self.end_of_speech is not None and (self.final_at is not None or self.ended is not None)

    @property
    def latency(self) -> float | None:
        """Seconds from the end of speech to the answer, or to the question asked first; else None."""
        if self.replied_at is None or self.end_of_speech is None:
            return None
        return max(0.0, self.replied_at - self.end_of_speech)


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A write that happened, with its entry number in the effect journal. `stuck`: why an undo failed."""

    entry: int
    turn: int
    call: int
    name: str
    text: str
    at: float
    undoable: bool
    undone: bool = False
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class Counters:
    """The session so far.

    `right` counts calls issued before the user had finished and kept, `rolled_back` the wrong guesses.
    `latencies` and `head_starts` hold seconds, one entry for each answered turn, the latest ones.
    """

    turns: int = 0
    right: int = 0
    rolled_back: int = 0
    waste: int = 0
    undone: int = 0
    cost: Cost = Cost()
    latencies: tuple[float, ...] = ()
    head_starts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ScreenState:
    """Everything the screen shows.

    `clock` is the latest time any event carried. `recent` are the latest events, for the log; how loud
    the microphone was is not among them. `alerts` are due and were not told yet.
    """

    clock: float = 0.0
    header: Header = Header()
    turns: tuple[Turn, ...] = ()
    effects: tuple[EffectRow, ...] = ()
    counters: Counters = Counters()
    notices: tuple[Notice, ...] = ()
    alerts: tuple[str, ...] = ()
    speaking: bool = False
    muted: bool = False
    levels: tuple[Level, ...] = ()
    summary: SessionEnded | None = None
    recent: tuple[Event, ...] = field(default=(), compare=False)

    @property
    def is_starting(self) -> bool:
        """Whether the microphone is not heard yet: the models are still being loaded."""
        return not self.header.is_typed and not self.levels and not self.turns

    @property
    def turn(self) -> Turn | None:
        """The current turn: the latest one."""
        return self.turns[-1] if self.turns else None

    @property
    def question(self) -> Question | None:
        """The question that waits for an answer, or None."""
        return next((turn.question for turn in reversed(self.turns) if turn.question), None)

    @property
    def undo_next(self) -> EffectRow | None:
        """The latest effect that can be taken back, or None."""
        return next((row for row in reversed(self.effects) if row.undoable and not row.undone), None)
