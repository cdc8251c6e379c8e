"""OpenAI Realtime: guesses out of band while the user speaks, then one response of the conversation answers.

While words arrive, each reaction asks for a response outside the conversation, over references to what was
said before, the words so far and the list of open calls. Its calls are the session's as their items are
complete; one that is stale is cancelled by its ID. Nothing of half a sentence gets into the conversation.
When the user falls silent the words that seem to be all are asked about at once, beside what is under way:
by the time the end is certain the calls are known to fit them. Once the turn is committed and its calls are
over, the user's words, or the sound of them, and the pairs of call and result are written into the
conversation, and one default response speaks. What is still missing it may call.

Responses may be asked for again; calls never are, the session runs each once.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, cast

from openai import AsyncOpenAI

from agents import history
from agents.actions import Action, Answer, Call, Pause, Remove, Speak, Think
from agents.brain import BrainError, Interaction
from agents.brains.ahead import Ahead, Premise
from agents.brains.openai_words import failed, lost
from agents.brains.realtime_guess import OutOfBand
from agents.brains.realtime_items import RATE, Conversation
from agents.brains.realtime_link import Link
from agents.brains.realtime_response import LinkLost, Response, ResponseFailed
from agents.brains.realtime_service import TRIES, RealtimeOptions, Service
from agents.cost import Meter
from agents.history import Stage
from agents.native import CallReader
from agents.speculator import Speculator
from agents.speech import Speech
from tools.toolbox import Toolbox

PATIENCE = 0.8  # seconds a guess may finish its call when more words arrive: it is nearly there
ROUNDS = 4  # responses in a row that only call what was called already


class OpenAIRealtime:
    """The `openai` brain. `clock` tells the local date and time; `speculator` guesses in its place."""

    name = "openai"

    def __init__(
        self,
        client: AsyncOpenAI,
        options: RealtimeOptions,
        toolbox: Toolbox,
        meter: Meter,
        *,
        clock: Callable[[], str],
        speculator: Speculator | None = None,
    ) -> None:
        self.hears = RATE if options.sound else None
        self._options = options
        self._toolbox = toolbox
        self._meter = meter
        self._service = Service(client, options, toolbox, meter, clock)
        self._own = OutOfBand(self._service)
        self._speculator = speculator or self._own
        self._ahead = Ahead(self._speculator)
        self._settled: tuple[Premise, bool] | None = None  # nothing left to call; asked as if final
        self._told = ""  # the trouble with guessing, as it was told last
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- life ----------------------------------------------------------------------------------

    @property
    def patience(self) -> float:
        """Seconds a guess may go on when more words arrive: none where it was overtaken by one ahead."""
        return 0.0 if self._ahead.is_waiting else PATIENCE

    async def warm_up(self) -> None:
        """Connect, so that a wrong key is told before anybody speaks. Raises BrainError."""
        await self._own.warm_up()
        await self._speculator.warm_up()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._ahead.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._service.close()
        await self._speculator.close()

    # ---- the user ------------------------------------------------------------------------------

    def listen(self, turn: int, audio: bytes) -> None:
        """Give the service what the user says. It makes nothing of it until it is committed."""
        self._service.listen(turn, audio)

    def foresee(self, interaction: Interaction) -> None:
        """Ask about words that are likely to be all, where that was not done already."""
        if self._meter.may_guess and self._is_worth_guessing(interaction):
            self._ahead.ask(interaction)

    # ---- reactions -----------------------------------------------------------------------------

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Guess while the turn can still change; answer once it is committed and its calls are over."""
        match history.stage(interaction.of_turn):
            case Stage.GUESS:
                reaction = self._guess(interaction)
            case Stage.ANSWER:
                self._ahead.drop()
                reaction = self._answer(interaction)
            case Stage.WAIT:
                self._ahead.drop()
                yield Pause()
                return
        async with contextlib.aclosing(reaction) as actions:
            async for action in actions:
                yield action

    def _is_worth_guessing(self, interaction: Interaction) -> bool:
        """Whether to ask what to call for the words so far.

        What was called must always be held against the final words, or a wrong guess would be carried out.
        Where nothing was, the answer can do the calling. The same words with the same calls are not asked
        about again, unless they were asked about as half a sentence and now seem to be all of it.
        """
        is_final = history.words(interaction.of_turn)[1]
        if self._settled is not None:
            settled, was_final = self._settled
            if settled.is_same(Premise.of(interaction)) and (was_final or not is_final):
                return False
        if is_final and _has_called(interaction):
            return True
        return self._meter.may_guess and not history.is_certain(interaction.of_turn)

    async def _guess(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        is_final = history.words(interaction.of_turn)[1]
        # A guess that knows more words is under way: this one would only get into its way.
        is_overtaken = not is_final and self._ahead.goes_beyond(interaction)
        if self._is_worth_guessing(interaction) and not is_overtaken:
            as_final = is_final or self._ahead.covers(interaction)
            try:
                async with contextlib.aclosing(self._ahead.guess(interaction)) as actions:
                    async for action in actions:
                        yield action
                self._told = ""
                self._settled = Premise.of(interaction), as_final
            except BrainError as error:
                is_news, self._told = str(error) != self._told, str(error)
                if not is_final:
                    if is_news:
                        raise  # told once: the next words are another chance
                elif _has_called(interaction):
                    async with contextlib.aclosing(self._check(interaction, error)) as actions:
                        async for action in actions:
                            yield action
        yield Pause()

    async def _check(self, interaction: Interaction, error: BrainError) -> AsyncGenerator[Action, None]:
        """Hold what was called against the final words, though whoever guesses cannot. Raises BrainError."""
        if self._speculator is self._own:
            raise error
        guess = cast("AsyncGenerator[Action, None]", self._own.guess(interaction))
        async with contextlib.aclosing(guess) as actions:
            async for action in actions:
                yield action

    async def _answer(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        """One response of the conversation speaks; another where the model asks for what it has already."""
        is_audible = False
        tries = rounds = 0
        while True:
            conversation = await self._service.ready(interaction.turns, interaction.turn)
            try:
                response = await self._ask(conversation, interaction)
                async with contextlib.aclosing(self._spoken(conversation, response, interaction)) as actions:
                    async for action in actions:
                        is_audible = is_audible or isinstance(action, Speak)
                        yield action
            except LinkLost as error:
                tries += 1
                if is_audible or tries == TRIES:
                    raise lost(error, self._options.model) from None
                continue
            except ResponseFailed as error:
                raise failed(error) from None
            if not conversation.asked(interaction.turn):
                break
            if response.text.strip():
                yield Think(" ".join(response.text.split()))
            if history.stage(interaction.of_turn) is not Stage.ANSWER:
                yield Pause()
                return
            rounds += 1
            if rounds == ROUNDS:
                raise BrainError("OpenAI went on calling functions instead of answering.")
        text = " ".join(response.text.split())
        self._later(self._service.rotate_if_old(interaction))
        yield Answer(text, is_literal=True) if text else Pause()

    async def _spoken(
        self, conversation: Conversation, response: Response, interaction: Interaction
    ) -> AsyncGenerator[Action, None]:
        """What a default response says and calls. Raises LinkLost or ResponseFailed."""
        speech: Speech | None = None
        reader = CallReader(self._toolbox, interaction.of_turn)
        link, asked = conversation.link, conversation.asked(interaction.turn)
        try:
            async for event in response.stream():
                match event.type:
                    case "response.output_item.added":
                        if event.item.type == "message":
                            response.item = event.item.id
                    case "response.output_text.delta":
                        response.text += event.delta
                    case "response.output_audio_transcript.delta":
                        response.text += event.delta
                        if speech is not None:
                            speech.say(event.delta)
                    case "response.output_audio.delta":
                        if speech is None:
                            speech = self._speech(link, response)
                            speech.say(response.text)
                            speech.add(base64.b64decode(event.delta))
                            yield Speak(speech)
                        else:
                            speech.add(base64.b64decode(event.delta))
                    case "response.output_item.done":
                        item = event.item
                        if item.type != "function_call" or item.call_id is None:
                            continue
                        action = reader.read(item.name, item.arguments)
                        asked[item.call_id] = _subject(action) or reader.find(item.name, item.arguments)
                        if action is not None:
                            yield action
                    case _:
                        pass
            if speech is not None:
                speech.end()
        finally:
            if speech is not None and not speech.is_over:
                speech.cut()
            if not response.over.is_set():
                self._later(self._withdraw(link, response, silent=speech is None))

    # ---- the conversation ----------------------------------------------------------------------

    async def _ask(self, conversation: Conversation, interaction: Interaction) -> Response:
        """Write what is missing of the turn, and ask for a response. Raises LinkLost."""
        link = conversation.link
        if not await link.rest():
            link.close()
            raise LinkLost("a response that does not end")
        depends = conversation.write(interaction)
        modality = "text" if self._options.own_voice else "audio"
        return link.respond(
            interaction.turn, {"output_modalities": [modality]}, oob=False, guess=False, depends=depends
        )

    async def _withdraw(self, link: Link, response: Response, *, silent: bool) -> None:
        """A response of the conversation was broken off: what nobody heard of it is taken out again."""
        if not await link.rest():
            link.close()
        elif silent and response.item is not None and response.item in link.items:
            with contextlib.suppress(LinkLost):
                link.send("conversation.item.delete", item_id=response.item)

    def _speech(self, link: Link, response: Response) -> Speech:
        """What a response says; of which what is not heard is no part of the conversation."""

        def stopped(heard: float) -> None:
            if not response.over.is_set() or heard < speech.received - 0.02:
                self._later(self._truncate(link, response, heard))

        speech = Speech(RATE, stopped)
        return speech

    async def _truncate(self, link: Link, response: Response, heard: float) -> None:
        if not response.over.is_set():
            await link.rest()
        if response.item is None:
            return
        with contextlib.suppress(LinkLost):
            link.send(
                "conversation.item.truncate",
                item_id=response.item,
                content_index=0,
                audio_end_ms=int(heard * 1000),
            )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="realtime afterwards")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _has_called(interaction: Interaction) -> bool:
    """Whether any call of the turn stands."""
    return any(call.is_wanted for call in history.calls(interaction.of_turn))


def _subject(action: Action | None) -> int | None:
    return action.id if isinstance(action, Call | Remove) else None
