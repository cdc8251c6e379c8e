"""What Gemini Live is sent: the user's turn as sound or as words, answers to its calls, what it missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from google.genai import types

from agents.brains.gemini_calls import Ask
from agents.brains.gemini_link import Link
from agents.brains.gemini_words import HEARS

_SHORTEST = 0.1  # seconds of sound that are worth sending
_LONGEST = 60  # seconds of sound kept for another connection
_SECOND = 2 * HEARS  # bytes
_WITHDRAWN = {"error": "The user went on speaking before this was done. Ask again if it is still wanted."}
_SILENT = types.FunctionResponseScheduling.SILENT
_INTERRUPT = types.FunctionResponseScheduling.INTERRUPT


class Input:
    """Sends on a link. `missed` gives the turns the service does not remember; they go before what is new."""

    def __init__(self, link: Link, missed: Callable[[], Sequence[types.Content]]) -> None:
        self._link = link
        self._missed = missed
        self._sound = bytearray()  # of this turn
        self._sent = 0  # bytes of it that the service has
        self._is_active = False  # the service listens

    def begin(self) -> None:
        """Another turn."""
        self._sound.clear()
        self._sent = 0

    def lost(self) -> None:
        """The connection is gone: the next one has heard nothing of this turn."""
        self._sent, self._is_active = 0, False

    def keep(self, audio: bytes) -> None:
        """More of what the user says, 16-bit mono PCM; it is sent by `pass_on`."""
        self._sound += audio
        if (surplus := len(self._sound) - _LONGEST * _SECOND) > 0:
            del self._sound[:surplus]
            self._sent = max(0, self._sent - surplus)

    def pass_on(self) -> None:
        """Send the sound that the service has not; where it does not listen yet, it begins to."""
        if not self._link.is_up or self._sent == len(self._sound):
            return
        if not self._is_active:
            self._remind()
            self._is_active = True
            self._realtime(types.LiveSendRealtimeInputParameters(activity_start=types.ActivityStart()))
        blob = types.Blob(data=bytes(self._sound[self._sent :]), mime_type=f"audio/pcm;rate={HEARS}")
        self._sent = len(self._sound)
        self._realtime(types.LiveSendRealtimeInputParameters(audio=blob))

    def give(self, said: str, found: str) -> None:
        """The user has finished: the sound ends, or where there is none the words are sent.

        `found`, what was looked up meanwhile, goes before the end: after it the model thinks already.
        """
        if self._is_active or len(self._sound) - self._sent >= _SHORTEST * _SECOND:
            self.pass_on()
            self._is_active = False
            if found:
                self._realtime(types.LiveSendRealtimeInputParameters(text=found))
            self._realtime(types.LiveSendRealtimeInputParameters(activity_end=types.ActivityEnd()))
        else:
            self._remind()
            parts = [types.Part(text=text) for text in (said, found) if text]
            self._content([types.Content(role="user", parts=parts)], complete=True)

    def respond(self, answers: Sequence[tuple[Ask, Mapping[str, str]]], *, speaks: bool) -> None:
        """Answer calls. With `speaks` the last answer makes the model speak, over what it is saying."""
        last = answers[-1][0]
        responses = [
            types.FunctionResponse(
                id=ask.id,
                name=ask.name,
                response=dict(response),
                scheduling=_INTERRUPT if speaks and ask is last else _SILENT,
            )
            for ask, response in answers
        ]
        self._link.send(lambda session: session.send_tool_response(function_responses=responses))

    def refuse(self, asks: Sequence[Ask]) -> None:
        """Close calls that nobody will answer, silently: new input must find none of them pending."""
        if asks:
            self.respond([(ask, _WITHDRAWN) for ask in asks], speaks=False)

    def _remind(self) -> None:
        if turns := self._missed():
            self._content(turns, complete=False)

    def _content(self, turns: Sequence[types.Content], *, complete: bool) -> None:
        contents: list[types.Content | types.ContentDict] = [*turns]
        self._link.send(lambda session: session.send_client_content(turns=contents, turn_complete=complete))

    def _realtime(self, given: types.LiveSendRealtimeInputParameters) -> None:
        self._link.send(
            lambda session: session.send_realtime_input(  # pyright: ignore[reportUnknownMemberType]
                audio=given.audio,
                text=given.text,
                activity_start=given.activity_start,
                activity_end=given.activity_end,
            )
        )
