"""What stands in the conversation of one connection to OpenAI Realtime, and how a turn gets into it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agents import history
from agents.brain import Interaction
from agents.brains.realtime_link import Link
from agents.history import Exchange, ToldCall
from agents.words import new_words

RATE = 24_000  # Hz, of sound in both directions
SHORTEST = 0.1  # seconds of sound that the service takes


@dataclass(slots=True)
class _Written:
    """What of a turn has been written."""

    said: str = ""
    parts: int = 0
    pairs: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])  # call, version
    asked: dict[str, int | None] = field(default_factory=dict[str, int | None])


class Conversation:
    """The conversation over `link`. `turn` is the one whose beginning another connection may have heard."""

    def __init__(self, link: Link, turn: int) -> None:
        self.link = link
        self._written: dict[int, _Written] = {}
        self._turn = turn  # whose sound stands in the service's buffer
        self._heard: float | None = None  # seconds of it; None where its beginning went elsewhere

    def asked(self, turn: int) -> dict[str, int | None]:
        """The model's own calls that wait for their outputs: its ID of the call, ours where there is one."""
        return self._of(turn).asked

    def listen(self, turn: int, audio: bytes) -> None:
        """Give the service what the user says. Raises LinkLost."""
        if turn != self._turn:
            self._turn, self._heard = turn, 0.0
            self.link.send("input_audio_buffer.clear")
        if self._heard is not None:
            self.link.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())
            self._heard += len(audio) / 2 / RATE

    def replay(self, exchanges: Iterable[Exchange]) -> None:
        """Tell a new session what was said before. Raises LinkLost."""
        for exchange in exchanges:
            content: list[dict[str, str]] = [{"type": "input_text", "text": exchange.said}]
            self._create(type="message", role="user", content=content)
            for call in exchange.calls:
                _pair(self._create, exchange.turn, call)
            if exchange.answer:
                content = [{"type": "output_text", "text": exchange.answer}]
                self._create(type="message", role="assistant", content=content)

    def write(self, interaction: Interaction) -> set[str]:
        """Write what is missing of the turn; the IDs of the client events. Raises LinkLost."""
        turn, written = interaction.turn, self._of(interaction.turn)
        sent: set[str] = set()

        def create(**values: Any) -> None:
            sent.add(self._create(**values))

        said, _ = history.words(interaction.of_turn)
        if said != written.said:
            written.parts += 1
            if self._turn == turn and (self._heard or 0.0) >= SHORTEST:
                sent.add(self.link.send("input_audio_buffer.commit"))
                self._heard = 0.0
            else:
                added = new_words(written.said, said) if written.said else None
                content = [{"type": "input_text", "text": said if added is None else " ".join(added)}]
                create(id=f"u{turn}_{written.parts}", type="message", role="user", content=content)
            written.said = said
        results = {call.id: call for call in history.standing(interaction.of_turn)}
        for call_id, id in written.asked.items():
            call = results.get(id) if id is not None else None
            create(type="function_call_output", call_id=call_id, output=call.result if call else "not done")
            if call is not None:
                written.pairs.add((call.id, call.version))
        written.asked.clear()
        for call in results.values():
            if (call.id, call.version) not in written.pairs:
                written.pairs.add((call.id, call.version))
                _pair(create, turn, call)
        return sent

    def _of(self, turn: int) -> _Written:
        return self._written.setdefault(turn, _Written())

    def _create(self, **values: Any) -> str:
        return self.link.send("conversation.item.create", item=values)


def _pair(create: Callable[..., object], turn: int, call: ToldCall) -> None:
    """A call and its result. A result alone would be refused: the conversation does not know the call."""
    name = f"{turn}_{call.id}_{call.version}"
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    create(id=f"c{name}", type="function_call", call_id=f"k{name}", name=call.name, arguments=arguments)
    create(id=f"r{name}", type="function_call_output", call_id=f"k{name}", output=call.result)
