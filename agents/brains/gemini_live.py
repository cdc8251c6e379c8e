"""Gemini Live: the model speaks and decides, a text model beside it guesses while the user is speaking.

A Live session has no silent responses, so nothing of half a sentence goes into it. The guesses become
calls of the session, which run or are held as always. Once the words are final, as far as can be told, the
model is given the turn, as sound or as words, and what was looked up. What it asks for is answered from
those calls, at once where they are there. What it does not ask for is withdrawn before the commit point, so
a wrong guess changes nothing.

Functions are non-blocking. Results are added silently while others are to come; the last one makes the
model speak, over whatever it was saying.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import cast

from google.genai import types

from agents import history
from agents.actions import Action, Answer, Pause, Speak
from agents.brain import BrainError, Interaction
from agents.brains.gemini_calls import Ask, Asks, has_effects
from agents.brains.gemini_input import Input
from agents.brains.gemini_link import Connect, Connected, Leaving, Link, Lost, Told
from agents.brains.gemini_talk import Talk
from agents.brains.gemini_words import HEARS, contents, usage
from agents.cost import Meter
from agents.events import Event, Updated
from agents.history import Stage
from agents.speculator import Speculator
from agents.words import new_words
from tools.toolbox import Toolbox

_PATIENCE = 0.8  # seconds a guess may finish its call when more words arrive: it is nearly there
_QUIET = 0.25  # seconds without a word after which the model waits for what it asked for
_SILENT = 4.5  # seconds without a word after which the connection is taken for dead
_RECONNECT = 6.0  # seconds a turn waits for another connection
_TIMES = 3  # how often a turn is given to the model, each time on another connection


class GeminiLive:
    """The `gemini` brain.

    `connect` opens a Live connection, resuming the session of a handle. With `sound` the model is given the
    user's voice, else the words recognised here; with `own_voice` ours says its answers.
    """

    name = "gemini"

    def __init__(
        self,
        connect: Connect,
        speculator: Speculator,
        toolbox: Toolbox,
        meter: Meter,
        *,
        model: str,
        sound: bool = False,
        own_voice: bool = False,
    ) -> None:
        self.hears = HEARS if sound else None
        self._speculator = speculator
        self._toolbox = toolbox
        self._meter = meter
        self._model = model
        self._own_voice = own_voice
        self._link = Link(connect, self._told, lambda: self._talk.turn, model)
        self._input = Input(self._link, self._missed)
        self._talk = Talk(0, Asks(toolbox))
        self._moved = asyncio.Event()  # something came from the service
        self._turns: Mapping[int, Sequence[Event]] = {}
        self._known = 0  # the last turn that the service remembers
        self._is_final = False
        self._is_certain = False
        self._is_idle = True
        self._is_leaving = False
        self._trouble = ""  # with guessing, as it was told

    @property
    def patience(self) -> float:
        """None once the words are final: then results and words count at once."""
        return 0.0 if self._is_final else _PATIENCE

    async def warm_up(self) -> None:
        """Connect, so that a wrong key is told before anybody speaks. Raises BrainError."""
        await self._link.up()
        await self._speculator.warm_up()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._link.close()
        await self._speculator.close()

    # ---- the user ------------------------------------------------------------------------------

    def listen(self, turn: int, audio: bytes) -> None:
        """Take what the user says. Sent on as it comes; after the last word only when more words follow."""
        self._begin(turn)
        self._input.keep(audio)
        if self._talk.given is None:
            self._input.pass_on()

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Guess while the words are partial; once they are final the model decides and speaks."""
        self._begin(interaction.turn)
        self._turns = interaction.turns
        self._is_final = history.words(interaction.of_turn)[1]
        self._is_certain = history.is_certain(interaction.of_turn)
        reaction = self._converse(interaction) if self._is_final else self._guess(interaction)
        async with contextlib.aclosing(reaction) as actions:
            async for action in actions:
                yield action

    async def _guess(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        if self._talk.given is not None:  # what seemed to be the end was none
            self._input.refuse(self._talk.asks.forget_open())
            self._talk.take_back()
            self._input.pass_on()
        if self._meter.may_guess:
            guess = cast("AsyncGenerator[Action, None]", self._speculator.guess(interaction))
            try:
                async with contextlib.aclosing(guess) as actions:
                    async for action in actions:
                        yield action
                self._trouble = ""
            except BrainError as error:
                if str(error) != self._trouble:
                    self._trouble = str(error)
                    raise
        yield Pause()

    # ---- the model decides ---------------------------------------------------------------------

    async def _converse(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        talk, of_turn = self._talk, interaction.of_turn
        position = max(at for at, event in enumerate(of_turn) if isinstance(event, Updated))
        said = history.words(of_turn)[0]
        if self._is_given(said):
            talk.given = position
        while True:
            self._moved.clear()
            if talk.given != position or talk.number != self._link.number:
                if talk.given == position and has_effects(of_turn):
                    # The connection broke. What was done must not be asked for again: the session tells it.
                    for action in talk.asks.unwanted(of_turn, settled=True):
                        yield action
                    yield Pause()
                    return
                await self._give(position, said, of_turn)
            for action in talk.asks.due(of_turn):
                yield action
            self._respond(of_turn)
            async for action in self._settle(of_turn):
                yield action
                if isinstance(action, Pause | Answer):
                    return
            await self._wait()

    async def _settle(self, of_turn: Sequence[Event]) -> AsyncGenerator[Action, None]:
        """What follows from where the talk stands: a pause until calls are over, or the answer."""
        talk, now, stage = self._talk, self._now(), history.stage(of_turn)
        if talk.asks.open:
            unwanted = talk.asks.unwanted(of_turn, settled=False)
            has_rested = talk.is_over(now) or now - talk.moved >= _QUIET
            # While it looks something up it may yet ask for what is held; else it has said all it wants.
            if not unwanted or (has_rested and talk.asks.awaits_commit(of_turn)):
                for action in unwanted:
                    yield action
                yield Pause()
        elif not (talk.is_heard or talk.is_over(now)):
            return
        elif stage is not Stage.ANSWER:
            for action in talk.asks.unwanted(of_turn, settled=True):
                yield action
            yield Pause()
        else:
            if talk.is_heard and not talk.is_offered and not self._own_voice:
                talk.is_offered = True
                yield Speak(talk.speech)
            if talk.is_over(now):
                talk.over()
                self._known = talk.turn
                self._is_idle = True
                if self._is_leaving:
                    self._link.rotate()
                yield _answer(talk)

    def _is_given(self, said: str) -> bool:
        """Whether the model has heard all of `said`, which is only recognised otherwise than before."""
        given = self._talk.words
        return self._talk.given is not None and self.hears is not None and not new_words(given, said)

    async def _give(self, position: int, said: str, of_turn: Sequence[Event]) -> None:
        """Give the model the turn. Raises BrainError where it cannot be reached."""
        talk = self._talk
        if talk.times >= _TIMES and talk.given == position:
            raise BrainError("the connection to Gemini keeps breaking; say it again in a moment")
        try:
            async with asyncio.timeout(_RECONNECT):
                await self._link.up()
        except TimeoutError:
            raise BrainError("Gemini cannot be reached; check the network connection") from None
        self._input.refuse(talk.asks.forget_open())
        self._input.give(said, talk.asks.found(of_turn))
        talk.give(position, said, self._link.number, self._now())

    def _respond(self, of_turn: Sequence[Event]) -> None:
        """Answer what can be answered; only the last of what is open makes the model speak."""
        answers = self._talk.asks.answers(of_turn)
        if not answers:
            return
        speaks = len(answers) == len(self._talk.asks.open)
        for ask, _ in answers:
            ask.answered = True
        self._input.respond(answers, speaks=speaks)
        if speaks:
            self._talk.prompted(self._now())

    async def _wait(self) -> None:
        """Until something comes, or enough time has passed to look again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUIET):
                await self._moved.wait()
                return
        if not self._talk.asks.open and self._now() - self._talk.moved > _SILENT:
            self._lost()
            self._link.rotate()

    def _begin(self, turn: int) -> None:
        if turn == self._talk.turn:
            return
        self._input.refuse(self._talk.asks.forget_open())
        self._talk = self._talk.next(turn, Asks(self._toolbox))
        self._input.begin()
        self._is_idle = False

    def _missed(self) -> list[types.Content]:
        """Turns that the service does not remember: those of a connection that broke."""
        missed = [one for one in history.exchanges(self._turns, self._talk.turn) if one.turn > self._known]
        self._known = self._talk.turn - 1
        return contents(missed)

    # ---- what is received ----------------------------------------------------------------------

    def _told(self, told: Told) -> None:
        match told:
            case Connected(resumed):
                self._known = resumed or 0
                self._is_leaving = False
                if self._talk.given is None:
                    self._input.pass_on()
            case Lost():
                self._lost()
            case Leaving():
                self._is_leaving = True
                if self._is_idle:
                    self._link.rotate()
            case _:
                self._take(told)
        self._moved.set()

    def _lost(self) -> None:
        self._talk.asks.forget_open()
        self._talk.lost()
        self._input.lost()

    def _take(self, message: types.LiveServerMessage) -> None:
        talk, now = self._talk, self._now()
        if message.usage_metadata is not None:
            self._meter.add(talk.turn, self._model, usage(message.usage_metadata), guess=not self._is_certain)
        if message.tool_call is not None:
            talk.moved = now
            asked = [
                Ask(one.id or "", one.name or "", one.args or {})
                for one in message.tool_call.function_calls or []
            ]
            if talk.given is None:
                self._input.refuse(asked)  # of a turn that is over
            else:
                talk.asks.add(asked)
        if message.tool_call_cancellation is not None:
            talk.asks.cancel(message.tool_call_cancellation.ids or [])
        if (content := message.server_content) is not None:
            if content.interrupted:
                talk.interrupted()
            elif talk.given is not None:
                for part in (content.model_turn.parts if content.model_turn else None) or []:
                    if part.inline_data is not None and part.inline_data.data:
                        talk.said(part.inline_data.data, now)
                if content.output_transcription is not None and content.output_transcription.text:
                    talk.spelt(content.output_transcription.text, now)
            if content.turn_complete:
                talk.ended(now)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _answer(talk: Talk) -> Action:
    """What the model said; a pause where it said nothing, so that what was done is said for it."""
    text = " ".join(talk.speech.text.split())
    return Answer(text, is_literal=True) if text else Pause()
