"""OpenAI Realtime: guesses out of band while the user speaks, then one response of the conversation answers.

While words arrive, each reaction asks for a response outside the conversation, over references to what was
said before, the words so far and the list of open calls. Its calls are the session's as their items are
complete; one that is stale is cancelled by its ID. Nothing of half a sentence gets into the conversation.
Once the turn is committed and its calls are over, the user's words, or the sound of them, and the pairs of
call and result are written into it, and one default response speaks. What is still missing it may call.

A lost connection is replaced by another: configured first, then told what was said before. Responses may
be asked for again; calls never are, the session runs each once.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from openai import AsyncOpenAI
from openai.types.realtime import RealtimeResponseUsage

from agents import native
from agents.actions import Action, Answer, Call, Pause, Remove, Speak, Think
from agents.brain import BrainError, Interaction
from agents.brains.openai_words import failed, lost, refused
from agents.brains.realtime_link import Link, LinkLost, Response, ResponseFailed
from agents.cost import Meter, Usage
from agents.native import CallReader, Stage
from agents.speculator import Speculator
from agents.speech import Speech
from agents.words import new_words, spoken_words
from tools.toolbox import Toolbox

RATE = 24_000  # Hz, of sound in both directions
SHORTEST = 0.1  # seconds of sound that the service takes
ROTATE = 55 * 60  # seconds after which a session is replaced: at 60 minutes the service ends it
PATIENCE = 0.8  # seconds a guess may finish its call when more words arrive: it is nearly there
HISTORY = 40  # items of the conversation that a guess refers to
GUESS_TOKENS = 600  # of a guess, reasoning among them
TRIES = 3  # to connect
ROUNDS = 4  # responses in a row that only call what was called already

_DEAF = -1.0
_REASONING = re.compile(r"gpt-realtime-[2-9](\.\d+)?(-mini)?(-\d{4}-\d\d-\d\d)?")


@dataclass(frozen=True, slots=True)
class RealtimeOptions:
    """`sound`: answer from the user's voice, not only from the words. `own_voice`: ours says the answer.

    `effort` is how long a model that reasons does so.
    """

    model: str
    voice: str = "marin"
    effort: str | None = "low"
    sound: bool = False
    own_voice: bool = False
    rotate: float = ROTATE


@dataclass(slots=True)
class _Written:
    """What of a turn stands in the conversation of this connection."""

    said: str = ""
    parts: int = 0
    pairs: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])  # call, version
    asked: dict[str, int | None] = field(default_factory=dict[str, int | None])  # the model's own calls


class OpenAIRealtime:
    """The `openai` brain. `clock` tells the local date and time; `speculator` guesses in its place."""

    name = "openai"
    patience = PATIENCE

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
        self._client = client
        self._options = options
        self._toolbox = toolbox
        self._meter = meter
        self._clock = clock
        self._speculator = speculator
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._written: dict[int, _Written] = {}
        self._heard_turn = 0  # whose sound stands in the service's buffer
        self._heard = 0.0  # seconds of it; _DEAF where its beginning went to another connection
        self._guessed: tuple[object, ...] = ()  # the situation in which there was nothing left to call
        self._told = ""  # the trouble with guessing, as it was told last
        self._tasks: set[asyncio.Task[None]] = set()
        self._links: list[Link] = []  # those that may still have something running

    # ---- life ----------------------------------------------------------------------------------

    async def warm_up(self) -> None:
        """Connect, so that a wrong key is told before anybody speaks. Raises BrainError."""
        await self._ready(())
        if self._speculator is not None:
            await self._speculator.warm_up()

    async def close(self) -> None:
        """Let go of the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links:
            link.close()
            await link.closed()
        await self._client.close()
        if self._speculator is not None:
            await self._speculator.close()

    # ---- the user's voice ----------------------------------------------------------------------

    def listen(self, turn: int, audio: bytes) -> None:
        """Give the service what the user says. It makes nothing of it until it is committed."""
        link = self._link
        is_new, self._heard_turn = turn != self._heard_turn, turn
        if link is None or not link.is_open:
            self._heard = _DEAF
            return
        if is_new:
            link.send("input_audio_buffer.clear")
            self._heard = 0.0
        if self._heard >= 0:
            link.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())
            self._heard += len(audio) / 2 / RATE

    # ---- reactions -----------------------------------------------------------------------------

    async def react(self, interaction: Interaction) -> AsyncIterator[Action]:
        """Guess while the turn can still change; answer once it is committed and its calls are over."""
        match native.stage(interaction.of_turn):
            case Stage.GUESS:
                reaction = self._guess(interaction)
            case Stage.ANSWER:
                reaction = self._answer(interaction)
            case Stage.WAIT:
                yield Pause()
                return
        async with contextlib.aclosing(reaction) as actions:
            async for action in actions:
                yield action

    def _is_worth_guessing(self, interaction: Interaction) -> bool:
        """Whether to ask what to call for the words so far.

        What was called must always be held against the final words, or a wrong guess would be carried out.
        Where nothing was, the answer can do the calling. The same words with the same calls are not asked
        about again.
        """
        if _situation(interaction) == self._guessed:
            return False
        is_final = native.words(interaction.of_turn)[1]
        if is_final and any(call.is_wanted for call in native.calls(interaction.of_turn)):
            return True
        return self._meter.may_guess and not native.is_certain(interaction.of_turn)

    async def _guess(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        if self._is_worth_guessing(interaction):
            guess = self._speculator.guess(interaction) if self._speculator else self._guesses(interaction)
            try:
                async with contextlib.aclosing(cast("AsyncGenerator[Action, None]", guess)) as actions:
                    async for action in actions:
                        yield action
                self._told = ""
                self._guessed = _situation(interaction)
            except BrainError as error:
                # The next words are another chance; nothing is settled, and it is told once.
                if native.words(interaction.of_turn)[1] or str(error) != self._told:
                    self._told = str(error)
                    raise
        yield Pause()

    async def _guesses(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        """Calls and removals by a response out of band. Asked for once more where the connection broke."""
        for attempt in (1, 2):
            link = await self._ready(interaction.events, interaction.turn)
            reader = CallReader(self._toolbox, interaction.of_turn)
            response = None
            try:
                response = self._ask_aside(link, interaction)
                async for event in response.stream():
                    if event.type == "response.output_item.done" and event.item.type == "function_call":
                        action = reader.read(event.item.name, event.item.arguments)
                        if action is not None:
                            yield action
                return
            except LinkLost as error:
                if attempt == 2:
                    raise lost(error, self._options.model) from None
            except ResponseFailed as error:
                raise failed(error) from None
            finally:
                if response is not None:
                    link.cancel(response)

    def _ask_aside(self, link: Link, interaction: Interaction) -> Response:
        said = {"type": "input_text", "text": native.update(interaction.of_turn)}
        references = [{"type": "item_reference", "id": id} for id in link.items[-HISTORY:]]
        return link.respond(
            interaction.turn,
            {
                "conversation": "none",
                "output_modalities": ["text"],
                "max_output_tokens": GUESS_TOKENS,
                "input": [*references, {"type": "message", "role": "user", "content": [said]}],
            },
            oob=True,
            guess=not native.is_certain(interaction.of_turn),
            depends=set(),
        )

    async def _answer(self, interaction: Interaction) -> AsyncGenerator[Action, None]:
        """One response of the conversation speaks; another where the model asks for what it has already."""
        is_audible = False
        tries = rounds = 0
        while True:
            link = await self._ready(interaction.events, interaction.turn)
            try:
                response = await self._ask(link, interaction)
                async with contextlib.aclosing(self._spoken(link, response, interaction)) as actions:
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
            written = self._written[interaction.turn]
            if not written.asked:
                break
            if response.text.strip():
                yield Think(" ".join(response.text.split()))
            if native.stage(interaction.of_turn) is not Stage.ANSWER:
                yield Pause()
                return
            rounds += 1
            if rounds == ROUNDS:
                raise BrainError("OpenAI went on calling functions instead of answering.")
        text = " ".join(response.text.split())
        self._rotate_if_old(interaction)
        yield Answer(text, is_literal=True) if text else Pause()

    async def _spoken(
        self, link: Link, response: Response, interaction: Interaction
    ) -> AsyncGenerator[Action, None]:
        """What a default response says and calls. Raises LinkLost or ResponseFailed."""
        speech: Speech | None = None
        reader = CallReader(self._toolbox, interaction.of_turn)
        asked = self._written[interaction.turn].asked
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

    async def _ask(self, link: Link, interaction: Interaction) -> Response:
        """Write what is missing of the turn, and ask for a response. Raises LinkLost."""
        if not await link.rest():
            link.close()
            raise LinkLost("a response that does not end")
        depends = self._write(link, interaction)
        modality = "text" if self._options.own_voice else "audio"
        return link.respond(
            interaction.turn, {"output_modalities": [modality]}, oob=False, guess=False, depends=depends
        )

    def _write(self, link: Link, interaction: Interaction) -> set[str]:
        turn = interaction.turn
        written = self._written.setdefault(turn, _Written())
        sent: set[str] = set()

        def item(**values: Any) -> None:
            sent.add(link.send("conversation.item.create", item=values))

        said, _ = native.words(interaction.of_turn)
        if said != written.said:
            added = new_words(written.said, said)
            text = said if added is None else " ".join(added)
            written.parts += 1
            if self.hears is not None and self._heard_turn == turn and self._heard >= SHORTEST:
                sent.add(link.send("input_audio_buffer.commit"))
            else:
                content = [{"type": "input_text", "text": text if written.said else said}]
                item(id=f"u{turn}_{written.parts}", type="message", role="user", content=content)
            if self._heard != _DEAF:
                self._heard = 0.0
            written.said = said
        results = {call.id: call for call in native.standing(interaction.of_turn)}
        for call_id, id in written.asked.items():
            call = results.get(id) if id is not None else None
            item(type="function_call_output", call_id=call_id, output=call.result if call else "not done")
            if call is not None:
                written.pairs.add((call.id, call.version))
        written.asked.clear()
        for call in results.values():
            if (call.id, call.version) in written.pairs:
                continue
            written.pairs.add((call.id, call.version))
            _pair(item, f"{turn}_{call.id}_{call.version}", call)
        return sent

    def _replay(self, link: Link, events: Sequence[Any], turn: int) -> None:
        """Tell a new session what was said before."""
        for exchange in native.exchanges(events, turn):

            def item(**values: Any) -> None:
                link.send("conversation.item.create", item=values)

            content: list[dict[str, str]] = [{"type": "input_text", "text": exchange.said}]
            item(type="message", role="user", content=content)
            for call in exchange.calls:
                _pair(item, f"{exchange.turn}_{call.id}_{call.version}", call)
            if exchange.answer:
                content = [{"type": "output_text", "text": exchange.answer}]
                item(type="message", role="assistant", content=content)

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

    # ---- the connection ------------------------------------------------------------------------

    async def _ready(self, events: Sequence[Any], turn: int = 1) -> Link:
        """A connection that knows what was said before `turn`. Raises BrainError."""
        async with self._opening:
            if self._link is None or not self._link.is_open:
                self._link = await self._connect(events, turn)
            return self._link

    async def _connect(self, events: Sequence[Any], turn: int) -> Link:
        for attempt in range(1, TRIES + 1):
            link = Link(self._client, self._options.model, self._used)
            self._links = [one for one in self._links if one.is_open] + [link]
            try:
                await link.open(self._session())
                self._replay(link, events, turn)
            except LinkLost as error:
                is_final = error.status is not None and refused(error.status, self._options.model)
                if is_final or error.code or attempt == TRIES:
                    raise lost(error, self._options.model) from None
                await asyncio.sleep(0.3 * 2 ** (attempt - 1))
            else:
                self._written.clear()
                self._heard = _DEAF
                return link
        raise AssertionError("unreachable")

    def _session(self) -> dict[str, Any]:
        format = {"type": "audio/pcm", "rate": RATE}
        session: dict[str, Any] = {
            "type": "realtime",
            "instructions": native.instructions(f"It is {self._clock()}, local time."),
            "tools": [function.as_tool() for function in native.functions(self._toolbox)],
            "tool_choice": "auto",
            "output_modalities": ["text" if self._options.own_voice else "audio"],
            "audio": {
                "input": {"format": format, "turn_detection": None},
                "output": {"format": format, "voice": self._options.voice},
            },
            # A long conversation is cut in large steps, so that what is left of it stays cached in between.
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        }
        if self._options.effort and _REASONING.fullmatch(self._options.model):
            session["reasoning"] = {"effort": self._options.effort}
            session["parallel_tool_calls"] = True
        return session

    def _rotate_if_old(self, interaction: Interaction) -> None:
        """Replace a session between two turns, before the service ends it in the middle of one."""
        link = self._link
        loop = asyncio.get_running_loop()
        if link is not None and link.is_open and loop.time() - link.opened >= self._options.rotate:
            self._later(self._rotate(link, interaction))

    async def _rotate(self, old: Link, interaction: Interaction) -> None:
        async with self._opening:
            if self._link is not old or not old.is_idle:
                return
            with contextlib.suppress(BrainError):  # the next turn tries again, and tells
                self._link = await self._connect(interaction.events, interaction.turn + 1)
                old.close()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="realtime afterwards")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _used(self, response: Response) -> None:
        usage = response.state.usage if response.state is not None else None
        if usage is not None:
            self._meter.add(response.turn, self._options.model, _tokens(usage), guess=response.guess)


def _pair(item: Callable[..., None], name: str, call: native.ToldCall) -> None:
    """A call and its result. A result alone would be refused: the conversation does not know the call."""
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    item(id=f"c{name}", type="function_call", call_id=f"k{name}", name=call.name, arguments=arguments)
    item(id=f"r{name}", type="function_call_output", call_id=f"k{name}", output=call.result)


def _situation(interaction: Interaction) -> tuple[object, ...]:
    """What a guess depends on: the words so far, and the calls that stand."""
    standing = [(call.id, call.version) for call in native.calls(interaction.of_turn) if call.is_wanted]
    words = spoken_words(native.words(interaction.of_turn)[0])
    return interaction.turn, " ".join(words).casefold(), tuple(standing)


def _subject(action: Action | None) -> int | None:
    return action.id if isinstance(action, Call | Remove) else None


def _tokens(usage: RealtimeResponseUsage) -> Usage:
    into, out = usage.input_token_details, usage.output_token_details
    cached = into.cached_tokens_details if into is not None else None
    audio_in = (into.audio_tokens if into is not None else 0) or 0
    audio_out = (out.audio_tokens if out is not None else 0) or 0
    audio_cached = (cached.audio_tokens if cached is not None else 0) or 0
    all_cached = (into.cached_tokens if into is not None else 0) or 0
    return Usage(
        text_in=(usage.input_tokens or 0) - audio_in,
        text_cached=all_cached - audio_cached,
        text_out=(usage.output_tokens or 0) - audio_out,
        audio_in=audio_in,
        audio_cached=audio_cached,
        audio_out=audio_out,
    )
